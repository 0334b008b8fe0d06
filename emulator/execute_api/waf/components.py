"""Components: the parts of a request a statement can look at.

Belongs here: FieldToMatch, with its limits on size and what to do beyond them. Never here: comparing.
AWS pages: "Request components in AWS WAF", "Oversize web request components".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from emulator.execute_api.waf.seen import Seen

HEADER_BYTES = 8192
HEADER_COUNT = 200

Extract: TypeAlias = Callable[[Seen], "list[bytes] | bool"]
"""The texts to look at; or True or False when the component's size or absence decides by itself."""


def compile_component(field: Mapping[str, Any], body_limit: int) -> Extract:
    """A FieldToMatch as a function of the request. Raises ValueError for a component there is not."""
    for name, build in _BUILDERS.items():
        if name in field:
            options = field[name] or {}
            if name in ("Body", "JsonBody"):
                return build({**options, "limit": body_limit})
            return build(options)
    raise ValueError(f"Unknown request component {', '.join(field) or '(none)'}")


def _one(read: Callable[[Seen], bytes]) -> Extract:
    return lambda seen: [read(seen)]


def _single_header(options: Mapping[str, Any]) -> Extract:
    name = str(options["Name"])
    return lambda seen: [_encode(value) for value in seen.headers.all(name)]


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _arguments(seen: Seen) -> Iterable[tuple[bytes, bytes]]:
    for pair in seen.query.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            yield unquote_to_bytes(name), value


def _single_argument(options: Mapping[str, Any]) -> Extract:
    wanted = str(options["Name"]).lower().encode()
    return lambda seen: [value for name, value in _arguments(seen) if name.lower() == wanted]


def _all_arguments(_options: Mapping[str, Any]) -> Extract:
    return lambda seen: [value for _, value in _arguments(seen)]


def _oversize(options: Mapping[str, Any]) -> str:
    return str(options.get("OversizeHandling") or "CONTINUE")


def _body(options: Mapping[str, Any]) -> Extract:
    limit, handling = int(options["limit"]), _oversize(options)

    def extract(seen: Seen) -> list[bytes] | bool:
        if len(seen.body) > limit and handling != "CONTINUE":
            return handling == "MATCH"
        return [seen.body[:limit]]

    return extract


def _json_body(options: Mapping[str, Any]) -> Extract:
    limit, handling = int(options["limit"]), _oversize(options)
    invalid = options.get("InvalidFallbackBehavior")
    paths = (options.get("MatchPattern") or {}).get("IncludedPaths")
    scope = options.get("MatchScope", "ALL")

    def extract(seen: Seen) -> list[bytes] | bool:
        if len(seen.body) > limit and handling != "CONTINUE":
            return handling == "MATCH"
        body = seen.body[:limit]
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            if invalid in ("MATCH", "NO_MATCH"):
                return bool(invalid == "MATCH")
            return [body]  # EVALUATE_AS_STRING; also what is left of a body that breaks off
        texts: list[bytes] = []
        for root in [document] if paths is None else _at_paths(document, paths):
            _collect(root, scope, texts)
        return texts

    return extract


def _at_paths(document: Any, paths: Iterable[str]) -> Iterable[Any]:
    """The values at JSON pointers."""
    for path in paths:
        value = document
        for raw in path.split("/")[1:]:
            key = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                break
        else:
            yield value


def _collect(root: Any, scope: str, texts: list[bytes]) -> None:
    """Keys and values below ``root``, without recursion: the document is a stranger's."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if scope != "VALUE":
                texts.extend(_encode(key) for key in value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif scope != "KEY":
            texts.append(_encode(value if isinstance(value, str) else json.dumps(value)))


def _pairs(
    options: Mapping[str, Any], read: Callable[[Seen], list[tuple[str, str]]], included: str, excluded: str
) -> Extract:
    """Headers or cookies: names, values or both, of those the pattern picks, within the limits."""
    pattern = options.get("MatchPattern") or {"All": {}}
    only = {name.lower() for name in pattern[included]} if included in pattern else None
    without = {name.lower() for name in pattern.get(excluded) or ()}
    scope, handling = options.get("MatchScope", "ALL"), _oversize(options)

    def extract(seen: Seen) -> list[bytes] | bool:
        texts: list[bytes] = []
        size = 0
        for count, (name, value) in enumerate(read(seen)):
            size += len(name) + len(value)
            if size > HEADER_BYTES or count >= HEADER_COUNT:
                if handling != "CONTINUE":
                    return handling == "MATCH"
                break
            lowered = name.lower()
            if lowered in without or (only is not None and lowered not in only):
                continue
            if scope != "VALUE":
                texts.append(_encode(name))
            if scope != "KEY":
                texts.append(_encode(value))
        return texts

    return extract


def _headers(options: Mapping[str, Any]) -> Extract:
    return _pairs(options, lambda seen: seen.headers.lines, "IncludedHeaders", "ExcludedHeaders")


def _cookies(options: Mapping[str, Any]) -> Extract:
    return _pairs(options, Seen.cookies, "IncludedCookies", "ExcludedCookies")


def _header_order(options: Mapping[str, Any]) -> Extract:
    handling = _oversize(options)

    def extract(seen: Seen) -> list[bytes] | bool:
        names = [name.lower() for name, _ in seen.headers.lines]
        if len(names) > HEADER_COUNT and handling != "CONTINUE":
            return handling == "MATCH"
        return [_encode(":".join(names[:HEADER_COUNT]))]

    return extract


def _absent(options: Mapping[str, Any]) -> Extract:
    """A component the emulator never has: a TLS fingerprint, a URI fragment."""
    matches = options.get("FallbackBehavior") == "MATCH"
    return lambda _seen: matches


_BUILDERS: dict[str, Callable[[Mapping[str, Any]], Extract]] = {
    "SingleHeader": _single_header,
    "SingleQueryArgument": _single_argument,
    "AllQueryArguments": _all_arguments,
    "UriPath": lambda _options: _one(lambda seen: seen.path),
    "QueryString": lambda _options: _one(lambda seen: seen.query),
    "Body": _body,
    "Method": lambda _options: _one(lambda seen: seen.method.encode()),
    "JsonBody": _json_body,
    "Headers": _headers,
    "Cookies": _cookies,
    "HeaderOrder": _header_order,
    "JA3Fingerprint": _absent,
    "JA4Fingerprint": _absent,
    "UriFragment": _absent,
}
