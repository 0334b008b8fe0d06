"""The wire of the control plane: botocore's model of API Gateway, compiled into parsers and shapers.

Belongs here: verbs and paths, where each input member travels, its type and constraints, AWS's texts for breaking
them, and how an answer is shaped. Never here: what an operation does.

Parsing is lenient where AWS is: unknown members are ignored, a null member is an absent one (map values excepted).
Wrong types are a ``SerializationException``; broken constraints are gathered into one ``ValidationException``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from attrs import define, frozen

from emulator.errors import ControlError, SerializationException, ValidationException
from emulator.wire import Headers, Request, Response, parse_query

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


def _mismatch(value: Any, wanted: str) -> SerializationException:
    return SerializationException(f"class {_JAVA_NAMES[type(value)]} can not be converted to an {wanted}")


def _broken(printed: str, path: str, constraint: str) -> str:
    return f"Value {printed} at '{path}' failed to satisfy constraint: {constraint}"


@frozen
class Member:
    """One input member: its name, its name on the wire, and its parser."""

    name: str
    wire: str
    parse: Parse
    required: bool
    kind: str  # the shape's type


@define(eq=False)
class Operation:
    """One of the operations, ready to parse its requests and to shape its answers."""

    name: str
    verb: str
    template: str
    status: int
    path_members: dict[str, Member]
    query_members: list[Member]
    header_members: list[Member]
    body_members: list[Member]
    payload: str | None
    show: Show | None
    show_payload: str | None
    show_headers: list[tuple[str, str]]

    @property
    def function(self) -> str:
        """The name of the Python function that serves it: ``CreateStage`` is ``create_stage``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()

    def parse(self, parameters: Mapping[str, str], request: Request) -> Json:
        """The input of a request, by botocore's member names.

        Raises SerializationException and ValidationException.
        """
        result: Json = {}
        problems: Problems = []
        self._parse_body(request.body, result, problems)
        for wire, member in self.path_members.items():
            result[member.name] = member.parse(parameters[wire], member.name, problems)
        if self.query_members:
            self._parse_query(request.raw_query, result, problems)
        for member in self.header_members:
            if member.wire in request.headers:
                result[member.name] = member.parse(request.headers.first(member.wire), member.name, problems)
        if problems:
            count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
            raise ValidationException(f"{count} detected: " + "; ".join(problems))
        return result

    def _parse_body(self, body: bytes, result: Json, problems: Problems) -> None:
        if self.payload is not None:
            result[self.payload] = body
            return
        if not self.body_members:
            return
        content: Any = {}
        if body.strip():
            try:
                content = orjson.loads(body)
            except orjson.JSONDecodeError:
                raise SerializationException("Unable to parse request body") from None
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise _mismatch(content, "Object")
        prefix = self.name[0].lower() + self.name[1:] + "Input."
        _parse_members(self.body_members, content, prefix, result, problems)

    def _parse_query(self, raw: bytes, result: Json, problems: Problems) -> None:
        pairs = parse_query(raw)
        rest: dict[str, str] = dict(pairs)
        rest.pop("mode", None) if "?" in self.template else None
        catch_all: Member | None = None
        for member in self.query_members:
            if member.kind == "map":
                catch_all = member
                continue
            values = [value for name, value in pairs if name == member.wire]
            rest.pop(member.wire, None)
            if not values:
                if member.required:
                    problems.append(_broken("null", member.name, "Member must not be null"))
                continue
            value = values if member.kind == "list" else _from_text(values[-1], member.kind)
            result[member.name] = member.parse(value, member.name, problems)
        if catch_all is not None and rest:
            result[catch_all.name] = rest

    def respond(self, answer: Json | None) -> Response:
        """The HTTP response of an answer given by botocore's member names."""
        headers = Headers()
        if self.show is None or answer is None:
            return Response(status=self.status, headers=headers)
        for member, wire in self.show_headers:
            if answer.get(member) is not None:
                headers.add(wire, str(answer[member]))
        if self.show_payload is not None:
            return Response(status=self.status, headers=headers, body=answer.get(self.show_payload) or b"")
        headers.add("Content-Type", "application/json")
        return Response(status=self.status, headers=headers, body=orjson.dumps(self.show(answer)))


def _from_text(text: str, kind: str) -> Any:
    """A query parameter as JSON would have carried it."""
    if kind == "boolean":
        return text.lower() == "true"
    if kind in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise SerializationException("class java.lang.String can not be converted to an Integer") from None
    return text


