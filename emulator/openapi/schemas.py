"""Models and schemas: a document's JSON schemas as API Gateway keeps them, and back.

Belongs here: the text of models, their names, and the references between them. Never here: validation of bodies.

A model's ``schema`` is text in Jackson's layout. References between models are model URLs
(``https://apigateway.amazonaws.com/restapis/{id}/models/{Name}``); in documents they are ``#/definitions/{Name}`` or
``#/components/schemas/{Name}``. The order of keywords is that of the parser AWS uses for each version; ``required``
is sorted for OpenAPI 3. The keywords AWS lists as unsupported (``example``, ``discriminator``, ``readOnly``, ``xml`` …)
are left out of models: developer guide, "Important notes for REST APIs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from emulator.openapi.documents import as_map, pretty
from emulator.openapi.references import References

MODEL_URL = "https://apigateway.amazonaws.com/restapis/"

_OAS3_ORDER = (
    "$schema", "id", "title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "type",
    "not", "properties", "additionalProperties", "description", "format", "$ref", "default", "enum", "items", "allOf",
    "anyOf", "oneOf", "definitions",
)  # fmt: skip
_SWAGGER_ORDER = (
    "$schema", "id", "$ref", "type", "format", "required", "properties", "additionalProperties", "items", "allOf",
    "anyOf", "oneOf", "not", "title", "description", "enum", "default", "multipleOf", "minimum", "exclusiveMinimum",
    "maximum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties", "definitions",
)  # fmt: skip
_DROPPED = frozenset(
    {"example", "examples", "discriminator", "readOnly", "writeOnly", "xml", "externalDocs", "deprecated", "nullable"}
)
_NESTED = ("not", "items", "additionalProperties")
_NESTED_MAPS = ("properties", "patternProperties", "definitions", "dependencies")
_NESTED_LISTS = ("allOf", "anyOf", "oneOf", "items")


def model_url(api_id: str, name: str) -> str:
    """Where AWS says a model lives."""
    return f"{MODEL_URL}{api_id}/models/{name}"


def model_name(reference: str) -> str | None:
    """The model a model URL names, whatever API it is of; None for another reference."""
    marker = "/models/"
    if "://" in reference and marker in reference:
        return reference.rsplit(marker, 1)[1].split("/", 1)[0]
    return None


def map_schema(schema: Any, order: tuple[str, ...], on_ref: Callable[[str], Any], sort_required: bool) -> Any:
    """The schema with its keywords in ``order`` and every ``$ref`` replaced by what ``on_ref`` makes of it.

    ``on_ref`` gives the new reference, or a whole schema to stand in its place.
    """
    if isinstance(schema, bool) or not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = on_ref(reference)
        return target if isinstance(target, dict) else {"$ref": target}
    result: dict[str, Any] = {}
    known = [key for key in order if key in schema]
    for key in known + [key for key in schema if key not in order]:
        if key in _DROPPED or key.startswith("x-"):
            continue
        result[key] = _map_keyword(key, schema[key], order, on_ref, sort_required)
    return result


def _map_keyword(
    key: str, value: Any, order: tuple[str, ...], on_ref: Callable[[str], Any], sort_required: bool
) -> Any:
    def below(item: Any) -> Any:
        return map_schema(item, order, on_ref, sort_required)

    if key in _NESTED_MAPS and isinstance(value, dict):
        return {name: below(item) for name, item in value.items()}
    if key in _NESTED_LISTS and isinstance(value, list):
        return [below(item) for item in value]
    if key in _NESTED:
        return below(value)
    if key == "required" and isinstance(value, list) and sort_required:
        return sorted(value, key=str)
    return value


class ModelBook:
    """The models a document defines, and those made for schemas written in place.

    ``names`` are the models that can be referred to. ``inline`` are the models made on the way, by name.
    """

    def __init__(
        self,
        api_id: str,
        references: References,
        names: set[str],
        new_name: Callable[[], str],
        warn: Callable[[str], None],
    ) -> None:
        self.api_id = api_id
        self.references = references
        self.names = names
        self.defined: frozenset[str] = frozenset(names)  # whatever becomes of them
        self.inline: dict[str, dict[str, Any]] = {}
        self._new_name = new_name
        self._warn = warn
        self._by_text: dict[str, str] = {}
        self._open: set[str] = set()  # references being written out, against loops

    def text(self, schema: Any, name: str = "") -> str:
        """The schema as a model keeps it. References into the model ``name`` itself stay within it."""
        swagger = self.references.swagger
        order = _SWAGGER_ORDER if swagger else _OAS3_ORDER
        own = f"{self.references.schema_prefix}{name}/"

        def on_ref(reference: str) -> Any:
            return f"#/{reference[len(own) :]}" if name and reference.startswith(own) else self._reference(reference)

        return pretty(map_schema(schema, order, on_ref, sort_required=not swagger))

    def name_for(self, schema: Any, where: str, parsed_at: str) -> str | None:
        """The model for a schema of a body: the one it refers to, or one made for it. None: no such model.

        ``where`` and ``parsed_at`` say in warnings where the schema stands: ``in 200 response to method 'GET /a'``, and
        ``paths.'/a'(get).responses.200.content.schema``.
        """
        if not isinstance(schema, dict):
            return None
        reference = schema.get("$ref")
        if isinstance(reference, str):
            name = self.references.schema_name(reference) or model_name(reference)
            if name is None:
                return self._made(as_map(self.references.resolve(schema)))
            if name not in self.names:
                if name not in self.defined and not self.references.swagger:
                    self._warn(f"Parse issue: attribute {parsed_at}.{reference} is missing")
                self._warn(f"Reference to model '{name}' not found. Ignoring.")
                return None
            return name
        kind = _parser_type(schema, self.references.swagger)
        if kind is not None:
            self._warn(f"Unsupported model type '{kind}' {where}. Ignoring.")
            return None
        return self._made(schema)

    def _made(self, schema: dict[str, Any]) -> str:
        text = self.text(schema)
        name = self._by_text.get(text)
        if name is None:
            name = self._by_text[text] = self._new_name()
            self.inline[name] = schema
            self.names.add(name)
        return name

    def _reference(self, reference: str) -> Any:
        name = self.references.schema_name(reference) or model_name(reference)
        if name is not None:
            return model_url(self.api_id, name)
        if reference == "#" or not reference.startswith("#/"):
            return reference
        if reference in self._open:
            return {}
        self._open.add(reference)
        swagger = self.references.swagger
        order = _SWAGGER_ORDER if swagger else _OAS3_ORDER
        try:
            return map_schema(self.references.resolve({"$ref": reference}), order, self._reference, not swagger)
        finally:
            self._open.discard(reference)


_FORMATS = {
    "date": "Date",
    "date-time": "DateTime",
    "byte": "ByteArray",
    "binary": "Binary",
    "uuid": "UUID",
    "email": "Email",
    "password": "Password",
}


def _parser_type(schema: dict[str, Any], swagger: bool) -> str | None:
    """What AWS's parser calls a schema that cannot be a model (a scalar); None for one that can."""
    kind = schema.get("type")
    if kind == "string":
        name = _FORMATS.get(str(schema.get("format")), "String")
    elif kind in ("integer", "number", "boolean"):
        name = str(kind).capitalize()
    else:
        return None
    return name + ("Property" if swagger else "Schema")


