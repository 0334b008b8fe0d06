"""Paths to resources: the tree that a document's paths call for.

Belongs here: AWS's rules about path parts, and finding or adding the resources of a path. Never here: methods.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.store.records import Record, RestApi

_PATH_PART = re.compile(r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._:-]+\+?\}")
_BAD_PART = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning "
    "and the end."
)


class BadPath(Exception):
    """A path that cannot become resources; the text is AWS's."""


class Tree:
    """The resources of one API by path, growing."""

    def __init__(self, api: RestApi, new_id: Callable[[int], str]) -> None:
        self._api = api
        self._new_id = new_id
        self._by_path: dict[str, Record] = {record["path"]: record for record in api.resources.values()}
        self._variable: dict[str, str] = {}  # parent id -> its child with a variable part
        for record in api.resources.values():
            if record.get("pathPart", "").startswith("{"):
                self._variable[record["parentId"]] = record["pathPart"]

    def find(self, path: str) -> Record | None:
        return self._by_path.get(path)

    def add(self, path: str) -> Record:
        """The resource of ``path``, made with its parents where they are missing. Raises ``BadPath``."""
        resource = self._by_path["/"]
        built = ""
        for part in path.split("/")[1:] if path != "/" else ():
            built += "/" + part
            found = self._by_path.get(built)
            resource = self._child(resource, part, built) if found is None else found
        return resource

    def _child(self, parent: Record, part: str, path: str) -> Record:
        if not _PATH_PART.fullmatch(part):
            raise BadPath(_BAD_PART)
        if parent.get("pathPart", "").endswith("+}"):
            raise BadPath(f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}")
        if part.startswith("{"):
            sibling = self._variable.get(parent["id"])
            if sibling is not None:
                raise BadPath(
                    f"A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed"
                )
            self._variable[parent["id"]] = part
        record: Record = {"id": self._fresh(), "parentId": parent["id"], "pathPart": part, "path": path}
        self._api.resources[record["id"]] = record
        self._by_path[path] = record
        return record

    def _fresh(self) -> str:
        while True:
            made = self._new_id(6)
            if made not in self._api.resources:
                return made
