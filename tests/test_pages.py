"""The emulator's own pages."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.console.requests import PAGE
from emulator.effects import Effects
from emulator.pages import Pages
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response


class Kept:
    def newest(self) -> list[dict[str, Any]]:
        return [{"requestId": "b-2"}, {"requestId": "a-1"}]

    def find(self, request_id: str) -> dict[str, Any] | None:
        return {"requestId": request_id, "log": ["line"]} if request_id == "a-1" else None


class PagesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.kept: Kept | None = Kept()
        self.resets = 0
        self.pages = Pages(
            Effects.fake(Clock()),
            Settings(),
            touched=lambda: ["sqs"],
            reset=self.reset,
            figures=lambda: {"apis": 3},
            requests=lambda: self.kept,
            face=PAGE,
        )

    def reset(self) -> Deferred[None]:
        self.resets += 1
        return succeed(None)

    def get(self, path: bytes, method: str = "GET") -> Response:
        request = Request(method=method, raw_path=path, raw_query=b"", headers=Headers(), body=b"")
        answer = self.pages.answer(request)
        return self.successResultOf(answer) if isinstance(answer, Deferred) else answer

    def json(self, path: bytes, method: str = "GET") -> Any:
        return json.loads(self.get(path, method).body)

    def test_health_info_reset(self) -> None:
        self.assertEqual(self.json(b"/_emulator/health")["services"]["sqs"], "running")
        self.assertEqual(self.json(b"/_emulator/info")["apis"], 3)
        self.assertEqual((self.json(b"/_emulator/reset", "POST"), self.resets), ({"status": "reset"}, 1))
        self.assertEqual((self.get(b"/_emulator/reset").status, self.resets), (405, 1))

    def test_requests(self) -> None:
        listed = self.json(b"/_emulator/requests")["requests"]
        self.assertEqual([each["requestId"] for each in listed], ["b-2", "a-1"])
        self.assertEqual(self.json(b"/_emulator/requests/a-1")["log"], ["line"])
        self.assertEqual(self.get(b"/_emulator/requests/zz").status, 404)
        self.kept = None
        self.assertEqual(self.json(b"/_emulator/requests"), {"requests": []})
        self.assertEqual(self.get(b"/_emulator/requests/a-1").status, 404)

    def test_the_face(self) -> None:
        shown = self.get(b"/_emulator/")
        self.assertEqual((shown.status, shown.headers.last("content-type")), (200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'", shown.headers.last("content-security-policy") or "")
        # What a client of an API sent is never markup.
        self.assertNotIn(b"innerHTML", shown.body)

    def test_no_such_page(self) -> None:
        for path in (b"/_emulator/nothing", b"/_emulator/health/x", b"/_emulator/requestsx"):
            self.assertEqual(self.get(path).status, 404, path)
