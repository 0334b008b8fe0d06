"""The wire of the control plane: botocore's model of API Gateway, compiled into parsers and shapers.

Belongs here: verbs and paths, where each input member travels, its type and constraints, AWS's texts for breaking
them, and how an answer is shaped. Never here: what an operation does.

Parsing is lenient where AWS is: unknown members are ignored, a null member is an absent one (map values excepted).
Wrong types are a ``SerializationException``; broken constraints are gathered into one ``ValidationException``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from attrs import define

from emulator.control.shapes import Json, Member, Problems, Shapes, Show, broken, mismatch, parse_members
from emulator.errors import ControlError, SerializationException, ValidationException
from emulator.wire import Headers, Request, Response, parse_query


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
            raise mismatch(content, "Object")
        prefix = self.name[0].lower() + self.name[1:] + "Input."
        parse_members(self.body_members, content, prefix, result, problems)

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
                    problems.append(broken("null", member.name, "Member must not be null"))
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
        shapes = Shapes(model["shapes"])
        self.operations: dict[str, Operation] = {
            name: _operation(shapes, name, definition) for name, definition in model["operations"].items()
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


def _operation(shapes: Shapes, name: str, definition: Json) -> Operation:
    """An operation of the model, its shapes compiled."""
    http = definition["http"]
    shape = shapes.model[definition["input"]["shape"]]
    required = set(shape.get("required", ()))
    payload = shape.get("payload")
    by_place: dict[str, list[Member]] = {"uri": [], "querystring": [], "": [], "header": []}
    for member, reference in shape["members"].items():
        by_place[reference.get("location", "")].append(shapes.member(member, reference, member in required))
    out = definition.get("output")
    out_shape = shapes.model[out["shape"]] if out else None
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
        show=shapes.shower(out["shape"]) if out else None,
        show_payload=out_shape.get("payload") if out_shape else None,
        show_headers=[
            (member, reference["locationName"])
            for member, reference in (out_shape["members"].items() if out_shape else ())
            if reference.get("location") == "header"
        ],
    )
