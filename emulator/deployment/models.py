"""Body models: JSON Schema draft 4, compiled once, references to other models resolved offline.

Belongs here: building a validator for a model, its answer as AWS words it. Never here: choosing the model for a
request. Nothing is ever fetched: a ``$ref`` that is neither local nor a model of this API makes the model unusable,
and the request that meets it answers 500.
AWS page: "Data models for REST APIs".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema
import jsonschema.exceptions
import orjson
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from emulator.deployment.schema_errors import describe
from emulator.deployment.schema_keywords import Remark, Validator
from emulator.store.records import Record

_BASE = "https://apigateway.amazonaws.com/restapis/{api}/models/{name}"


# What holds data, in which nothing is a schema.
_DATA = frozenset({"default", "enum"})


def _undeclared(schema: Any) -> Any:
    """A schema without ``$schema``: AWS reads every model as draft 4, and jsonschema would go by what it declares."""
    if isinstance(schema, dict):
        return {
            name: value if name in _DATA else _undeclared(value)
            for name, value in schema.items()
            if name != "$schema" or not isinstance(value, str)
        }
    return [_undeclared(each) for each in schema] if isinstance(schema, list) else schema


class BrokenModel(Exception):
    """A model that cannot be used: bad schema, or a reference to nowhere."""


class BodyModel:
    """One model, ready to check bodies."""

    def __init__(self, name: str, validator: Any, reason: str = "") -> None:
        self.name = name
        self._validator = validator
        self._reason = reason

    def errors(self, document: Any) -> list[str]:
        """What is wrong with ``document``, in AWS's words; empty when it is valid. ``BrokenModel`` when unusable."""
        if self._validator is None:
            raise BrokenModel(self._reason)
        try:
            found = list(self._validator.iter_errors(document))
        except (Unresolvable, jsonschema.exceptions.RefResolutionError, jsonschema.exceptions.SchemaError) as error:
            raise BrokenModel(str(error)) from error
        except RecursionError as error:
            raise BrokenModel("the body nests too deep") from error
        if all(isinstance(error, Remark) for error in found):
            return []
        # One "required" error per missing property comes in, one sentence for all of them goes out.
        return list(dict.fromkeys(describe(error) for error in found))


class ModelCompiler:
    """All models of one API; builds a validator for one when a method asks."""

    def __init__(self, api_id: str, models: Mapping[str, Record]) -> None:
        self._api_id = api_id
        self._schemas: dict[str, Any] = {}
        self._reasons: dict[str, str] = {}
        self._built: dict[str, BodyModel] = {}
        for name, record in models.items():
            try:
                self._schemas[name] = _undeclared(orjson.loads(record.get("schema") or "{}"))
            except orjson.JSONDecodeError as error:
                self._reasons[name] = f"Invalid model schema: {error}"
        self._registry: Any = None

    def model(self, name: str) -> BodyModel:
        """The model called ``name``, built once."""
        built = self._built.get(name)
        if built is None:
            built = self._built[name] = self._build(name)
        return built

    def _build(self, name: str) -> BodyModel:
        if name not in self._schemas:
            return BodyModel(name, None, self._reasons.get(name, f"Invalid model name specified: {name}"))
        schema = self._schemas[name]
        if not isinstance(schema, dict):
            return BodyModel(name, None, f"Invalid model schema: {name}")
        uri = _BASE.format(api=self._api_id, name=name)
        try:
            jsonschema.Draft4Validator.check_schema(schema)
        except jsonschema.exceptions.SchemaError as error:
            return BodyModel(name, None, f"Invalid model schema: {error.message}")
        if self._registry is None:
            self._registry = self._all()
        # A reference, so that the schema's own local references resolve against its own address.
        return BodyModel(name, Validator({"$ref": uri}, registry=self._registry))

    def _all(self) -> Any:
        registry: Any = Registry()
        for name, schema in self._schemas.items():
            if isinstance(schema, dict):
                resource: Any = DRAFT4.create_resource(schema)
                registry = registry.with_resource(_BASE.format(api=self._api_id, name=name), resource)
        return registry
