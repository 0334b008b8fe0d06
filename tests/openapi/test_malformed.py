"""Documents with parts of the wrong kind: imported, or refused with 400; never a failure of ours, never half done."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Control

CASES = Path(__file__).parent.parent / "cases"
DOCUMENTS = [case["document"] for case in json.loads((CASES / "import.json").read_text())]
DOCUMENTS.append(json.loads((CASES / "export.json").read_text())["document"])
JUNK: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "${x}", [], {}, [1], ["a"], {"a": 1}, [[]], [{}], [None],
    {"$ref": "#/paths"}, {"$ref": "#/x"}, {"$ref": 1}, {"type": "object"},
]  # fmt: skip
MEMBERS = (
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-policy",
    "x-amazon-apigateway-documentation",
    "x-amazon-apigateway-gateway-responses",
    "security",
    "parameters",
    "tags",
    "servers",
    "components",
    "$ref",
    "responses",
    "content",
    "schema",
    "headers",
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every node of a document."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


def spoiled(chance: random.Random) -> dict[str, Any]:
    """A good document with a few of its nodes exchanged for something else."""
    document: dict[str, Any] = copy.deepcopy(chance.choice(DOCUMENTS))
    for _ in range(chance.choice([1, 1, 2, 4])):
        path = chance.choice([each for each in places(document) if each])
        at(document, path[:-1])[path[-1]] = copy.deepcopy(chance.choice(JUNK))
        other = at(document, chance.choice(list(places(document))))
        if isinstance(other, dict) and chance.random() < 0.2:
            other[chance.choice(MEMBERS)] = copy.deepcopy(chance.choice(JUNK))
    return document


class Malformed(SynchronousTestCase):
    def test_imported_or_refused(self) -> None:
        chance = random.Random(2026)
        control = Control()
        base = control("ImportRestApi", body=json.dumps(DOCUMENTS[0]).encode())["id"]
        answers = set()
        for _ in range(250):
            document = spoiled(chance)
            body = json.dumps(document).encode()
            before = len(control.store.apis)
            if chance.random() < 0.5:
                parameters = {"basepath": chance.choice(["prepend", "split", "ignore"])}
                response = control.send("ImportRestApi", {"body": body, "parameters": parameters})
            else:
                mode = chance.choice(["merge", "overwrite"])
                response = control.send("PutRestApi", {"restApiId": base, "body": body, "mode": mode})
            answers.add(response.status)
            self.assertIn(response.status, (200, 201, 400), document)
            self.assertEqual(response.status == 201, len(control.store.apis) > before)
            if response.status != 400:
                self.check_export(control, json.loads(response.body)["id"], document)
        self.assertEqual({200, 201, 400}, answers)

    def check_export(self, control: Control, api_id: str, document: dict[str, Any]) -> None:
        """What was taken can be given out again."""
        if control.send("CreateDeployment", {"restApiId": api_id, "stageName": "s"}).status != 201:
            return  # no methods are left
        for kind in ("swagger", "oas30"):
            where = {"restApiId": api_id, "stageName": "s", "exportType": kind}
            response = control.send("GetExport", {**where, "parameters": {"extensions": "apigateway"}})
            self.assertEqual(200, response.status, document)
