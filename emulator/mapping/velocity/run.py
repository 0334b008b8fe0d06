"""One rendering under way: its variables, what it may still spend, and the request as the template sees it.

Belongs here: the state that lives as long as one rendering. Never here: what methods do with it, or how the tree
is run.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.mapping import json_smart
from emulator.mapping.java_types import Budget, ContextMap, OverrideMap
from emulator.mapping.scope import Scope

Vars = dict[str, Any]


class Input:
    """``$input``: the rendering itself holds what it reads."""

    __slots__ = ()


class Util:
    """``$util``."""

    __slots__ = ()


INPUT: Final = Input()
UTIL: Final = Util()
_MISSING: Final = object()


class Run(Budget):
    """The state of one rendering."""

    __slots__ = ("vars", "scope", "_document", "_params", "overrides")

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.vars: Vars = {}
        self.scope = scope
        self._document: Any = _MISSING
        self._params: dict[str, dict[str, str]] | None = None
        self.overrides: tuple[ContextMap, ContextMap] | None = None

    def root(self, name: str) -> Any:
        """The value of a variable that no ``#set`` made: one of the four that AWS gives, else None."""
        if name == "input":
            value: Any = INPUT
        elif name == "context":
            value = self._context()
        elif name == "util":
            value = UTIL
        elif name == "stageVariables":
            value = dict(self.scope.stage_variables)
        else:
            return None
        self.vars[name] = value
        return value

    @property
    def body(self) -> str:
        return self.scope.body or "{}"

    def document(self) -> Any:
        """The parsed body: one document for the whole rendering, so that a template may change it and read it again."""
        if self._document is _MISSING:
            self._document = json_smart.loads(self.body)
        return self._document

    def params(self) -> dict[str, dict[str, str]]:
        if self._params is None:
            scope = self.scope
            self._params = {
                "path": dict(scope.path),
                "querystring": dict(scope.querystring),
                "header": dict(scope.header),
            }
        return self._params

    def _context(self) -> ContextMap:
        given = self.scope.context
        context = _context_map(given() if callable(given) else given)
        request = ContextMap(header=OverrideMap(), path=OverrideMap(), querystring=OverrideMap())
        response: ContextMap = OverrideMap(header=OverrideMap())
        asked, answered = self.scope.request_override, self.scope.response_override
        # A response template sees what the request template has overridden.
        if asked["header"] or asked["path"] or asked["querystring"]:
            request.update((part, ContextMap(known)) for part, known in asked.items() if known)
        if answered["header"] or answered["status"] is not None:
            response = ContextMap(answered)
            response["header"] = ContextMap(answered["header"])
            if answered["status"] is None:
                del response["status"]
        context["requestOverride"] = request
        context["responseOverride"] = response
        self.overrides = (request, response)
        return context


def _context_map(given: Any) -> ContextMap:
    made = ContextMap(given)
    for name, value in made.items():
        if isinstance(value, dict):
            made[name] = _context_map(value)
    return made