def _parse_members(members: list[Member], content: Json, prefix: str, result: Json, problems: Problems) -> None:
    for member in members:
        value = content.get(member.wire)
        if value is not None:
            result[member.name] = member.parse(value, prefix + member.name, problems)
        elif member.required:
            problems.append(_broken("null", prefix + member.name, "Member must not be null"))


def error_response(error: ControlError) -> Response:
    """AWS's JSON for an error: the code in ``x-amzn-ErrorType``, the text in ``message``."""
    headers = Headers([("Content-Type", "application/json"), ("x-amzn-ErrorType", error.code)])
    retry = error.extra.get("retryAfterSeconds")
    if retry is not None:
        headers.add("Retry-After", str(retry))
    return Response(status=error.status, headers=headers, body=orjson.dumps({"message": error.message}))


class Codec:
    """All operations of the model, and which of them a verb and a path mean."""

    def __init__(self) -> None:
        model = _load_model()
        compiler = _Compiler(model["shapes"])
        self.operations: dict[str, Operation] = {
            name: compiler.operation(name, definition) for name, definition in model["operations"].items()
        }
        self._tree: Json = {}
        for operation in self.operations.values():
            self._plant(operation)

    def _plant(self, operation: Operation) -> None:
        path, _, query = operation.template.partition("?")
        node = self._tree
        for segment in path.strip("/").split("/"):
            key = "{}" if segment.startswith("{") else segment
            node = node.setdefault(key, {})
        names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
        node.setdefault("", {}).setdefault(operation.verb, {})[query] = (operation, names)

    def match(self, verb: str, raw_path: bytes, raw_query: bytes) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request and its path parameters, or None: AWS knows no such operation.

        The path is matched as it came, escapes and all, so that ``%2F`` stays inside its segment. ARNs that came
        with plain slashes (``/tags/arn:…::/restapis/x``) are taken whole.
        """
        segments = raw_path.decode("latin-1").strip("/").split("/")
        if segments[0] in ("tags", "domainnameaccessassociations") and len(segments) > 2:
            segments = [segments[0], "/".join(segments[1:])]
        node: Json | None = self._tree
        values: list[str] = []
        for segment in segments:
            assert node is not None
            below: Json | None = node.get(segment) if segment else None
            if below is None and segment:
                below = node.get("{}")
                values.append(unquote(segment))
            if below is None:
                return None
            node = below
        assert node is not None
        choices = node.get("", {}).get(verb)
        if choices is None:
            return None
        if len(choices) > 1 and ("mode", "import") in parse_query(raw_query):
            operation, names = choices["mode=import"]
        else:
            operation, names = choices[""]
        return operation, dict(zip(names, values, strict=True))


@functools.cache
def shared() -> Codec:
    """The compiled model, made when first asked for; it never changes. Some 50 ms and botocore: ask in a thread."""
    return Codec()


def _load_model() -> Json:
    """botocore's service model, read once; the import waits until the control plane is first used."""
    from botocore.loaders import Loader  # a second of start-up that health checks need not wait for

    model: Json = Loader().load_service_model("apigateway", "service-2")
    return model


