"""Parts: what is heavy, made when the ports are already open.

Belongs here: the planes and the integrations, wired. Never here: listening, or telling requests apart.
"""

from __future__ import annotations

import importlib
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from emulator import wire
from emulator.effects import Effects
from emulator.services.calls import ServiceCalls
from emulator.services.detect import Target
from emulator.settings import Settings
from emulator.store.store import Store

_MODULES = (
    "emulator.control.app",
    "emulator.execute_api.gateway",
    "emulator.execute_api.locate",
    "emulator.integrations.dispatch",
)


def import_parts() -> None:
    """Import what the planes need; runs in a thread, so that health answers meanwhile."""
    for name in _MODULES:
        importlib.import_module(name)


class Parts:
    """Both planes and what they lean on."""

    log = Logger()

    def __init__(self, effects: Effects, settings: Settings, store: Store, services: ServiceCalls) -> None:
        from emulator.control.app import ControlApp
        from emulator.control.call import Principal
        from emulator.execute_api.gateway import Gateway
        from emulator.integrations.dispatch import Dispatch

        self._principal = Principal
        self._effects = effects
        self._services = services
        self.workers: Any = None
        self.dispatch = Dispatch(effects, {})
        self.gateway = Gateway(
            effects=effects, settings=settings, store=store, dispatch=self.dispatch, services=services
        )
        self.control = ControlApp(store, effects, settings, services=services, data_plane=self.gateway)

    def control_request(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        """An operation of API Gateway, for the caller the signature names."""
        principal = self._principal(account=target.account, access_key=target.access_key)
        return self.control.serve(request, target.account, target.region, principal)

    def service_request(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        """A request for another AWS service."""
        return self._services.moto.request(
            target.service, request, account=target.account, region=target.region, access_key=target.access_key
        )

    def prepare_moto(self) -> None:
        """On the writer's thread: what must be registered with moto before its first use."""

    async def reset(self) -> None:
        """Forget what the parts keep beside the store."""

    def figures(self) -> dict[str, Any]:
        """Numbers for the info page."""
        return {}
