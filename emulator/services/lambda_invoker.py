"""Lambda as the rest of the emulator has it: one object that finds, runs and serves functions.

Belongs here: putting Lambda's parts together, and calling a function by its ARN. Never here: behaviour of a part.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, fail, succeed

from emulator.effects import Effects
from emulator.lambda_runtime.events import NoDestinations
from emulator.lambda_runtime.functions import Function, FunctionNotFound, FunctionSource, LambdaError
from emulator.lambda_runtime.interpreters import Interpreters
from emulator.lambda_runtime.invocations import InvocationResult, StreamingResult
from emulator.lambda_runtime.pool import LambdaPool
from emulator.lambda_runtime.starter import WorkerStarter
from emulator.services.event_rules import EventRules
from emulator.services.event_schedules import EventSchedules
from emulator.services.lambda_api import LambdaApi
from emulator.services.lambda_destinations import Calls, ServiceDestinations
from emulator.services.lambda_functions import MotoFunctionSource
from emulator.services.lambda_hooks import LambdaHooks
from emulator.services.lambda_logs import MotoLogSink
from emulator.services.lambda_sources import LambdaSources
from emulator.settings import Settings


class LambdaInvoker:
    """Runs functions by ARN: what integrations and authorizers use."""

    def __init__(self, effects: Effects, source: FunctionSource, pool: LambdaPool, account: str, region: str) -> None:
        self._effects = effects
        self._source = source
        self._pool = pool
        self._account = account
        self._region = region

    def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        trace_id: str | None = None,
        asynchronous: bool = False,
        stream: bool = False,
    ) -> Deferred[InvocationResult | StreamingResult]:
        """Run the function and fire with its result; fails with a LambdaError when it cannot be run.

        ``asynchronous``: fires at once, with an empty payload. ``stream``: fires with a StreamingResult as soon as
        the answer begins (its ``prelude`` parsed, if it has one). Cancelling leaves the function running.
        """
        # No coroutine: this is every proxied request's way, and nothing here waits.
        answered: Any
        try:
            function = self._source.resolve(self._account, self._region, arn, qualifier)
            if asynchronous:
                answered = succeed(self._take(function, payload, trace_id))
            elif stream:
                answered = self._pool.invoke_streaming(function, payload, trace_id=trace_id, prelude=True)
            else:
                answered = self._pool.invoke(function, payload, trace_id=trace_id)
        except LambdaError as error:
            answered = fail(error)
        called: Deferred[InvocationResult | StreamingResult] = answered
        return called

    def _take(self, function: Function, payload: bytes, trace_id: str | None) -> InvocationResult:
        """An asynchronous call: taken, and no more is known of it."""
        request_id = self._effects.uuid()
        self._pool.invoke_async(function, payload, trace_id=trace_id, request_id=request_id)
        return InvocationResult(
            payload=b"",
            function_error=None,
            executed_version=function.version,
            request_id=request_id,
            duration_ms=0.0,
            billed_ms=0,
        )


class Lambda(MultiService):
    """All of Lambda: an IService, to be started and stopped with the emulator.

    ``endpoint_url`` tells functions where AWS is: here. ``calls`` reaches the other services, for destinations.
    """

    def __init__(
        self,
        effects: Effects,
        settings: Settings,
        state_dir: str,
        endpoint_url: Callable[[], str],
        calls: Calls | None = None,
        starter: WorkerStarter | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._effects = effects
        self.logs = MotoLogSink(effects)
        self.source = MotoFunctionSource(effects)
        self.interpreters = Interpreters(effects, settings.interpreters, strict=settings.strict_runtimes)
        starter = starter or WorkerStarter(
            effects,
            os.path.join(state_dir, "lambda"),
            self.interpreters,
            endpoint_url,
            tuple(os.path.abspath(each) for each in settings.node_modules),
        )
        destinations = ServiceDestinations(calls, self._chain) if calls is not None else NoDestinations()
        self.pool = LambdaPool(
            effects,
            starter,
            self.logs,
            concurrency=settings.lambda_concurrency,
            idle_seconds=settings.lambda_idle_seconds,
            destinations=destinations,
        )
        self.rules = EventRules(effects, calls, self._chain)
        self.schedules = EventSchedules(effects, self.rules)
        self.pool.setServiceParent(self)  # type: ignore[no-untyped-call]
        self.sources = LambdaSources(effects, self.pool, self.source, destinations)
        self.hooks = LambdaHooks(effects, self.pool, self.source, self.sources, self.interpreters)
        self.api = LambdaApi(effects, self.source, self.pool)
        self.invoker = LambdaInvoker(effects, self.source, self.pool, settings.account_id, settings.region)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        self.schedules.start()

    def stopService(self) -> Deferred[object]:
        self.sources.stop()
        self.schedules.stop()
        stopped: Deferred[object] = super().stopService()  # type: ignore[no-untyped-call]
        return stopped

    def install(self) -> None:
        """Take over moto's Lambda and feed its CloudWatch Logs; on the writer's thread, before Lambda is first used."""
        self.hooks.install()
        self.rules.install()
        self.schedules.install()
        self.logs.install()

    async def reset(self) -> None:
        """Forget every function's workers, events and logs: the emulator is being emptied."""
        self.sources.clear()
        self.schedules.clear()
        await self.pool.reset()
        self.logs.clear()

    def _chain(self, arn: str, payload: bytes) -> None:
        """A function as the destination of another."""
        self.invoker.invoke(arn, payload, asynchronous=True).addErrback(lambda failure: failure.trap(FunctionNotFound))
