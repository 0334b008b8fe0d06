"""Tests of emulator/integrations."""
