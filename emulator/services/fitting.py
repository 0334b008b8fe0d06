"""Parameters fitted to a service's model: templates write numbers and booleans as text, and text as numbers.

Belongs here: scalars of the wrong type that can only mean one thing. Never here: names, or anything a caller left out.
"""

from __future__ import annotations

from typing import Any


def fitted(shape: Any, value: Any) -> Any:
    """``value`` with its scalars as botocore's ``shape`` has them; what does not fit stays as it is."""
    if shape is None or value is None:
        return value
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {name: fitted(shape.members.get(name), each) for name, each in value.items() if each is not None}
    if kind == "list" and isinstance(value, list | tuple):
        return [fitted(shape.member, each) for each in value]
    if kind == "map" and isinstance(value, dict):
        return {name: fitted(shape.value, each) for name, each in value.items()}
    return _scalar(kind, value)


def _scalar(kind: str, value: Any) -> Any:
    if kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if kind in ("integer", "long") and isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    if kind in ("float", "double") and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    return value

