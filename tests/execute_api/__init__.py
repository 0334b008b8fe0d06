"""Tests of emulator.execute_api."""
