"""The emulator as users run it: twistd in a child, driven by the real clients."""
