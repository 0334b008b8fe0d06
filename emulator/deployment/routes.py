"""The segment tree: path and verb to method.

Belongs here: AWS's precedence (a static segment before ``{name}`` before ``{name+}``, with backtracking, an exact verb
before ANY) in a tree whose cost does not depend on the number of resources. Never here: stages, base paths, queries.
Path parameters stay escaped: REST APIs hand ``%40`` on as ``%40``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from attrs import Factory, define

from emulator.wire import decode

# What ANY stands for.
VERBS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@define(eq=False)
class _Node:
    static: dict[str, _Node] = Factory(dict)
    variable: _Node | None = None
    variable_name: str = ""
    greedy: _Node | None = None
    greedy_name: str = ""
    methods: dict[str, Any] | None = None  # None: no resource ends here


class RouteTree:
    """Resources by path; each holds its methods by verb."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, path: str, methods: dict[str, Any]) -> None:
        """One resource: its path as AWS prints it (``/pets/{id}``) and its methods by verb."""
        node = self._root
        for segment in path.split("/")[1:]:
            if segment == "":
                continue
            if segment.startswith("{") and segment.endswith("+}"):
                if node.greedy is None:
                    node.greedy, node.greedy_name = _Node(), segment[1:-2]
                node = node.greedy
            elif segment.startswith("{") and segment.endswith("}"):
                if node.variable is None:
                    node.variable, node.variable_name = _Node(), segment[1:-1]
                node = node.variable
            else:
                node = node.static.setdefault(segment, _Node())
        node.methods = methods

    def find(self, path: str, verb: str) -> tuple[Any, dict[str, str]] | None:
        """The method for ``path`` (raw, starting with ``/``) and ``verb``, with the path parameters as they came.

        A trailing slash is ignored. None when no resource with that verb is there.
        """
        found = self._walk(path, verb)
        if found is None:
            return None
        methods, parameters = found
        method = methods.get(verb)
        if method is None:
            method = methods["ANY"]
        return method, parameters

    def verbs(self, path: str) -> frozenset[str] | None:
        """The verbs of the resource at ``path``, ANY spelled as it is; None when there is no such resource."""
        found = self._walk(path, None)
        return None if found is None else frozenset(found[0])

    @staticmethod
    def capture(resource_path: str, path: str) -> dict[str, str] | None:
        """The path parameters of one given resource in ``path``; None when the path is not of its form."""
        tree = RouteTree()
        tree.add(resource_path, {"ANY": True})
        found = tree.find(path, "GET")
        return None if found is None else found[1]

    def _walk(self, path: str, verb: str | None) -> tuple[dict[str, Any], dict[str, str]] | None:
        segments = path.split("/")
        del segments[0]
        if len(segments) > 1 and segments[-1] == "" or segments == [""]:
            segments.pop()
        captured: list[tuple[str, str]] = []
        methods = _descend(self._root, segments, 0, verb, captured)
        if methods is None:
            return None
        return methods, dict(captured)


def _descend(
    node: _Node, segments: list[str], at: int, verb: str | None, captured: list[tuple[str, str]]
) -> dict[str, Any] | None:
    if at == len(segments):
        methods = node.methods
        if methods is not None and (verb is None or verb in methods or ("ANY" in methods and verb in VERBS)):
            return methods
        return None
    segment = segments[at]
    child = node.static.get(segment)
    if child is None and "%" in segment:
        child = node.static.get(_text(segment))
    if child is not None:
        found = _descend(child, segments, at + 1, verb, captured)
        if found is not None:
            return found
    if node.variable is not None and segment != "":
        captured.append((node.variable_name, segment))
        found = _descend(node.variable, segments, at + 1, verb, captured)
        if found is not None:
            return found
        captured.pop()
    if node.greedy is not None:
        rest = "/".join(segments[at:])
        if rest != "":
            found = _descend(node.greedy, segments, len(segments), verb, captured)
            if found is not None:
                captured.append((node.greedy_name, rest))
                return found
    return None


def _text(segment: str) -> str:
    if "%" not in segment:
        return segment
    return decode(unquote_to_bytes(segment))
