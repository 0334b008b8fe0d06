"""A small world for data plane tests: a hand-made API in a store, a gateway over a recording backend, a fake clock.

Belongs here: building blocks that the tests of this package share. Never here: assertions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from emulator.deployment.compiler import compile_api
from emulator.effects import Effects
from emulator.execute_api.gateway import Gateway
from emulator.execute_api.locate import address_of, domain_address
from emulator.integrations.dispatch import Dispatch, IntegrationAnswer, IntegrationRequest
from emulator.integrations.mock import Mock
from emulator.settings import Settings
from emulator.store.records import Deployment, Record, RestApi
from emulator.store.store import Store
from emulator.wire import Headers, Request, Response

ACCOUNT = "000000000000"
REGION = "us-east-1"


class Recording:
    """An integration that remembers what it was asked and answers what it was told (or fails, or waits)."""

    def __init__(self) -> None:
        self.requests: list[IntegrationRequest] = []
        self.answer: Any = IntegrationAnswer(status=200, body=b"")

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        self.requests.append(request)
        if isinstance(self.answer, Deferred):
            return self.answer
        if isinstance(self.answer, Exception):
            raise self.answer
        if callable(self.answer):
            return self.answer(request)
        return succeed(self.answer)


def mock_method(status: int = 200, template: str | None = None, **more: Any) -> Record:
    """A MOCK method that answers ``template`` (or nothing) with ``status``."""
    response: Record = {"statusCode": str(status)}
    if template is not None:
        response["responseTemplates"] = {"application/json": template}
    return {
        "httpMethod": "GET",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "methodResponses": {str(status): {"statusCode": str(status)}},
        "methodIntegration": {
            "type": "MOCK",
            "requestTemplates": {"application/json": f'{{"statusCode": {status}}}'},
            "passthroughBehavior": "WHEN_NO_MATCH",
            "integrationResponses": {str(status): response},
        },
        **more,
    }


def proxy_method(kind: str, uri: str = "http://backend.test/", **integration: Any) -> Record:
    """A method over a proxy integration."""
    return {
        "httpMethod": "ANY",
        "authorizationType": "NONE",
        "methodResponses": {},
        "methodIntegration": {"type": kind, "httpMethod": "POST", "uri": uri, **integration},
    }


def http_method(
    kind: str = "HTTP", responses: Mapping[str, Record] | None = None, uri: str = "http://backend.test/", **more: Any
) -> Record:
    """A method over HTTP or AWS, with integration responses by status (``200`` by default) and method responses."""
    responses = responses or {"200": {"statusCode": "200"}}
    integration: Record = {"type": kind, "httpMethod": "POST", "uri": uri}
    return {
        "httpMethod": "POST",
        "authorizationType": "NONE",
        "methodResponses": {status: {"statusCode": status} for status in responses},
        "methodIntegration": {**integration, "integrationResponses": dict(responses), **more},
    }


LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)


class World:
    """One API ``abc123`` with a stage ``prod``, its gateway, and a recording backend for all but MOCK."""

    def __init__(self, resources: Mapping[str, Mapping[str, Record]], **api: Any) -> None:
        parts = {name: api.pop(name, {}) for name in ("models", "validators", "authorizers", "gateway_responses")}
        stage = api.pop("stage", {})
        settings = api.pop("settings", Settings())
        self.clock = Clock()
        self.effects = Effects.fake(self.clock)
        self.store = Store()
        self.api = RestApi(account=ACCOUNT, region=REGION, record={"id": "abc123", "name": "demo", **api})
        for path, methods in resources.items():
            key = path.strip("/").replace("/", "-") or "root"
            for verb, method in methods.items():
                method["httpMethod"] = verb
            self.api.resources[key] = {"id": key, "path": path, "resourceMethods": dict(methods)}
        for name, records in parts.items():
            getattr(self.api, name).update(records)
        self.store.add_api(self.api)
        self.deploy("dep1")
        self.api.stages["prod"] = {"stageName": "prod", "deploymentId": "dep1", **stage}
        self.backend = Recording()
        table = {"MOCK": Mock(), **dict.fromkeys(("HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "VPC_LINK"), self.backend)}
        self.gateway = Gateway(
            effects=self.effects, settings=settings, store=self.store, dispatch=Dispatch(self.effects, table)
        )
        self.settings = settings

    @property
    def stage(self) -> Record:
        self.store.touch()
        return self.api.stages["prod"]

    @property
    def region(self) -> Any:
        self.store.touch()
        return self.store.region(ACCOUNT, REGION)

    def edit(self, path: str, verb: str, **members: Any) -> None:
        """Change a method and deploy."""
        self._method(path, verb).update(members)
        self._redeploy()

    def edit_integration(self, path: str, verb: str, **members: Any) -> None:
        """Change a method's integration and deploy."""
        self._method(path, verb)["methodIntegration"].update(members)
        self._redeploy()

    def _method(self, path: str, verb: str) -> Record:
        method: Record = next(r for r in self.api.resources.values() if r["path"] == path)["resourceMethods"][verb]
        return method

    def _redeploy(self) -> None:
        name = f"dep{len(self.api.deployments) + 1}"
        self.deploy(name)
        self.stage["deploymentId"] = name

    def add_key(self, key_id: str, value: str, plan: str = "plan", **settings: Any) -> Record:
        """An enabled API key in a usage plan that holds the stage; answers the plan."""
        region = self.region
        region.api_keys[key_id] = {"id": key_id, "value": value, "enabled": True}
        entry = {"apiId": "abc123", "stage": "prod"}
        record = region.usage_plans.setdefault(
            plan, {"id": plan, "name": plan, "apiStages": [entry], **settings}
        )
        region.usage_plan_keys.setdefault(plan, {})[key_id] = {"id": key_id}
        return record

    def deploy(self, deployment_id: str) -> None:
        snapshot = self.api.freeze().thaw()
        self.api.deployments[deployment_id] = Deployment(
            record={"id": deployment_id}, snapshot=snapshot, compiled=compile_api(snapshot)
        )

    def start(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        body: bytes = b"",
        *,
        host: str = "abc123.execute-api.us-east-1.amazonaws.com",
        stage: str = "/prod",
        **more: Any,
    ) -> Deferred[Response]:
        """Send a request; the Deferred of its answer."""
        raw, _, query = (stage + path).partition("?")
        lines = list(headers.items()) if isinstance(headers, Mapping) else list(headers or ())
        if not any(name.lower() == "host" for name, _ in lines):
            lines.insert(0, ("Host", host))
        request = Request(
            method=method,
            raw_path=raw.encode(),
            raw_query=query.encode(),
            headers=Headers(lines),
            body=body,
            host=host,
            **more,
        )
        address = address_of(host, request.raw_path, request.headers, self.settings)
        if address is None:
            address = domain_address(host, request.raw_path)
        return self.gateway.handle(request, address)

    def send(self, *args: Any, **kwargs: Any) -> Response:
        """Send a request whose answer is there at once."""
        got: list[Response] = []
        failed: list[Any] = []
        self.start(*args, **kwargs).addCallbacks(got.append, failed.append)
        if failed:
            failed[0].raiseException()
        return got[0]
