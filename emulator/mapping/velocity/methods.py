"""Brings the method tables in: importing this module fills ``members.METHODS``.

Belongs here: the list of the modules that register methods. Never here: a method.
"""

from __future__ import annotations

from emulator.mapping.velocity import (
    methods_aws,
    methods_character,
    methods_collections,
    methods_iterators,
    methods_loop,
    methods_numbers,
    methods_string,
)

MODULES = (
    methods_aws,
    methods_character,
    methods_collections,
    methods_iterators,
    methods_loop,
    methods_numbers,
    methods_string,
)
