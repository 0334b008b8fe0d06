"""Assembly: every object is made here, once, and handed what it needs.

Belongs here: the order of making, the wires between the parts, starting and stopping. Never here: behaviour of a part.
What is heavy to import is imported in a thread after the ports are open; requests that come sooner wait for it.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from emulator import wire
from emulator.console.requests import PAGE
from emulator.effects import Effects, settle_heap
from emulator.front import Front
from emulator.pages import Pages, json_response
from emulator.parts import Parts, import_parts
from emulator.services import custom_answers
from emulator.services.calls import ServiceCalls
from emulator.services.detect import Target
from emulator.services.moto_services import MotoServices
from emulator.settings import Settings
from emulator.store.store import Store
from emulator.web.site import Site

_LEGACY = "The data plane is off (PROVIDER_OVERRIDE_APIGATEWAY=legacy)"
_GRACE_SECONDS = 30.0  # AWS's longest default integration timeout, and one


class Emulator(MultiService):
    """The whole emulator as a service: listeners, planes, Lambda's workers. ``front.Planes`` is its other face."""

    log = Logger()

    def __init__(self, effects: Effects, settings: Settings) -> None:
        super().__init__()
        self.effects = effects
        self.settings = settings
        self.store = Store()
        self.moto = MotoServices(effects, settings, prepare=self._prepare_moto)
        self.calls = ServiceCalls(effects, settings, self.moto)
        self.parts: Parts | None = None
        self._waiting: list[Deferred[Parts]] = []
        self._locate: Any = None
        self.pages = Pages(
            effects,
            settings,
            touched=lambda: self.moto.touched,
            reset=self.reset,
            figures=self._figures,
            requests=lambda: self.parts.recorder if self.parts is not None else None,
            face=PAGE,
        )
        self.front = Front(self)

    # Starting and stopping.

    def startService(self) -> None:
        super().startService()
        loading = self.effects.in_thread(import_parts)
        loading.addCallback(self._build)
        loading.addErrback(self._cannot_build)

    def stopService(self) -> Deferred[Any]:
        stopped = _settled(super().stopService())
        return stopped.addBoth(self._let_go)

    def _let_go(self, result: Any) -> Any:
        if self.parts is not None:
            self.parts.stop()
        return result

    def _build(self, _modules: object) -> None:
        self._locate = importlib.import_module("emulator.execute_api.locate")
        self.parts = Parts(self.effects, self.settings, self.store, self.calls, self.endpoint_url)
        self.parts.lambdas.setServiceParent(self)
        settle_heap()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(self.parts)

    def _cannot_build(self, failure: Any) -> None:
        self.log.failure("The emulator cannot be put together", failure)
        sys.stderr.write(f"apigw-emu: the emulator cannot be put together: {failure.getErrorMessage()}\n")
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.errback(failure)
        self.effects.fail_at_exit()
        self.effects.reactor.stop()

    def endpoint_url(self) -> str:
        """Where functions find us: a listener of ours they can reach, over plain TCP if there is one."""
        reachable = [each for each in self.pages.listening if each.startswith("http")]
        url = min(reachable, key=lambda each: each.startswith("https"), default="http://127.0.0.1:4566")
        return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    def when_ready(self) -> Deferred[Parts]:
        """The parts, as soon as they are there."""
        if self.parts is not None:
            return succeed(self.parts)
        waiting: Deferred[Parts] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def reset(self) -> Deferred[None]:
        """Empty everything: API Gateway's records, functions, every other service, caches, what was recorded."""
        return Deferred.fromCoroutine(self._reset())

    async def _reset(self) -> None:
        parts = await self.when_ready()
        self.store.reset()
        await parts.reset()
        await self.moto.reset()

    def _prepare_moto(self, module: str) -> None:
        """On the writer's thread, when moto (or one of its modules) has just been imported."""
        if self.parts is not None:
            self.parts.prepare_moto(module)

    def _figures(self) -> dict[str, Any]:
        return {"apis": len(self.store.apis), **(self.parts.figures() if self.parts is not None else {})}

    # The front's Planes.

    @property
    def loaded(self) -> bool:
        """Whether requests can be told apart yet."""
        return self.parts is not None

    def address_of(self, host: str, raw_path: bytes, headers: wire.Headers) -> Any:
        """The address of a request for a deployed API, None for any other."""
        locate = self._locate
        if locate is None:
            return None
        found = locate.address_of(host, raw_path, headers, self.settings)
        vague = found is None or found.form == "header"
        if vague and self.parts is not None and self.parts.gateway.serves_host(host):
            return locate.domain_address(host, raw_path)
        return found

    def serves_host(self, host: str) -> bool:
        return self.parts is not None and bool(self.parts.gateway.serves_host(host))

    def execute(self, request: wire.Request, address: Any) -> Deferred[wire.Response]:
        assert self.parts is not None
        if self.settings.provider == "legacy":
            return succeed(json_response(404, {"message": _LEGACY}))
        answer: Deferred[wire.Response] = self.parts.gateway.handle(request, address)
        return answer

    def too_large(self, request: wire.Request, address: Any) -> wire.Response:
        assert self.parts is not None
        refused: wire.Response = self.parts.gateway.refuse(request, address, "REQUEST_TOO_LARGE")
        return refused

    def control(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        assert self.parts is not None
        return self.parts.control_request(request, target)

    def service(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        assert self.parts is not None
        return self.parts.service_request(request, target)

    def page(self, request: wire.Request) -> Deferred[wire.Response] | wire.Response:
        if request.raw_path.startswith(custom_answers.PATH) and self.parts is not None:
            return self.parts.custom_answers.take(request)
        return self.pages.answer(request)

    def new_request_id(self) -> str:
        return self.effects.uuid()


class Listeners(Service):
    """The open ports. ``start`` opens them and fails at once when one is taken; stopping waits for running requests."""

    log = Logger()

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ports: list[IListeningPort] = []
        self.sites: list[Site] = []

    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        failed: list[Any] = []
        self.open().addErrback(failed.append)
        if failed:
            sys.stderr.write(f"apigw-emu: {failed[0].value.subFailure.getErrorMessage()}\n")
            raise SystemExit(1)

    def open(self) -> Deferred[list[IListeningPort]]:
        """Listen on every endpoint of the settings."""
        return gatherResults([self._listen(each) for each in self._emulator.settings.listen], consumeErrors=True)

    def _listen(self, description: str) -> Deferred[IListeningPort]:
        emulator = self._emulator
        tls = description.startswith("ssl:")
        site = Site(emulator.front, emulator.effects, emulator.front.body_limit, tls=tls)
        self.sites.append(site)
        endpoint = serverFromString(emulator.effects.reactor, description)
        if tls:
            self._name_certificates(endpoint)
        return endpoint.listen(site).addCallback(self._opened, tls)

    def _name_certificates(self, endpoint: Any) -> None:
        """Custom domains show their own certificates, and may ask for the client's."""
        from emulator.services.domain_certificates import DomainCertificates
        from emulator.web.tls import NamedContexts

        certificates = DomainCertificates(self._emulator.store)
        NamedContexts(certificates.find).attach(endpoint._sslContextFactory.getContext())

    def _opened(self, port: IListeningPort, tls: bool) -> IListeningPort:
        self._ports.append(port)
        where = address_text(port.getHost(), tls)
        self._emulator.pages.listening.append(where)
        self.log.info("apigw-emu listens on {where}", where=where)
        return port

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for port in self._ports:
            await _settled(port.stopListening())
        drained = gatherResults([site.drain() for site in self.sites])
        if not drained.called:
            drained.addTimeout(_GRACE_SECONDS, self._emulator.effects.clock, onTimeoutCancel=lambda *_: None)
        await drained
        for site in self.sites:
            site.close_all()


def _settled(value: Any) -> Deferred[Any]:
    return value if isinstance(value, Deferred) else succeed(value)


def address_text(host: Any, tls: bool) -> str:
    """An address as one would type it."""
    name = getattr(host, "name", None)
    if name is not None:
        return f"unix:{name.decode() if isinstance(name, bytes) else name}"
    address = f"[{host.host}]" if ":" in host.host else host.host
    return f"{'https' if tls else 'http'}://{address}:{host.port}"


class StateDirectory(Service):
    """The directory for function code and work files; a temporary one is removed at the end."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="apigw-emu-")

    def stopService(self) -> None:
        super().stopService()
        shutil.rmtree(self.path, ignore_errors=True)


class Whole(MultiService):
    """Emulator and listeners, stopped in order: first no new requests, then the workers, then the files."""

    def __init__(self, emulator: Emulator, listeners: Listeners, directory: StateDirectory | None) -> None:
        super().__init__()
        self.emulator = emulator
        self.listeners = listeners
        self._directory = directory
        emulator.setServiceParent(self)
        listeners.setServiceParent(self)

    def stopService(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.running = 0
        await _settled(self.listeners.stopService())
        await _settled(self.emulator.stopService())
        if self._directory is not None:
            self._directory.stopService()


def assemble(effects: Effects, settings: Settings) -> Whole:
    """The emulator, ready to start; ``whole.listeners.open()`` opens its ports."""
    import attrs

    directory = None
    if not settings.state_dir:
        directory = StateDirectory()
        settings = attrs.evolve(settings, state_dir=directory.path)
    emulator = Emulator(effects, settings)
    return Whole(emulator, Listeners(emulator), directory)
