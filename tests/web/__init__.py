"""Tests of emulator/web."""
