"""The web page at ``/_emulator/``."""
