"""AWS's dialect of the Velocity template language."""
