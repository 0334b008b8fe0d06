"""Tests of emulator.observe."""
