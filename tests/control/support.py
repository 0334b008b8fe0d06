"""A control plane over a fake clock, driven through the real codec with JSON; for the tests of this folder."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import orjson
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.control.app import ControlApp
from emulator.control.codec import shared
from emulator.effects import Effects
from emulator.settings import Settings
from emulator.store.store import Store
from emulator.wire import Headers, Request, Response

ACCOUNT = "000000000000"
REGION = "us-east-1"
_CODEC = shared()


class Refused(Exception):
    """The control plane answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Control:
    """One emulated control plane. ``control("CreateRestApi", name="x")`` answers the output as botocore would."""

    def __init__(self, services: Any = None, data_plane: Any = None, settings: Settings | None = None) -> None:
        self.clock = Clock()
        self.effects = Effects.fake(self.clock)
        self.store = Store()
        self.app = ControlApp(self.store, self.effects, settings or Settings(), services, data_plane)

    def http(self, verb: str, path: str, body: bytes = b"", query: str = "", region: str = REGION) -> Response:
        """The answer to a raw request."""
        request = Request(
            method=verb,
            raw_path=path.encode(),
            raw_query=query.encode(),
            headers=Headers([("Content-Type", "application/json")]),
            body=body,
        )
        results: list[Any] = []
        deferred = self.app.serve(request, ACCOUNT, region)
        deferred.addBoth(results.append)
        assert results, "the operation did not finish at once; advance control.clock"
        if not isinstance(results[0], Response):
            results[0].raiseException()
        return results[0]

    def send(self, operation: str, arguments: dict[str, Any]) -> Response:
        """The raw answer to an operation whose arguments travel as botocore sends them."""
        shape = _CODEC.operations[operation]
        path, _, fixed = shape.template.partition("?")
        arguments = dict(arguments)
        for wire, member in shape.path_members.items():
            path = path.replace("{" + wire + "}", quote(str(arguments.pop(member.name)), safe="-._~"))
        query: list[tuple[str, Any]] = [("mode", "import")] if fixed else []
        for member in shape.query_members:
            value = arguments.pop(member.name, None)
            if value is None:
                continue
            if member.kind == "map":
                query.extend(value.items())
            elif member.kind == "list":
                query.extend((member.wire, each) for each in value)
            else:
                query.append((member.wire, str(value).lower() if isinstance(value, bool) else value))
        if shape.payload:
            body = arguments.pop(shape.payload)
        else:
            wires = {member.name: member.wire for member in shape.body_members}
            body = orjson.dumps({wires.get(name, name): value for name, value in arguments.items()})
        return self.http(shape.verb, path, body, urlencode(query))

    def __call__(self, operation: str, /, **arguments: Any) -> Any:
        """The parsed answer (``item`` lists come back as ``items``). Raises Refused."""
        response = self.send(operation, arguments)
        if response.status >= 400:
            raise Refused(
                response.status,
                response.headers.first("x-amzn-ErrorType") or "",
                orjson.loads(response.body)["message"],
            )
        if _CODEC.operations[operation].show_payload:
            return response.body
        if not response.body:
            return None
        answer = orjson.loads(response.body)
        if _CODEC.operations[operation].verb == "GET" and "item" in answer and operation.endswith("s"):
            answer.setdefault("items", answer["item"])
        return answer


class ControlTestCase(SynchronousTestCase):
    """A test with a fresh ``self.control`` and an API when asked for."""

    def setUp(self) -> None:
        self.control = Control()

    def refused(self, status: int, code: str, message: str | None, operation: str, /, **arguments: Any) -> Refused:
        """Assert that the operation is refused so (any text for None), and return the refusal."""
        with self.assertRaises(Refused) as caught:
            self.control(operation, **arguments)
        got = caught.exception
        self.assertEqual((status, code), (got.status, got.code), got.message)
        if message is not None:
            self.assertEqual(message, got.message)
        return got

    def api(self, **arguments: Any) -> str:
        """A new API's id."""
        arguments.setdefault("name", "demo")
        return str(self.control("CreateRestApi", **arguments)["id"])
