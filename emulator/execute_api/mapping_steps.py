"""The steps both directions share: choosing a template, rendering it, applying mappings.

Belongs here: what integration_request and integration_response would otherwise say twice. Never here: rules of one
direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from emulator.deployment.compiled import Broken, CompiledTemplate
from emulator.errors import GatewayError
from emulator.execute_api.context import context_of
from emulator.execute_api.header_rules import refuse_line_breaks
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.request_values import RequestValues
from emulator.mapping.errors import MappingError
from emulator.mapping.parameters import ParameterMapping, Values, text_of
from emulator.mapping.scope import Scope

# What a template leaves that overrides nothing of the response.
NO_OVERRIDE: dict[str, Any] = {"header": {}, "status": None}


class LazyMapping(Mapping[str, str]):
    """A mapping that is made when somebody first looks into it."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], dict[str, str]]) -> None:
        self._make = make
        self._made: dict[str, str] | None = None

    def _get(self) -> dict[str, str]:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made

    def __getitem__(self, name: str) -> str:
        return self._get()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._get())

    def __len__(self) -> int:
        return len(self._get())


def configuration_error(reason: str) -> GatewayError:
    """API_CONFIGURATION_ERROR with the execution log's line."""
    return GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {reason}")


def scope_for(invocation: Invocation, values: RequestValues, body: str) -> Scope:
    """A template's surroundings for this request."""
    return Scope(
        body=body,
        path=values.path,
        querystring=LazyMapping(lambda: dict(invocation.query)),
        header=LazyMapping(values.headers.single),
        stage_variables=invocation.stage_variables,
        context=lambda: context_of(invocation),
    )


def render(template: CompiledTemplate, scope: Scope) -> str:
    """The rendered text; API_CONFIGURATION_ERROR where AWS answers 500."""
    compiled = template.template
    if isinstance(compiled, Broken):
        raise configuration_error(compiled.reason)
    try:
        text: str = compiled.render(scope)
    except MappingError as error:
        raise configuration_error(f"Unable to transform the body: {error}") from error
    return text


class Mapped:
    """What mappings and overrides came to: headers, query and path values by name."""

    __slots__ = ("headers", "path", "query")

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.query: dict[str, list[str]] = {}
        self.path: dict[str, str] = {}

    def apply(self, mappings: Iterable[ParameterMapping], values: Values) -> None:
        """Evaluate mappings; one whose source has no value maps nothing."""
        for mapping in mappings:
            value = mapping.evaluate(values)
            if value is not None:
                self.set(mapping.place, mapping.name, value)

    def override(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        """Apply what a template left in ``$context.requestOverride``, on top of the mappings."""
        for place in ("header", "querystring", "path"):
            for name, value in overrides.get(place, {}).items():
                if isinstance(value, list | tuple):
                    self.set(place, name, [text_of(each) for each in value])
                elif value is not None:
                    self.set(place, name, text_of(value))

    def set(self, place: str, name: str, value: str | list[str]) -> None:
        if place in ("header", "multivalueheader"):
            text = ",".join(value) if isinstance(value, list) else value
            refuse_line_breaks(name, text)
            lowered = name.lower()
            for known in list(self.headers):
                if known.lower() == lowered and known != name:
                    del self.headers[known]
            self.headers[name] = text
        elif place in ("querystring", "multivaluequerystring"):
            self.query[name] = value if isinstance(value, list) else [value]
        else:
            self.path[name] = ",".join(value) if isinstance(value, list) else value
