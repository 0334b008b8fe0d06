"""Web ACLs: their rules, compiled and evaluated. The stage that asks them is ``firewall.py``."""