class _Compiler:
    """Turns the model's shapes into functions."""

    def __init__(self, shapes: Mapping[str, Json]) -> None:
        self.shapes = shapes
        self._parsers: dict[str, Parse] = {}
        self._shows: dict[str, Show | None] = {}

    def operation(self, name: str, definition: Json) -> Operation:
        http = definition["http"]
        shape = self.shapes[definition["input"]["shape"]]
        required = set(shape.get("required", ()))
        payload = shape.get("payload")
        by_place: dict[str, list[Member]] = {"uri": [], "querystring": [], "": [], "header": []}
        for member, reference in shape["members"].items():
            by_place[reference.get("location", "")].append(self._member(member, reference, member in required))
        out = definition.get("output")
        out_shape = self.shapes[out["shape"]] if out else None
        return Operation(
            name=name,
            verb=http["method"],
            template=http["requestUri"],
            status=http.get("responseCode", 200),
            path_members={member.wire: member for member in by_place["uri"]},
            query_members=by_place["querystring"],
            header_members=by_place["header"],
            body_members=[] if payload else by_place[""],
            payload=payload,
            show=self._show_of(out["shape"]) if out else None,
            show_payload=out_shape.get("payload") if out_shape else None,
            show_headers=[
                (member, reference["locationName"])
                for member, reference in (out_shape["members"].items() if out_shape else ())
                if reference.get("location") == "header"
            ],
        )

    def _member(self, name: str, reference: Json, required: bool) -> Member:
        kind = self.shapes[reference["shape"]]["type"]
        return Member(name, reference.get("locationName", name), self._parse_of(reference["shape"]), required, kind)

    # -- input ---------------------------------------------------------------------------------------------------

    def _parse_of(self, shape_name: str) -> Parse:
        if shape_name not in self._parsers:
            shape = self.shapes[shape_name]
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
        allowed = frozenset(enum or ())
        printed = ", ".join(_in_printed_order(shape_name, enum)) if enum else ""
        matches = re.compile(pattern).fullmatch if pattern else None

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not str:
                raise _mismatch(value, "String")
            if allowed and value not in allowed:
                problems.append(_broken(f"'{value}'", path, f"Member must satisfy enum value set: [{printed}]"))
            if matches is not None and matches(value) is None:
                problems.append(
                    _broken(f"'{value}'", path, f"Member must satisfy regular expression pattern: {pattern}")
                )
            return value

        return parse

    def _parse_boolean(self, _name: str, _shape: Json) -> Parse:
        def parse(value: Any, _path: str, _problems: Problems) -> Any:
            if type(value) is not bool:
                raise _mismatch(value, "Boolean")
            return value

        return parse

    def _parse_number(self, _name: str, shape: Json) -> Parse:
        whole = shape["type"] in ("integer", "long")

        def parse(value: Any, _path: str, _problems: Problems) -> Any:
            if type(value) not in (int, float):
                raise _mismatch(value, "Integer" if whole else "Double")
            return int(value) if whole else float(value)

        return parse

    def _parse_list(self, _name: str, shape: Json) -> Parse:
        element = self.shapes[shape["member"]["shape"]]
        parse_element = self._parse_of(shape["member"]["shape"])
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
                    problems.append(_broken(f"'{listed}'", path, f"Member must satisfy constraint: [{constraint}]"))
                return result
            return [
                parse_element(each, f"{path}.{number}.member", problems)
                for number, each in enumerate(value, 1)
                if each is not None
            ]

        return parse

    def _parse_map(self, _name: str, shape: Json) -> Parse:
        parse_value = self._parse_of(shape["value"]["shape"])

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
            self._member(name, reference, name in required) for name, reference in shape["members"].items()
        ]

        def parse(value: Any, path: str, problems: Problems) -> Any:
            if type(value) is not dict:
                raise SerializationException(f"Unrecognized collection type class {_JAVA_NAMES[type(value)]}")
            result: Json = {}
            _parse_members(members, value, path + ".", result, problems)
            return result

        return parse

    def _parse_blob(self, _name: str, _shape: Json) -> Parse:
        return _plain_string

    _parse_timestamp = _parse_blob

    # -- output --------------------------------------------------------------------------------------------------

    def _show_of(self, shape_name: str) -> Show | None:
        """The shaper of a shape; None where the value travels as it is."""
        if shape_name not in self._shows:
            shape = self.shapes[shape_name]
            make = getattr(self, f"_show_{shape['type']}", None)
            self._shows[shape_name] = make(shape) if make else None
        return self._shows[shape_name]

    def _show_timestamp(self, _shape: Json) -> Show:
        return int

    def _show_list(self, shape: Json) -> Show | None:
        each = self._show_of(shape["member"]["shape"])
        return None if each is None else lambda value: [each(item) for item in value]

    def _show_map(self, shape: Json) -> Show | None:
        each = self._show_of(shape["value"]["shape"])
        return None if each is None else lambda value: {key: each(item) for key, item in value.items()}

    def _show_structure(self, shape: Json) -> Show:
        members = [
            (name, reference.get("locationName", name), self._show_of(reference["shape"]))
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


def _plain_string(value: Any, _path: str, _problems: Problems) -> Any:
    if type(value) is not str:
        raise _mismatch(value, "String")
    return value


def _in_printed_order(shape_name: str, enum: list[str]) -> list[str]:
    printed = _PRINTED_ENUMS.get(shape_name, ())
    return [value for value in printed if value in enum] + [value for value in enum if value not in printed]
