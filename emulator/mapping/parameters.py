"""Parameter mappings: ``integration.request.header.X`` from ``method.request.querystring.Y``, and their like.

Belongs here: parsing a mapping once, and evaluating it against values handed in. Never here: where the values come
from, which headers may be mapped, I/O.
AWS page: "Mapping data in your API in API Gateway" (request and response data mapping reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attrs import frozen

from emulator.wire import Headers


class Values(Protocol):
    """What a mapping may read. ``query`` holds every value per name; ``context`` is the nested ``$context``.

    ``body_path(path)`` answers the body at a JSONPath as text, or None. On the response side ``headers`` and the body
    are the integration's answer.
    """

    @property
    def headers(self) -> Headers: ...
    @property
    def path(self) -> Mapping[str, str]: ...
    @property
    def query(self) -> Mapping[str, list[str]]: ...
    @property
    def context(self) -> Mapping[str, Any]: ...
    @property
    def stage_variables(self) -> Mapping[str, str]: ...
    def body_path(self, path: str) -> str | None: ...


Source = Callable[[Values], "str | list[str] | None"]


@frozen(eq=False)
class ParameterMapping:
    """One mapping: where it goes (``place`` is header, querystring, path or body) and how to get the value."""

    place: str
    name: str
    source: str
    evaluate: Source


class BadMapping(ValueError):
    """A target or source that AWS would not have."""


_REQUEST_PLACES = ("header", "querystring", "path", "multivalueheader", "multivaluequerystring")


def parse_target(target: str, prefix: str) -> tuple[str, str]:
    """``integration.request.header.X`` to ``("header", "X")``; ``prefix`` is ``integration.request`` and so on."""
    if not target.startswith(prefix + "."):
        raise BadMapping(f"Invalid mapping expression specified: {target}")
    place, _, name = target[len(prefix) + 1 :].partition(".")
    if place not in _REQUEST_PLACES or not name:
        raise BadMapping(f"Invalid mapping expression specified: {target}")
    return place, name


def parse_mapping(target: str, source: str, prefix: str) -> ParameterMapping:
    """One entry of requestParameters or responseParameters. ``BadMapping`` when it makes no sense."""
    place, name = parse_target(target, prefix)
    return ParameterMapping(place, name, source, compile_source(source))


def compile_source(source: str) -> Source:
    """The right side of a mapping as a function of the values."""
    if len(source) >= 2 and source[0] == source[-1] == "'":
        literal = source[1:-1]
        return lambda _values: literal
    for prefix, build in _SOURCES:
        if source.startswith(prefix):
            return build(source[len(prefix) :])
    if source in ("method.request.body", "integration.response.body"):
        return lambda values: values.body_path("$")
    raise BadMapping(f"Invalid mapping expression specified: {source}")


def text_of(value: Any) -> str:
    """A context value as a header or query text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def context_value(context: Mapping[str, Any], dotted: str) -> Any:
    """``identity.sourceIp`` in the nested context, or None."""
    value: Any = context
    for part in dotted.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
        if value is None:
            return None
    return value


def _header(name: str) -> Source:
    return lambda values: values.headers.last(name)


def _multi_header(name: str) -> Source:
    return lambda values: values.headers.all(name) or None


def _path(name: str) -> Source:
    return lambda values: values.path.get(name)


def _query(name: str) -> Source:
    def read(values: Values) -> str | None:
        found = values.query.get(name)
        return found[-1] if found else None

    return read


def _multi_query(name: str) -> Source:
    return lambda values: values.query.get(name) or None


def _body(path: str) -> Source:
    expression = "$." + path if not path.startswith("[") else "$" + path
    return lambda values: values.body_path(expression)


def _stage_variable(name: str) -> Source:
    return lambda values: values.stage_variables.get(name)


def _context(dotted: str) -> Source:
    def read(values: Values) -> str | None:
        value = context_value(values.context, dotted)
        return None if value is None or isinstance(value, Mapping) else text_of(value)

    return read


_SOURCES: tuple[tuple[str, Callable[[str], Source]], ...] = (
    ("method.request.header.", _header),
    ("method.request.multivalueheader.", _multi_header),
    ("method.request.path.", _path),
    ("method.request.querystring.", _query),
    ("method.request.multivaluequerystring.", _multi_query),
    ("method.request.body.", _body),
    ("method.request.body[", lambda rest: _body("[" + rest)),
    ("integration.response.header.", _header),
    ("integration.response.multivalueheader.", _multi_header),
    ("integration.response.body.", _body),
    ("integration.response.body[", lambda rest: _body("[" + rest)),
    ("context.", _context),
    ("stageVariables.", _stage_variable),
)
