"""Parts: what is heavy, made when the ports are already open.

Belongs here: the planes, Lambda's workers and the integrations, wired. Never here: listening, or telling requests
apart. Modules are imported inside functions: the import runs in a thread, so that health answers meanwhile.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from emulator import wire
from emulator.effects import Effects
from emulator.services.calls import ServiceCalls
from emulator.services.detect import Target
from emulator.settings import Settings
from emulator.store.store import Store

_MODULES = (
    "emulator.control.app",
    "emulator.control.codec",
    "emulator.execute_api.gateway",
    "emulator.execute_api.recorder",
    "emulator.integrations.table",
    "emulator.observe.trail",
    "emulator.services.endpoint",
    "emulator.execute_api.watch",
    "emulator.services.iam_directory",
    "emulator.services.key_fetch",
    "emulator.services.observations",
    "emulator.services.lambda_invoker",
    "emulator.services.user_pools",
    "emulator.services.vpc_endpoints",
    "emulator.services.waf_directory",
)


_SHOW_OBSERVATIONS = frozenset({"logs", "monitoring", "xray", "firehose"})


def import_parts() -> None:
    """Import what the planes need; runs in a thread."""
    for name in _MODULES:
        importlib.import_module(name)
    importlib.import_module("emulator.control.app").import_operations()


class Parts:
    """Both planes and what they lean on. ``endpoint_url()`` is where functions find the emulator."""

    log = Logger()

    def __init__(
        self,
        effects: Effects,
        settings: Settings,
        store: Store,
        calls: ServiceCalls,
        endpoint_url: Callable[[], str],
    ) -> None:
        self._effects = effects
        self._settings = settings
        self._store = store
        self._calls = calls
        self._make_lambda(endpoint_url)
        self._make_planes(endpoint_url)

    def _make_lambda(self, endpoint_url: Callable[[], str]) -> None:
        from emulator.services.custom_answers import CustomAnswers
        from emulator.services.lambda_invoker import Lambda

        self.lambdas = Lambda(self._effects, self._settings, self._settings.state_dir, endpoint_url, self._calls)
        self.custom_answers = CustomAnswers(self._effects, self.lambdas.invoker, self._calls, endpoint_url)

    def _make_planes(self, endpoint_url: Callable[[], str]) -> None:
        from emulator.control.api_mappings import ApiMappings
        from emulator.control.app import ControlApp
        from emulator.control.call import Principal
        from emulator.execute_api.gateway import Gateway
        from emulator.execute_api.recorder import Recorder
        from emulator.execute_api.watch import Watch
        from emulator.integrations import table
        from emulator.observe.trail import Trail
        from emulator.services.endpoint import Endpoints
        from emulator.services.iam_directory import MotoIamDirectory
        from emulator.services.key_fetch import KeyFetcher
        from emulator.services.observations import Observations
        from emulator.services.user_pools import MotoUserPools
        from emulator.services.vpc_endpoints import MotoVpcEndpoints
        from emulator.services.waf_directory import MotoWafDirectory
        from emulator.web.client_pool import ClientPool

        effects, settings, store = self._effects, self._settings, self._store
        self._principal = Principal
        self.client_pool = ClientPool(effects)
        self._calls.elsewhere = Endpoints(effects, settings, self.client_pool)
        self._calls.ours = self._ours
        self.dispatch = table.build(
            effects, settings, store, self.client_pool, self.lambdas.invoker, self._calls, endpoint_url
        )
        self.gateway = Gateway(
            effects=effects,
            settings=settings,
            store=store,
            dispatch=self.dispatch,
            lambdas=self.lambdas.invoker,
            services=self._calls,
            iam_directory=MotoIamDirectory(settings.account_id),
            user_pools=MotoUserPools(),
            vpc_endpoints=MotoVpcEndpoints(),
            waf_directory=MotoWafDirectory(),
            fetch=KeyFetcher(effects, self.client_pool).fetch,
        )
        self.control = ControlApp(store, effects, settings, services=self._calls, data_plane=self.gateway)
        self.api_mappings = ApiMappings(self.control, self._http_apis)
        self.observations = Observations(effects, self._calls.moto)
        self._calls.moto.before.append(self.observations.hand_over)
        self.watch = Watch(effects, self.observations, self.observations, self.observations)
        self.recorder = Recorder(effects)
        self.gateway.observers += [self.watch, self.recorder]
        self.trail = Trail(effects, self._body_members)
        self.control.on_call.append(self.trail.record)

    def _body_members(self, operation: str) -> list[str]:
        return [member.name for member in self.control.codec.operations[operation].body_members]

    def control_request(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        """An operation of API Gateway, for the caller the signature names."""
        principal = self._principal(account=target.account, access_key=target.access_key)
        return self.control.serve(request, target.account, target.region, principal)

    def service_request(self, request: wire.Request, target: Target) -> Deferred[wire.Response]:
        """A request for another AWS service."""
        where: dict[str, Any] = {"account": target.account, "region": target.region}
        return self._calls.request(target.service, request, principal=target.access_key, **where)

    def _ours(self, service: str, request: wire.Request, account: str, region: str) -> Deferred[wire.Response] | None:
        """What the emulator answers of other services itself, whoever asks: a client, an integration, a task."""
        where: dict[str, Any] = {"account": account, "region": region}
        if service == "lambda" and self.lambdas.api.serves(request):
            return self.lambdas.api.handle(request, **where)
        if service == "cloudtrail" and self.trail.serves(request):
            return succeed(self.trail.handle(request, **where))
        if service == "apigatewayv2":
            return self.api_mappings.serve(request, account, region)
        if service == "apigateway":
            return self.control_request(request, Target(service=service, signed=True, **where))
        if service in _SHOW_OBSERVATIONS:
            self.watch.flush()
        return None

    def _http_apis(self, request: wire.Request, account: str, region: str) -> Deferred[wire.Response]:
        return self._calls.moto.request("apigatewayv2", request, account=account, region=region)

    def prepare_moto(self, module: str) -> None:
        """On the writer's thread: what must be registered with moto before its first use, or one of its modules'."""
        if not module:
            from emulator.store import moto_backend

            moto_backend.register(self._store, self._effects)
            self.lambdas.install()
        elif module == "cloudformation":
            from emulator.cloudformation import moto_models

            moto_models.install(self._call_from_stack, self._ask_from_stack, self._run_apart)
        elif module == "cognitoidp":
            from emulator.services import user_pool_triggers

            user_pool_triggers.install(self.lambdas.hooks.call)
        elif module == "stepfunctions":
            from emulator.services import step_functions_tasks

            step_functions_tasks.install(self._effects, self._settings.account_id, self._serve_task)

    def _serve_task(self, service: str, request: wire.Request, account: str, region: str) -> Deferred[wire.Response]:
        """A call that a running state machine makes."""
        return self.service_request(request, Target(service=service, account=account, region=region, signed=True))

    def _call_from_stack(self, account: str, region: str, operation: str, request: dict[str, Any]) -> Any:
        """A call CloudFormation makes, on the writer's thread: an operation of ours, or ``service:Action``."""
        return self._effects.wait_for(self._perform, account, region, operation, request)

    def _ask_from_stack(self, account: str, region: str, event: dict[str, Any]) -> Any:
        """What the function of a custom resource answers; on the writer's thread, which others have meanwhile."""
        return self._effects.wait_for(self.custom_answers.ask, account, region, event)

    def _run_apart(self, work: Callable[[], None]) -> None:
        """On the writer's thread: have ``work`` done there later."""
        self._effects.from_thread(self._start_apart, work)

    def _start_apart(self, work: Callable[[], None]) -> None:
        done = self._effects.in_writer(work)
        done.addErrback(lambda failure: self.log.failure("A stack's run failed", failure))

    def _perform(self, account: str, region: str, operation: str, request: dict[str, Any]) -> Deferred[Any]:
        service, colon, action = operation.partition(":")
        if colon:
            return self._calls.call(service, action, request, account=account, region=region)
        call = self.control.make_call(account, region)
        return Deferred.fromCoroutine(self.control.perform(operation, call, request))

    def stop(self) -> None:
        """Let go of connections and of what is scheduled."""
        self.watch.stop()
        self.observations.stop()
        self.gateway.stop()
        self.client_pool.close()

    async def reset(self) -> None:
        """Forget what the parts keep beside the store."""
        await self.lambdas.reset()
        self.gateway.reset()
        self.watch.flush()
        self.observations.clear()
        self.trail.reset()
        self.recorder.clear()

    def figures(self) -> dict[str, Any]:
        """Numbers for the info page."""
        pool = self.lambdas.pool
        return {"lambda_workers": pool.worker_count, "lambda_calls": pool.open_calls}
