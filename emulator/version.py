"""The version, once: setup.cfg, the health page and User-Agents read it here."""

VERSION = "0.1.0"