def is_canonical(schema: Any) -> bool:
    """Whether a schema's references are ones AWS can keep: into the document, or model URLs."""
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#") and model_name(reference) is None:
                elsewhere = "/" in reference or "." in reference  # anything else is swagger 1's way to name a model
                if elsewhere:
                    return False
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return True


def used_models(schema_text: str) -> set[str]:
    """The models that a model's schema refers to."""
    return set(re.findall(re.escape(MODEL_URL) + r'[^/"]+/models/([A-Za-z0-9]+)"', schema_text))


def to_document(schema_text: str, name: str, prefix: str) -> Any:
    """The schema of the model ``name`` as a document shows it: references point into the document."""
    try:
        schema = json.loads(schema_text)
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        return {"type": "object"}  # a model that is not JSON

    def local(reference: str) -> str:
        if reference == "#":
            return prefix + name
        if reference.startswith("#/"):
            return prefix + name + reference[1:]
        other = model_name(reference)
        return reference if other is None else prefix + other

    swagger = prefix.startswith("#/definitions")
    result = map_schema(schema, _SWAGGER_ORDER if swagger else _OAS3_ORDER, local, sort_required=not swagger)
    result.pop("$schema", None)
    return result


def description_of(schema: Any) -> str | None:
    """What a schema says of itself, as a model's description."""
    text = schema.get("description") if isinstance(schema, dict) else None
    return text if isinstance(text, str) else None
