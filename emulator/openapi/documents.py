"""Bytes to a document and back: JSON, YAML and gzip, within bounds.

Belongs here: syntax. Never here: what a document means.

JSON goes through the standard library, YAML through PyYAML's safe loader with three changes: dates stay text, keys
become text (``200:``), and a document whose aliases loop or unfold to more than ``MAX_NODES`` nodes is refused before
it is built. Output is laid out as AWS's exports are (Jackson's pretty printer).
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from emulator.errors import BadRequestException

MAX_BYTES = 6 * 1024 * 1024
MAX_NODES = 2_000_000
MAX_DEPTH = 200

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SAFE):  # type: ignore[misc,valid-type]
    """A safe loader that leaves dates as they are written."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class MalformedDocument(Exception):
    """The bytes are no document: not JSON, not YAML, too big, too deep, or no object."""


def load(body: bytes, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document in ``body``. Raises ``MalformedDocument``; ``BadRequestException`` when it is too large.

    ``variables`` are texts to put in place of others (``${AWS::Region}``) wherever they stand.
    """
    body = _unzipped(body)
    if len(body) > MAX_BYTES:
        raise BadRequestException("Request body is larger than the maximum of 6 MB")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedDocument(str(error)) from error
    for name, value in (variables or {}).items():
        text = text.replace(name, value)
    try:
        document = _load_json(text) if text.lstrip().startswith("{") else _load_yaml(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise MalformedDocument(str(error)) from error
    if not isinstance(document, dict):
        raise MalformedDocument("not an object")
    return document


def _load_json(text: str) -> Any:
    document = json.loads(text, parse_constant=_no_number)
    pending: list[tuple[Any, int]] = [(document, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise MalformedDocument("nested too deeply")
        if isinstance(node, dict):
            pending.extend((value, depth + 1) for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            pending.extend((value, depth + 1) for value in node if isinstance(value, dict | list))
    if "\\ud" in text.lower():  # half of a surrogate pair is no text
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _unzipped(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedDocument(str(error)) from error


def _load_yaml(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _weigh(node, {}, 0)
        return _with_text_keys(loader.construct_document(node))
    finally:
        loader.dispose()


def _weigh(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """How many nodes ``node`` unfolds to, each alias counted as often as it is used."""
    weight = known.get(id(node))
    if weight is not None:
        if weight == 0:
            raise MalformedDocument("an alias refers to itself")
        return weight
    if depth > MAX_DEPTH:
        raise MalformedDocument("nested too deeply")
    known[id(node)] = 0  # being weighed
    total = 1
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            total += _weigh(item, known, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            total += _weigh(key, known, depth + 1) + _weigh(value, known, depth + 1)
    if total > MAX_NODES:
        raise MalformedDocument("aliases unfold to too much")
    known[id(node)] = total
    return total


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    return value


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def as_text(value: Any) -> str:
    """A scalar as Java prints it: what AWS makes of ``statusCode: 200`` and ``version: 1.0``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return value if isinstance(value, str) else json.dumps(value)


def as_map(value: Any) -> dict[str, Any]:
    """The object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The array, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def hashed(names: Iterable[str]) -> list[str]:
    """The names as a Java HashMap of strings lists them: the order of most things in AWS's exports."""
    given = sorted(names)
    buckets = 16
    while len(given) > buckets * 0.75:
        buckets *= 2
    return sorted(given, key=lambda name: _bucket(name) & (buckets - 1))


def _bucket(name: str) -> int:
    code = 0
    for character in name:
        code = (31 * code + ord(character)) & 0xFFFFFFFF
    return code ^ (code >> 16)


def pretty(value: Any, indent: str = "") -> str:
    """JSON in the layout of Jackson's pretty printer: ``{ "a" : 1 }`` over lines, arrays of scalars on one line."""
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = indent + "  "
        members = [f"{inner}{_scalar(key)} : {pretty(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(members) + "\n" + indent + "}"
    if isinstance(value, list):
        return "[ " + ", ".join(pretty(item, indent) for item in value) + " ]" if value else "[ ]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Dumper(yaml.SafeDumper):
    """YAML as AWS's exports have it: strings in double quotes, keys bare, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Quoted(str):
    """A string that is a value: printed in double quotes."""


def _quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_Dumper.add_representer(_Quoted, _quoted)


def to_yaml(document: dict[str, Any]) -> str:
    """The document as YAML in AWS's layout."""
    text: str = yaml.dump(
        _with_quotes(document),
        Dumper=_Dumper,
        explicit_start=True,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000_000,
    )
    return text


def _with_quotes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_quotes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_quotes(item) for item in value]
    return _Quoted(value) if isinstance(value, str) else value
