"""A mapping template: compiled once, rendered with a scope each time.

Belongs here: the two names that the rest of the emulator knows. Never here: the language.

https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html; the limit of 300 KB is AWS's.

Of airspeed we use the elements (``nodes.py``: our tree is made of its classes) and the errors; its parser and its
evaluation are replaced, as
they follow Python where AWS follows Java, and reach Python's attributes.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import OUTPUT_LIMIT
from emulator.mapping.scope import Scope
from emulator.mapping.values import to_text
from emulator.mapping.velocity import methods
from emulator.mapping.velocity.closures import Break, Statement, Stop
from emulator.mapping.velocity.compiler import block
from emulator.mapping.velocity.parser import Parser
from emulator.mapping.velocity.run import Run

TEMPLATE_LIMIT: Final = 300 * 1024
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
METHOD_MODULES: Final = methods.MODULES


def compile_template(source: str) -> Template:
    """Compiles; raises MappingError with line and column for a template that Velocity refuses."""
    if 4 * len(source) > TEMPLATE_LIMIT and len(source.encode("utf-8", "surrogatepass")) > TEMPLATE_LIMIT:
        raise LimitError(f"A mapping template may have {TEMPLATE_LIMIT} bytes")
    try:
        return Template(source, block(Parser(source).template()))
    except RecursionError as error:
        raise MappingError("The template is nested too deeply") from error


class Template:
    """A compiled template; safe to render many times."""

    __slots__ = ("source", "_run")

    def __init__(self, source: str, run: Statement) -> None:
        self.source = source
        self._run = run

    def render(self, scope: Scope) -> str:
        """The text; what the template set in ``requestOverride`` and ``responseOverride`` is in the scope afterwards.

        Raises MappingError where AWS answers 500.
        """
        run = Run(scope)
        pieces: list[str] = []
        try:
            self._run(run, pieces.append)
        except (Stop, Break):
            pass
        except RecursionError as error:
            raise MappingError("The values of the template are nested too deeply") from error
        except RuntimeError as error:
            # A block of #define, printed with the map it is in, changed that map.
            raise MappingError(f"ConcurrentModificationException: {error}") from error
        if sum(map(len, pieces)) > OUTPUT_LIMIT:
            raise LimitError("The template produces too much text")
        if run.overrides is not None:
            _keep_overrides(run, run.overrides, scope)
        text = "".join(pieces)
        return text if text.isascii() or not _SURROGATE.search(text) else unicode_text(text)


def unicode_text(text: str) -> str:
    """Text as Java's UTF-8 has it: two halves of a surrogate pair are one character, a half alone is ``?``."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return whole.encode("utf-8", "replace").decode("utf-8")


def _keep_overrides(run: Run, overrides: tuple[dict[str, Any], dict[str, Any]], scope: Scope) -> None:
    request, response = overrides
    for part in ("header", "querystring", "path"):
        kept = request.get(part)
        if isinstance(kept, dict):
            scope.request_override[part].update(_plain(run, kept))
    headers = response.get("header")
    if isinstance(headers, dict):
        scope.response_override["header"].update(_plain(run, headers))
    if "status" in response:
        scope.response_override["status"] = _one(run, response["status"])


def _plain(run: Run, values: dict[Any, Any]) -> dict[str, Any]:
    return {to_text(name, run): _one(run, value) for name, value in values.items()}


def _one(run: Run, value: Any) -> Any:
    """A parameter's value: texts, integers, booleans and lists of them stay, all else is its text."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, list):
        return [item if type(item) in (str, int, bool) else to_text(item, run) for item in value]
    return to_text(value, run)
