"""The tests, file by file as emulator/ is. Run by pytest and by python -m twisted.trial."""
