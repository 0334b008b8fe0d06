"""AWS: any action of any AWS service, mapped in and out by templates.

Belongs here: finding the service a URI names, asking it, and its answer as an ``IntegrationAnswer``. Never here: how
a request is written for a protocol (``aws_request.py``), Lambda (``lambda_calls.py``), templates.
What the service answers passes with its status, errors too: selection patterns are matched against it.
AWS page: "Integrations for REST APIs in API Gateway", AWS integrations.
"""

from __future__ import annotations

import re
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol

import orjson
from attrs import evolve
from twisted.internet.defer import Deferred, succeed

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.integrations.aws_request import ServiceRequest, service_request
from emulator.integrations.aws_uri import AwsUri, parse_aws_uri
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.http import RESPONSE_LIMIT
from emulator.integrations.lambda_calls import LambdaCalls, LambdaTarget, lambda_target, malformed_uri
from emulator.lambda_runtime.functions import LambdaError
from emulator.services.lambda_api import checked_kind, checked_payload, error_response
from emulator.services.protocols import Description, describe, has_action, known
from emulator.services.query_json import error_as_json, result_as_json, xml_as_json
from emulator.services.rest_operations import operation_at
from emulator.wire import Headers, Request, Response, media_type

_QUEUE_OWNER = re.compile(rb"/(\d{12})/")
CALLERS_OWN = re.compile(r"arn:aws[a-z-]*:iam::(?:\*|\d{12}):user/\*")


# Lambda's Invoke is a POST; to anything else on its path AWS's front answers this.
_NO_OPERATION = IntegrationAnswer(
    status=403,
    headers=Headers([("Content-Type", "application/xml"), ("x-amzn-ErrorType", "AccessDeniedException")]),
    body=b"<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n"
    b"</AccessDeniedException>\n",
)


class Services(Protocol):
    """The other AWS services: ``services.calls.ServiceCalls``."""

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
    ) -> Deferred[Response]: ...


class Aws:
    """The integration type AWS."""

    def __init__(self, effects: Effects, lambdas: LambdaCalls, services: Services) -> None:
        self._effects = effects
        self._lambdas = lambdas
        self._services = services

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Ask the service ``request.uri`` names. A URI that names none fails with API_CONFIGURATION_ERROR."""
        target = lambda_target(request.uri, request.account, request.region)
        if target is not None:
            if request.http_method != "POST":
                return succeed(_NO_OPERATION)
            return self._call_function(request, target)
        uri = parse_aws_uri(request.uri)
        if uri is None:
            return malformed_uri(request.uri)
        return Deferred.fromCoroutine(self._ask(uri, request))

    def _call_function(self, request: IntegrationRequest, target: LambdaTarget) -> Deferred[IntegrationAnswer]:
        """Lambda's Invoke. What Lambda would not take is its answer; a function that cannot be run is a failure."""
        try:
            kind = checked_kind((request.headers.last("x-amz-invocation-type") or "RequestResponse").strip("'"))
            payload = checked_payload(request.body, kind)
        except LambdaError as error:
            return succeed(_refused_event(error, self._effects.uuid()))
        if kind == "DryRun":
            return succeed(IntegrationAnswer(status=204))
        if kind == "Event" and not request.asynchronous:
            request = evolve(request, asynchronous=True)
        return self._lambdas.call(request, target, payload)

    async def _ask(self, uri: AwsUri, request: IntegrationRequest) -> IntegrationAnswer:
        description = await self._describe(uri)
        if uri.kind == "action" and description is not None and _unwritable(description, uri.rest):
            raise _configuration(f"{uri.rest} is no action of {uri.label}")
        try:
            made = service_request(uri, description, request)
        except ValueError as error:
            raise _configuration(str(error)) from error
        response = await self._services.request(
            _service_of(uri, description),
            made.request,
            account=_owner(uri, request, made.request),
            region=uri.region,
            action=made.action or None,
            principal=_principal(request),
            description=description,
        )
        if response.status == 501 or _is_lacking(uri, description, made, response):
            raise _not_emulated(uri, response)
        if len(response.body) > RESPONSE_LIMIT:
            raise _configuration(
                f"Integration response of reported length {len(response.body)} is larger than allowed maximum of "
                f"{RESPONSE_LIMIT} bytes."
            )
        if description is not None:
            response = _as_asked(description, made, request, response)
        return _answer(_dated(response, self._effects.wall()))

    async def _describe(self, uri: AwsUri) -> Description | None:
        for label in (uri.label, uri.service):
            found = describe(label) if known(label) else await self._effects.in_thread(describe, label)
            if found is not None:
                return found
        return None


