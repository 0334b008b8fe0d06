"""Gateway: the data plane's one object, and its doors.

Belongs here: what the stages share (effects, store, the other parts), and the entry points the front and the control
plane call. Never here: what a stage does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import Factory, define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.execute_api import identifiers, pipeline, test_invoke
from emulator.execute_api.cache import StageCaches
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.locate import Address, Directory, locate
from emulator.execute_api.throttle import Buckets
from emulator.execute_api.watched_stream import WatchedStream
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.settings import Settings
from emulator.store.records import Record
from emulator.store.store import Store
from emulator.wire import Request, Response


class Backends(Protocol):
    """``integrations.dispatch.Dispatch``, or a double of it."""

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]: ...


class Observer(Protocol):
    """Whoever wants to see finished invocations (``observe``); called after the answer is made."""

    def finished(self, invocation: Invocation, gateway: Gateway) -> None: ...
    def stop(self) -> None: ...


@define(eq=False, kw_only=True)
class Gateway:
    """What the stages may use. Optional parts are None where the emulator runs without them.

    ``lambdas``   services.lambda_invoker.LambdaInvoker: ``invoke(arn, payload, …)``
    ``services``  services.calls.ServiceCalls
    ``iam_directory``, ``user_pools``, ``vpc_endpoints``, ``waf_directory``: what the gatekeepers look up elsewhere
    ``fetch``     ``fetch(url) -> Deferred[bytes]``, for JWKS
    ``observers`` called with each finished invocation
    """

    effects: Effects
    settings: Settings
    store: Store
    dispatch: Backends
    lambdas: Any = None
    services: Any = None
    iam_directory: Any = None
    user_pools: Any = None
    vpc_endpoints: Any = None
    waf_directory: Any = None
    fetch: Callable[[str], Deferred[bytes]] | None = None
    observers: list[Observer] = Factory(list)
    directory: Directory = field(init=False)
    buckets: Buckets = field(init=False)
    caches: StageCaches = field(init=False)
    memo: dict[str, Any] = Factory(dict)  # what a gatekeeper keeps between requests, under its own name
    flushers: list[Callable[[str, str], None]] = Factory(list)  # called by flush_authorizers(api_id, stage)
    log = Logger()

    def __attrs_post_init__(self) -> None:
        self.directory = Directory(self.store, self.settings)
        self.buckets = Buckets(self.effects.clock)
        self.caches = StageCaches(self.effects.clock)

    # -- the front's doors

    def serves_host(self, host: str) -> bool:
        """Whether ``host`` (a Host header, port and all) is a custom domain of some account."""
        return self.directory.serves_host(host)

    def handle(self, request: Request, address: Address) -> Deferred[Response]:
        """Answer one request. Cancelling the Deferred means that the client hung up; it fails in no other way."""
        invocation = Invocation(request)
        invocation.address = address
        identifiers.stamp(invocation, self.effects)
        done = Deferred.fromCoroutine(pipeline.run(invocation, self))
        done.addErrback(self._bug, invocation)
        done.addCallback(self._finish, invocation)
        return done

    def refuse(self, request: Request, address: Address, response_type: str) -> Response:
        """What the front answers for a request it did not let in (REQUEST_TOO_LARGE), as the API would say it."""
        invocation = Invocation(request)
        invocation.address = address
        identifiers.stamp(invocation, self.effects)
        Deferred.fromCoroutine(self._find(invocation))
        reply = pipeline.refuse(invocation, self, GatewayError(response_type))
        return self._finish(reply, invocation)

    async def _find(self, invocation: Invocation) -> None:
        """Locate, without minding what is not there: the API's own gateway response is the answer. Never waits."""
        try:
            await locate(invocation, self)
        except GatewayError as error:
            self.log.debug("nothing at {path}: {error}", path=invocation.request.raw_path, error=error)

    def _bug(self, failure: Failure, invocation: Invocation) -> Response:
        if failure.check(CancelledError):
            failure.raiseException()
        self.log.failure("request {request_id} failed", failure=failure, request_id=invocation.request_id)
        return pipeline.refuse(invocation, self, GatewayError("DEFAULT_5XX", status=500))

    def _finish(self, response: Response, invocation: Invocation) -> Response:
        """Tell the observers: now, or when a streaming reply has ended."""
        if response.stream is not None:
            watched = WatchedStream(
                response.stream, self.effects.clock, invocation, lambda: self._observe(invocation)
            )
            return evolve(response, stream=watched)
        self._observe(invocation)
        return response

    def _observe(self, invocation: Invocation) -> None:
        for observer in self.observers:
            observer.finished(invocation, self)

    # -- the control plane's doors (Call.data_plane)

    def flush_cache(self, api_id: str, stage: str) -> None:
        """FlushStageCache."""
        self.caches.flush(api_id, stage)

    def flush_authorizers(self, api_id: str, stage: str) -> None:
        """FlushStageAuthorizersCache."""
        for flush in self.flushers:
            flush(api_id, stage)

    def test_method(self, api_id: str, request: Record) -> Deferred[Record]:
        """TestInvokeMethod: the API as it is being edited; answers the operation's output."""
        return Deferred.fromCoroutine(test_invoke.test_method(self, api_id, request))

    def test_authorizer(self, api_id: str, request: Record) -> Deferred[Record]:
        """TestInvokeAuthorizer."""
        return Deferred.fromCoroutine(test_invoke.test_authorizer(self, api_id, request))

    def reset(self) -> None:
        """Forget everything that was kept between requests: the store is empty now."""
        self.buckets.stop()
        self.buckets = Buckets(self.effects.clock)
        self.caches = StageCaches(self.effects.clock)
        self.memo.clear()
        self.flushers.clear()

    def stop(self) -> None:
        """Cancel what is scheduled."""
        self.buckets.stop()
        for observer in self.observers:
            observer.stop()
