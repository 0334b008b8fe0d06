"""TestInvokeAuthorizer: an authorizer as it is being edited, asked about a made-up request, with its log.

Belongs here: making that request, and the operation's answer. Never here: how authorizers work (``authorizers/``).

AWS page: "TestInvokeAuthorizer" in the API reference: ``clientStatus`` is 0 when the authorizer succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.authorizers import cognito, jwt
from emulator.authorizers.authorizer_request import AuthorizerRequest, method_arn
from emulator.authorizers.lambda_function import LambdaAuthorizer
from emulator.deployment.gateway_responses import TYPES
from emulator.errors import GatewayError
from emulator.execute_api.authorize import Gatekeepers
from emulator.mapping.parameters import context_value
from emulator.store.records import Record, RestApi
from emulator.wire import Headers, parse_query

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

STAGE = "ESTestInvoke-stage"


async def try_authorizer(gateway: Gateway, api: RestApi, authorizer: Record, request: Record) -> Record:
    """The operation's answer. A function is called past the cache; what fails is told, not raised."""
    lines: list[str] = []
    asked = _asked(gateway, api, request, lines)
    started = gateway.effects.clock.seconds()
    status = 0
    found: dict[str, Any] = {}
    try:
        found = await _ask(gateway, authorizer, asked)
    except GatewayError as error:
        status = error.status or TYPES[error.response_type].status or 500
        if error.log:
            lines.append(error.log)
        if error.error_type:
            lines.append(error.error_type)
    latency = round((gateway.effects.clock.seconds() - started) * 1000)
    stamp = cognito.java_date(gateway.effects.wall())
    log = [f"Execution log for request {asked.request_id}", *(f"{stamp} : {line}" for line in lines)]
    return {"clientStatus": status, "log": "\n".join(log) + "\n", "latency": latency, **found}


async def _ask(gateway: Gateway, record: Record, asked: AuthorizerRequest) -> dict[str, Any]:
    keepers = Gatekeepers.of(gateway)
    if record["type"] == "COGNITO_USER_POOLS":
        pools = cognito.CognitoAuthorizer.compile(record, gateway.settings.issuers)
        return {"claims": await cognito.authorize(pools, asked, (), keepers.tokens)}
    if record["type"] == "JWT":
        claims = await jwt.authorize(jwt.JwtAuthorizer.compile(record), asked, (), keepers.tokens)
        return {"claims": dict(claims.text)}
    authorizer = LambdaAuthorizer.compile(record)
    authorizer.check()
    identity = authorizer.identity(asked)
    answer = await keepers.lambdas.call(authorizer, asked, identity)
    return {
        "principalId": answer.principal_id,
        "policy": json.dumps(answer.document, separators=(",", ":"), ensure_ascii=False),
        "authorization": {name: [value] for name, value in answer.context.items()},
        "claims": {},
    }


def _asked(gateway: Gateway, api: RestApi, request: Record, lines: list[str]) -> AuthorizerRequest:
    """The made-up request, as the authorizers see it."""
    headers = Headers((request.get("headers") or {}).items())
    for name, values in (request.get("multiValueHeaders") or {}).items():
        headers.remove(name)
        for value in values:
            headers.add(name, value)
    path, _, raw_query = (request.get("pathWithQueryString") or "/").partition("?")
    query = parse_query(raw_query.encode("utf-8", "surrogatepass"))
    request_id = gateway.effects.uuid()
    context = _context(gateway, api, request_id, path or "/")
    for name, value in (request.get("additionalContext") or {}).items():
        _set(context, name.removeprefix("context."), value)
    variables = dict(request.get("stageVariables") or {})
    return AuthorizerRequest(
        headers=headers,
        query=query,
        stage_variables=variables,
        account=api.account,
        region=api.region,
        api_id=api.id,
        stage=STAGE,
        method_arn=method_arn(api.region, api.account, api.id, STAGE, "GET", path or "/"),
        context=lambda name: context_value(context, name),
        details=lambda: _details(headers, query, path or "/", variables, context),
        request_id=request_id,
        log=lines,
    )


def _context(gateway: Gateway, api: RestApi, request_id: str, path: str) -> dict[str, Any]:
    return {
        "resourceId": api.root_id,
        "resourcePath": path,
        "httpMethod": "GET",
        "path": path,
        "accountId": api.account,
        "apiId": api.id,
        "stage": STAGE,
        "requestId": request_id,
        "requestTimeEpoch": int(gateway.effects.wall() * 1000),
        "identity": {"sourceIp": "test-invoke-source-ip", "accountId": api.account, "userAgent": "Apache-HttpClient"},
    }


def _set(context: dict[str, Any], name: str, value: str) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        inner = context.get(parent)
        if not isinstance(inner, dict):
            inner = context[parent] = {}
        context = inner
    context[last] = value


def _details(
    headers: Headers,
    query: list[tuple[str, str]],
    path: str,
    variables: Mapping[str, str],
    context: Mapping[str, Any],
) -> dict[str, Any]:
    lists: dict[str, list[str]] = {}
    for name, value in query:
        lists.setdefault(name, []).append(value)
    return {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": headers.single(),
        "multiValueHeaders": headers.multi(),
        "queryStringParameters": {name: values[-1] for name, values in lists.items()},
        "multiValueQueryStringParameters": lists,
        "pathParameters": {},
        "stageVariables": dict(variables),
        "requestContext": dict(context),
    }
