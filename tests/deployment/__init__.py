"""Tests of emulator.deployment."""
