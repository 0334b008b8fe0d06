"""ServiceCalls: how the rest of the emulator asks another AWS service.

Belongs here: one call by name with botocore-shaped parameters, or one raw request. Never here: which implementation
answers beyond choosing between moto in this process and a server the user names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed

from emulator.effects import Effects
from emulator.errors import ServiceError
from emulator.services import answers, request_checks
from emulator.services.fitting import fitted
from emulator.services.moto_services import MotoServices
from emulator.services.protocols import Description
from emulator.services.step_functions import SyncExecutions
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response


class Elsewhere(Protocol):
    """Real servers that stand in for services."""

    def serves(self, service: str) -> bool: ...

    def request(
        self, service: str, request: Request, *, account: str, region: str, action: str | None, principal: str | None
    ) -> Deferred[Response]: ...


class ServiceCalls:
    """The other AWS services, asked from inside."""

    def __init__(
        self, effects: Effects, settings: Settings, moto: MotoServices, elsewhere: Elsewhere | None = None
    ) -> None:
        self._effects = effects
        self._settings = settings
        self.moto = moto
        self.elsewhere = elsewhere
        # What the emulator itself answers of another service (Lambda's Invoke, say); None from it: moto does.
        self.ours: Callable[[str, Request, str, str], Deferred[Response] | None] | None = None
        self._sync_executions = SyncExecutions(effects, moto)

    def request(
        self,
        service: str,
        request: Request,
        *,
        account: str,
        region: str,
        action: str | None = None,
        principal: str | None = None,
        description: Description | None = None,
    ) -> Deferred[Response]:
        """The service's raw answer to a raw request. ``principal`` is an access key, or a role's ARN.

        With a ``description``, the request is checked by the service's model first and the answer is written as the
        service writes it: for callers that no SDK stands before.
        """
        if self.elsewhere is not None and self.elsewhere.serves(service):
            return self.elsewhere.request(
                service, request, account=account, region=region, action=action, principal=principal
            )
        if description is not None:
            refused = request_checks.refusal(description, action, request)
            if refused is not None:
                return succeed(request_checks.answer(description, refused, request, self._effects.uuid()))
        ours = self.ours(service, request, account, region) if self.ours is not None else None
        if ours is not None:
            answered = ours
        elif self._sync_executions.serves(service, request):
            answered = self._sync_executions.request(request, account=account, region=region)
        else:
            answered = self.moto.request(service, request, account=account, region=region, principal=principal or "")
        if description is not None:
            answered.addCallback(self._tidied, description, request)
        return answered

    def _tidied(self, response: Response, description: Description, request: Request) -> Response:
        return answers.tidied(description, request, response, self._effects.uuid())

    def call(
        self, service: str, action: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> Deferred[dict[str, Any]]:
        """Call one operation, named as botocore names service and operation. Fails with ``ServiceError``."""
        return Deferred.fromCoroutine(self._call(service, action, dict(params), account, region))

    async def _call(
        self, service: str, action: str, params: dict[str, Any], account: str, region: str
    ) -> dict[str, Any]:
        model, signing_name = await self._effects.in_thread(_service_model, service)
        operation = model.operation_model(action)
        request = _serialize(model, operation, fitted(operation.input_shape, params), region)
        response = await self.request(signing_name, request, account=account, region=region, action=action)
        parsed = _parse(model, operation, response)
        if response.status >= 300:
            error = parsed.get("Error", {})
            raise ServiceError(error.get("Code", "Unknown"), error.get("Message", ""), response.status)
        return parsed


_models: dict[str, tuple[Any, str]] = {}


def _service_model(service: str) -> tuple[Any, str]:
    """The service's model and signing name; read once (tens of milliseconds, hence off the reactor)."""
    found = _models.get(service)
    if found is None:
        from botocore.loaders import create_loader
        from botocore.model import ServiceModel

        document = create_loader().load_service_model(service, "service-2")
        model = ServiceModel(document, service_name=service)
        found = _models[service] = (model, model.metadata.get("signingName") or model.metadata["endpointPrefix"])
    return found


def _serialize(model: Any, operation: Any, params: dict[str, Any], region: str) -> Request:
    from botocore.serialize import create_serializer
    from botocore.utils import percent_encode_sequence

    made = create_serializer(model.resolved_protocol, include_validation=True).serialize_to_request(params, operation)
    body = made.get("body") or b""
    lines = [(name, str(value)) for name, value in made["headers"].items()]
    if isinstance(body, dict):
        body = percent_encode_sequence(body)
        if not any(name.lower() == "content-type" for name, _ in lines):
            lines.append(("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
    if isinstance(body, str):
        body = body.encode()
    path, _, static_query = made["url_path"].partition("?")
    query = percent_encode_sequence(made.get("query_string") or {})
    host = f"{model.metadata['endpointPrefix']}.{region}.amazonaws.com"
    lines.append(("Host", host))
    return Request(
        method=made["method"],
        raw_path=path.encode(),
        raw_query="&".join(part for part in (static_query, query) if part).encode(),
        headers=Headers(lines),
        body=bytes(body),
        host=host,
        scheme="https",
    )


def _parse(model: Any, operation: Any, response: Response) -> dict[str, Any]:
    from botocore.parsers import create_parser

    headers = {name.lower(): value for name, value in response.headers.lines}
    shape = operation.output_shape
    streamed = operation.has_streaming_output and response.status < 300
    # botocore decodes a payload that is bytes, and hands on a stream; an object need not be text.
    body = b"" if streamed else response.body
    answer = {"status_code": response.status, "headers": _mapping(headers), "body": body, "context": {}}
    parsed: dict[str, Any] = create_parser(model.resolved_protocol).parse(answer, shape)
    if streamed:
        parsed[shape.serialization["payload"]] = response.body
    parsed.pop("ResponseMetadata", None)
    return parsed


def _mapping(headers: dict[str, str]) -> Any:
    from botocore.compat import HTTPHeaders

    made = HTTPHeaders()
    for name, value in headers.items():
        made[name] = value
    return made
