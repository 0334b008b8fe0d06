"""The emulator's own pages under ``/_emulator/``: health, info, reset, the last requests, and a face for people.

Belongs here: what the emulator says about itself. Never here: AWS's answers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from emulator import wire
from emulator.effects import Effects
from emulator.settings import Settings
from emulator.version import VERSION

OWN_SERVICES = ("apigateway", "execute-api", "lambda")


class Requests(Protocol):
    """``execute_api.recorder.Recorder``: the last requests to deployed APIs."""

    def newest(self) -> Iterable[dict[str, Any]]: ...
    def find(self, request_id: str) -> dict[str, Any] | None: ...


class Pages:
    """``touched`` lists the services in use, ``reset`` empties everything, ``figures`` are the info page's numbers.

    ``requests`` gives the recorder, or None while there is none yet; ``face`` is the HTML of ``/_emulator/``.
    """

    def __init__(
        self,
        effects: Effects,
        settings: Settings,
        *,
        touched: Callable[[], list[str]],
        reset: Callable[[], Deferred[None]],
        figures: Callable[[], dict[str, Any]],
        requests: Callable[[], Requests | None] = lambda: None,
        face: bytes = b"",
    ) -> None:
        self._effects = effects
        self._settings = settings
        self._touched = touched
        self._reset = reset
        self._figures = figures
        self._requests = requests
        self._face = face
        self._started = effects.clock.seconds()
        self._available: list[str] | None = None
        self.listening: list[str] = []

    def answer(self, request: wire.Request) -> Deferred[wire.Response] | wire.Response:
        """The page for a path under ``/_emulator/``."""
        known: dict[bytes, tuple[str, Callable[[], Any]]] = {
            b"health": ("GET", self._health),
            b"info": ("GET", self._info),
            b"reset": ("POST", self._do_reset),
            b"requests": ("GET", self._list),
            b"": ("GET", self._show),
        }
        name, _, rest = request.raw_path.split(b"/", 2)[2].partition(b"/")
        found = known.get(name)
        if name == b"requests" and rest:
            found = ("GET", lambda: self._one(rest.decode("latin-1")))
        elif rest:
            found = None
        if found is None:
            return json_response(404, {"message": "No such page; there are health, info, requests and reset"})
        method, page = found
        if request.method != method and not (method == "GET" and request.method == "HEAD"):
            return json_response(405, {"message": f"Use {method}"}, ("Allow", method))
        answer: Deferred[wire.Response] | wire.Response = page()
        return answer

    def _health(self) -> wire.Response:
        running = {*OWN_SERVICES, *self._touched()} - {"awslambda"}
        services = dict.fromkeys(self._moto_modules(), "available")
        services.update(dict.fromkeys(running, "running"))
        return json_response(200, {"status": "ready", "ready": True, "version": VERSION, "services": services})

    def _info(self) -> wire.Response:
        settings = self._settings
        return json_response(
            200,
            {
                "version": VERSION,
                "python": sys.version.split()[0],
                "pid": os.getpid(),
                "listening": self.listening,
                "region": settings.region,
                "account_id": settings.account_id,
                "state_dir": settings.state_dir,
                "provider": settings.provider,
                "uptime_seconds": round(self._effects.clock.seconds() - self._started, 3),
                **self._figures(),
            },
        )

    def _do_reset(self) -> Deferred[wire.Response]:
        return self._reset().addCallback(lambda _: json_response(200, {"status": "reset"}))

    def _list(self) -> wire.Response:
        kept = self._requests()
        return json_response(200, {"requests": list(kept.newest()) if kept is not None else []})

    def _one(self, request_id: str) -> wire.Response:
        kept = self._requests()
        found = kept.find(request_id) if kept is not None else None
        if found is None:
            return json_response(404, {"message": f"No request {request_id} among the last ones"})
        return json_response(200, found)

    def _show(self) -> wire.Response:
        # The page runs its own script and talks to this emulator, and nothing else.
        policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
        lines = [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)]
        return wire.Response(status=200, headers=wire.Headers(lines), body=self._face)

    def _moto_modules(self) -> list[str]:
        """What moto has, by its directories: importing it to ask would cost more than the answer is worth."""
        if self._available is None:
            spec = importlib.util.find_spec("moto")
            roots = list(spec.submodule_search_locations or ()) if spec is not None else []
            names = [
                entry.name
                for root in roots
                for entry in os.scandir(root)
                if os.path.exists(os.path.join(entry.path, "urls.py"))
            ]
            hidden = {"apigateway", "awslambda", "awslambda_simple", "batch_simple", "instance_metadata", "moto_api"}
            self._available = sorted(set(names) - hidden)
        return self._available


def json_response(status: int, value: object, *lines: tuple[str, str]) -> wire.Response:
    """A page of JSON."""
    body = json.dumps(value, indent=2).encode() + b"\n"
    return wire.Response(status=status, headers=wire.Headers([("Content-Type", "application/json"), *lines]), body=body)
