"""``$input`` and ``$util``: what AWS adds to the language.

Belongs here: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-
reference.html, sections $input and $util.
Never here: ``$context`` and ``$stageVariables``, which are maps (run.py).
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final
from urllib.parse import quote_plus, unquote_to_bytes

from emulator.mapping import json_smart
from emulator.mapping.errors import JsonPathError
from emulator.mapping.jsonpath import MISSING, compile_path
from emulator.mapping.values import json_text, plain_json, to_text
from emulator.mapping.velocity.members import anything, fail, method, prop, text, text_or_null
from emulator.mapping.velocity.run import Input, Run, Util

INPUT = (Input,)
UTIL = (Util,)


@method(INPUT, "getBody")
@prop(INPUT, "body")
def _body(run: Run, value: Input) -> str:
    return run.body


def look_up(run: Run, path: str) -> Any:
    """The value at a JSONPath of the body; MISSING where there is none."""
    document = run.document()
    if document is None:
        raise JsonPathError("json can not be null")
    run.step(30 + len(path))
    return compile_path(path).find(document, run)


@method(INPUT, "path", text)
def _path(run: Run, value: Input, path: str) -> Any:
    found = look_up(run, path)
    return None if found is MISSING else found


@method(INPUT, "json", text)
def _json(run: Run, value: Input, path: str) -> str:
    found = look_up(run, path)
    if found is MISSING:
        return '""'
    fast = None if run.shared else plain_json(found)
    if fast is not None:
        return fast
    if type(found) is float and found != found:
        return '"NaN"'
    return json_text(found, run)


@method(INPUT, "params")
def _params(run: Run, value: Input) -> dict[str, dict[str, str]]:
    return run.params()


@method(INPUT, "params", text_or_null)
def _param(run: Run, value: Input, name: str | None) -> str | None:
    """Searched in the path, then the query string, then the headers."""
    if name is None:
        return None
    scope = run.scope
    for place in (scope.path, scope.querystring, scope.header):
        if name in place:
            return place[name]
    return None


_SCRIPT: Final = re.compile(r"[\x00-\x1f\x80-\U0010ffff]")
_ESCAPES: Final = (
    ("\\", "\\\\"),
    ('"', '\\"'),
    ("'", "\\'"),
    ("/", "\\/"),
    ("\b", "\\b"),
    ("\n", "\\n"),
    ("\t", "\\t"),
    ("\f", "\\f"),
    ("\r", "\\r"),
)


def _escape_script(found: re.Match[str]) -> str:
    raw = found.group().encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{raw[at : at + 4]}" for at in range(0, len(raw), 4))


@method(UTIL, "escapeJavaScript", anything)
def _escape_javascript(run: Run, value: Util, source: Any) -> str | None:
    if source is None:
        return None
    text = to_text(source, run)
    run.step(len(text) // 8)
    for plain, escaped in _ESCAPES:
        if plain in text:
            text = text.replace(plain, escaped)
    if not _SCRIPT.search(text):
        return text
    made = _SCRIPT.sub(_escape_script, text)
    run.step(len(made) - len(text))
    return made


@method(UTIL, "parseJson", text_or_null)
def _parse_json(run: Run, value: Util, source: str | None) -> Any:
    if not source:
        return None
    run.step(len(source) // 4)
    return json_smart.loads(source)


@method(UTIL, "urlEncode", anything)
def _url_encode(run: Run, value: Util, source: Any) -> str | None:
    if source is None:
        return None
    text = to_text(source, run)
    run.step(len(text))
    return quote_plus(text, safe="*", errors="replace").replace("~", "%7E")


_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@method(UTIL, "urlDecode", anything)
def _url_decode(run: Run, value: Util, source: Any) -> str | None:
    if source is None:
        return None
    given = to_text(source, run)
    run.step(len(given))
    if _BAD_PERCENT.search(given):
        raise fail("IllegalArgumentException: URLDecoder: Illegal hex characters in escape (%) pattern")
    if "%" not in given:
        return given.replace("+", " ")
    return unquote_to_bytes(given.replace("+", " ")).decode("utf-8", "replace")


@method(UTIL, "base64Encode", anything)
def _base64_encode(run: Run, value: Util, source: Any) -> str | None:
    if source is None:
        return None
    text = to_text(source, run)
    run.step(len(text) // 8)
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")


@method(UTIL, "base64Decode", anything)
def _base64_decode(run: Run, value: Util, source: Any) -> str | None:
    if source is None:
        return None
    given = to_text(source, run)
    run.step(len(given) // 2)
    digits = given.replace("-", "+").replace("_", "/").split("=", 1)[0]
    digits = _NOT_BASE64.sub("", digits)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode("utf-8", "replace")