def _is_lacking(uri: AwsUri, description: Description | None, made: ServiceRequest, response: Response) -> bool:
    """Whether moto knows nothing of an action that AWS has: in the REST protocols it then has no such path."""
    if response.status != 404:
        return False
    if response.body and response.headers.first("x-amzn-errortype") != "UnknownOperationException":
        return False
    if description is None:
        return True
    if uri.kind == "action":
        return has_action(description, uri.rest)
    return description.name != "s3" and operation_at(description, made.request) is not None


def _unwritable(description: Description, action: str) -> bool:
    """Whether no request can be made of an action: in the other protocols a name will do, and the service judges it."""
    named = description.speaks_json or description.speaks_query
    return not named and not has_action(description, action)


def _configuration(detail: str) -> GatewayError:
    return GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {detail}")


def _service_of(uri: AwsUri, description: Description | None) -> str:
    """The name the service is asked by: its signing name; where several share one (runtime.sagemaker), its host's.

    Any other subdomain is a user's (``bucket.s3``, ``a1b2c3-ats.iotdata``).
    """
    if description is None:
        return uri.service
    is_part = bool(uri.subdomain) and description.name != "s3" and describe(uri.label) is not None
    return uri.label if is_part else description.signing_name


def _not_emulated(uri: AwsUri, response: Response) -> GatewayError:
    """What is not there must not pass for an answer of the service, which a default response would map to 200."""
    detail = response.body.decode("utf-8", "replace")
    return GatewayError(
        "API_CONFIGURATION_ERROR",
        f"{uri.label}: {uri.kind} {uri.rest} is not emulated",
        status=501,
        log=f"Execution failed due to configuration error: {detail}",
    )


def _principal(request: IntegrationRequest) -> str | None:
    """Who asks: the role of the integration, or for ``arn:aws:iam::*:user/*`` the caller himself (his access key)."""
    if CALLERS_OWN.fullmatch(request.credentials):
        key = request.caller.get("accessKey")
        return str(key) if key else None
    return request.credentials or None


def _owner(uri: AwsUri, request: IntegrationRequest, made: Request) -> str:
    """The account asked: the API's own; of a queue's path, the one that the path names."""
    if uri.service == "sqs":
        found = _QUEUE_OWNER.match(made.raw_path)
        if found is not None:
            return found[1].decode()
    return request.account


def _dated(response: Response, now: float) -> Response:
    """With the headers of HTTP that every server sends, and that moto leaves to its own."""
    headers = response.headers.copy()
    if "date" not in headers:
        headers.add("Date", _date(int(now)))
    if "content-length" not in headers:
        headers.add("Content-Length", str(len(response.body)))
    return Response(status=response.status, headers=headers, body=response.body)


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _refused_event(error: LambdaError, request_id: str) -> IntegrationAnswer:
    """Lambda's refusal. Of its body API Gateway leaves the text only, as clients have been seeing since 2016."""
    refused = _answer(error_response(error, request_id))
    return evolve(refused, body=b'{"message": %b}' % orjson.dumps(error.message))


def _answer(response: Response) -> IntegrationAnswer:
    headers = response.headers
    return IntegrationAnswer(
        status=response.status,
        headers=headers,
        body=response.body,
        request_id=headers.first("x-amzn-requestid") or headers.first("x-amz-request-id") or "",
    )


def _as_asked(
    description: Description, made: ServiceRequest, request: IntegrationRequest, response: Response
) -> Response:
    """The answer in JSON, where AWS gives JSON: the query protocol under ``Accept: application/json``."""
    action = made.action
    body: bytes | None = None
    if made.envelope and has_action(description, action):
        body = _enveloped(description, action, request, response)
    elif (
        description.speaks_query
        and "ec2" not in description.protocols
        and media_type(request.headers.last("accept")) == "application/json"
        and response.body.lstrip()[:1] == b"<"
    ):
        body = xml_as_json(description, action, response.body)
    if body is None:
        return response
    headers = Headers([line for line in response.headers if line[0].lower() not in ("content-type", "content-length")])
    headers.add("Content-Type", "application/json")
    headers.add("Content-Length", str(len(body)))
    return Response(status=response.status, headers=headers, body=body)


def _enveloped(description: Description, action: str, request: IntegrationRequest, response: Response) -> bytes | None:
    try:
        parsed = orjson.loads(response.body or b"{}")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(parsed, dict):
        return None
    if response.status >= 300:
        code = str(parsed.get("__type", "")).rpartition("#")[2]
        message = str(parsed.get("message", parsed.get("Message", "")))
        return error_as_json(code, message, response.status, request.request_id)
    return result_as_json(description, action, parsed, request.request_id)
