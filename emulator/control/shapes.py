"""Shapes of botocore's model as functions: what parses and checks an input, what makes an output ready for JSON.

Belongs here: types, constraints, and AWS's texts for breaking them. Never here: operations, or where their members
travel (``codec.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from emulator.errors import SerializationException

Json = dict[str, Any]
Problems = list[str]
Parse = Callable[[Any, str, Problems], Any]
Show = Callable[[Any], Any]

# The order in which AWS prints some enums (seen in its answers); the others print in the model's order.
_PRINTED_ENUMS: Mapping[str, tuple[str, ...]] = {
    "Op": ("add", "remove", "move", "test", "replace", "copy"),
    "EndpointType": ("PRIVATE", "EDGE", "REGIONAL"),
    "IntegrationType": ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"),
    "DocumentationPartType": (
        "RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER",
        "RESOURCE", "PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER",
    ),
    "GatewayResponseType": (
        "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR", "MISSING_AUTHENTICATION_TOKEN",
        "BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY", "BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE",
        "UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED",
        "QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR", "UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE",
        "EXPIRED_TOKEN",
    ),
}  # fmt: skip

# What the service's deserialiser calls the JSON types in its complaints.
_JAVA_NAMES: Mapping[type, str] = {
    bool: "java.lang.Boolean",
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    str: "java.lang.String",
    list: "java.util.ArrayList",
    dict: "java.util.LinkedHashMap",
    type(None): "null",
}


def mismatch(value: Any, wanted: str) -> SerializationException:
    return SerializationException(f"class {_JAVA_NAMES[type(value)]} can not be converted to an {wanted}")


def broken(printed: str, path: str, constraint: str) -> str:
    return f"Value {printed} at '{path}' failed to satisfy constraint: {constraint}"


@frozen
class Member:
    """One input member: its name, its name on the wire, and its parser."""

    name: str
    wire: str
    parse: Parse
    required: bool
    kind: str  # the shape's type


def parse_members(members: list[Member], content: Json, prefix: str, result: Json, problems: Problems) -> None:
    for member in members:
        value = content.get(member.wire)
        if value is not None:
            result[member.name] = member.parse(value, prefix + member.name, problems)
        elif member.required:
            problems.append(broken("null", prefix + member.name, "Member must not be null"))


class Shapes:
    """The model's shapes, each compiled when first asked for."""

    def __init__(self, model: Mapping[str, Json]) -> None:
        self.model = model
        self._parsers: dict[str, Parse] = {}
        self._shows: dict[str, Show | None] = {}

    def member(self, name: str, reference: Json, required: bool) -> Member:
        kind = self.model[reference["shape"]]["type"]
        return Member(name, reference.get("locationName", name), self.parser(reference["shape"]), required, kind)

    # -- input ---------------------------------------------------------------------------------------------------

    def parser(self, shape_name: str) -> Parse:
        if shape_name not in self._parsers:
            shape = self.model[shape_name]
            make = getattr(self, f"_parse_{shape['type']}", None)
            if make is None:
                make = self._parse_number
            self._parsers[shape_name] = make(shape_name, shape)
        return self._parsers[shape_name]

    def _parse_string(self, shape_name: str, shape: Json) -> Parse:
        enum = shape.get("enum")
        pattern = shape.get("pattern")
        if not enum and not pattern:
            return _plain_string
        # An empty address type counts as none: AWS was recorded to pass over it and to complain of the types alone.
        allowed = frozenset((*enum, "") if enum and shape_name == "IpAddressType" else enum or ())
        printed = ", ".join(_in_printed_order(shape_name, enum)) if enum else ""
        matches = re.compile(pattern).fullmatch if pattern else None

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not str:
                raise mismatch(value, "String")
            if allowed and value not in allowed:
                problems.append(broken(f"'{value}'", path, f"Member must satisfy enum value set: [{printed}]"))
            if matches is not None and matches(value) is None:
                problems.append(
                    broken(f"'{value}'", path, f"Member must satisfy regular expression pattern: {pattern}")
                )
            return value

        return parse

    def _parse_boolean(self, _name: str, _shape: Json) -> Parse:
        def parse(value: Any, _path: str, _problems: Problems) -> Any:
            if type(value) is not bool:
                raise mismatch(value, "Boolean")
            return value

        return parse

    def _parse_number(self, _name: str, shape: Json) -> Parse:
        bits = {"integer": 32, "long": 64}.get(shape["type"], 0)

        def parse(value: Any, _path: str, _problems: Problems) -> Any:
            if type(value) not in (int, float):
                raise mismatch(value, "Integer" if bits else "Double")
            if not bits:
                return float(value)
            return _narrowed(value, bits)

        return parse

    def _parse_list(self, _name: str, shape: Json) -> Parse:
        element = self.model[shape["member"]["shape"]]
        parse_element = self.parser(shape["member"]["shape"])
        plain = element["type"] not in ("structure", "list", "map")

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not list:
                raise SerializationException(f"Unrecognized collection type class {_JAVA_NAMES[type(value)]}")
            if plain:
                found: Problems = []
                result = [parse_element(each, path, found) for each in value if each is not None]
                if found:
                    constraint = found[0].split(" failed to satisfy constraint: ", 1)[1]
                    listed = "[" + ", ".join(str(each) for each in value) + "]"
                    problems.append(broken(f"'{listed}'", path, f"Member must satisfy constraint: [{constraint}]"))
                return result
            return [
                parse_element(each, f"{path}.{number}.member", problems)
                for number, each in enumerate(value, 1)
                if each is not None
            ]

        return parse

    def _parse_map(self, _name: str, shape: Json) -> Parse:
        parse_value = self.parser(shape["value"]["shape"])

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not dict:
                raise SerializationException(f"Unrecognized collection type class {_JAVA_NAMES[type(value)]}")
            return {
                key: None if each is None else parse_value(each, f"{path}.{key}.member", problems)
                for key, each in value.items()
            }

        return parse

    def _parse_structure(self, _name: str, shape: Json) -> Parse:
        required = set(shape.get("required", ()))
        members = [
            self.member(name, reference, name in required) for name, reference in shape["members"].items()
        ]

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not dict:
                raise SerializationException(f"Unrecognized collection type class {_JAVA_NAMES[type(value)]}")
            result: Json = {}
            parse_members(members, value, path + ".", result, problems)
            return result

        return parse

    def _parse_blob(self, _name: str, _shape: Json) -> Parse:
        return _plain_string

    _parse_timestamp = _parse_blob

    # -- output --------------------------------------------------------------------------------------------------

    def shower(self, shape_name: str) -> Show | None:
        """The shaper of a shape; None where the value travels as it is."""
        if shape_name not in self._shows:
            shape = self.model[shape_name]
            make = getattr(self, f"_show_{shape['type']}", None)
            self._shows[shape_name] = make(shape) if make else None
        return self._shows[shape_name]

    def _show_timestamp(self, _shape: Json) -> Show:
        return int

    def _show_list(self, shape: Json) -> Show | None:
        each = self.shower(shape["member"]["shape"])
        return None if each is None else lambda value: [each(item) for item in value]

    def _show_map(self, shape: Json) -> Show | None:
        each = self.shower(shape["value"]["shape"])
        return None if each is None else lambda value: {key: each(item) for key, item in value.items()}

    def _show_structure(self, shape: Json) -> Show:
        members = [
            (name, reference.get("locationName", name), self.shower(reference["shape"]))
            for name, reference in shape["members"].items()
            if reference.get("location") != "header"
        ]

        def show(value: Json) -> Json:
            result = {}
            for name, wire, shape_value in members:
                item = value.get(name)
                if item is not None:
                    result[wire] = item if shape_value is None else shape_value(item)
            return result

        return show


def _narrowed(value: float, bits: int) -> int:
    """A number as Java narrows it to an integer of so many bits: cut at the point, then at the high bits."""
    half = 1 << (bits - 1)
    return (int(value) + half) % (2 * half) - half


def _plain_string(value: Any, _path: str, _problems: Problems) -> Any:
    if type(value) is not str:
        raise mismatch(value, "String")
    return value


def _in_printed_order(shape_name: str, enum: list[str]) -> list[str]:
    printed = _PRINTED_ENUMS.get(shape_name, ())
    return [value for value in printed if value in enum] + [value for value in enum if value not in printed]
