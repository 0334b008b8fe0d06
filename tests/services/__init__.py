"""Tests of emulator/services."""
