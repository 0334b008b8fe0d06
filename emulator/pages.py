"""The emulator's own pages under ``/_emulator/``: health, info, reset.

Belongs here: what the emulator says about itself. Never here: AWS's answers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from emulator import wire
from emulator.effects import Effects
from emulator.settings import Settings
from emulator.version import VERSION

OWN_SERVICES = ("apigateway", "execute-api", "lambda")


class Pages:
    """``touched`` lists the services in use, ``reset`` empties everything, ``figures`` are the info page's numbers."""

    def __init__(
        self,
        effects: Effects,
        settings: Settings,
        *,
        touched: Callable[[], list[str]],
        reset: Callable[[], Deferred[None]],
        figures: Callable[[], dict[str, Any]],
    ) -> None:
        self._effects = effects
        self._settings = settings
        self._touched = touched
        self._reset = reset
        self._figures = figures
        self._started = effects.clock.seconds()
        self._available: list[str] | None = None
        self.listening: list[str] = []

    def answer(self, request: wire.Request) -> Deferred[wire.Response] | wire.Response:
        """The page for a path under ``/_emulator/``."""
        known: dict[bytes, tuple[str, Callable[[], Any]]] = {
            b"health": ("GET", self._health),
            b"info": ("GET", self._info),
            b"reset": ("POST", self._do_reset),
        }
        found = known.get(request.raw_path.split(b"/", 2)[2])
        if found is None:
            return json_response(404, {"message": "No such page; there are health, info and reset"})
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
