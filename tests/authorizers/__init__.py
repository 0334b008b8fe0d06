"""Tests of emulator.authorizers."""
