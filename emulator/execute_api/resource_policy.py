"""The API's resource policy: compiled with the deployment, asked around the authorizer.

Belongs here: condition keys of a request, the question itself, AWS's words for its denials. Never here: the policy
language (``authorizers/policy``), or when it is asked (``authorize``).

AWS pages: "Control access to a REST API with API Gateway resource policies", "AWS condition keys that can be used in
API Gateway resource policies", "Private REST APIs" (which nobody may call without a policy).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twisted.logger import Logger

from emulator.authorizers.policy import Caller, Decision, MalformedPolicy, Policy, PolicyRequest, compile_policy
from emulator.deployment.compiled import CompiledApi
from emulator.errors import GatewayError
from emulator.execute_api.authorize_source import is_secure, source_ip, vpc_endpoint, vpc_of
from emulator.execute_api.invocation import Invocation

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

log = Logger()

INVOKE = "execute-api:Invoke"


class BrokenPolicy(Exception):
    """The deployment's policy cannot be read; the text says why."""


def policy_of(deployment: CompiledApi) -> Policy | None:
    """The deployment's policy, compiled once; None when it has none.

    A private API without a policy has one that allows nothing. Raises the 500 of a policy that cannot be read.
    """
    known = deployment.memo.get("resource policy", deployment)
    if known is deployment:
        try:
            known = _compile(deployment)
        except BrokenPolicy as problem:
            known = problem
            log.error("the resource policy of {api} cannot be read: {why}", api=deployment.api_id, why=str(problem))
        deployment.memo["resource policy"] = known
    if isinstance(known, BrokenPolicy):
        raise GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {known}")
    policy: Policy | None = known
    return policy


def _compile(deployment: CompiledApi) -> Policy | None:
    if not deployment.policy:
        if deployment.endpoint_type == "PRIVATE":
            return Policy((), ())
        return None
    api_arn = f"arn:aws:execute-api:{deployment.region}:{deployment.account}:{deployment.api_id}"
    try:
        return compile_policy(_document(deployment.policy), "resource", api_arn=api_arn)
    except (MalformedPolicy, ValueError, RecursionError) as problem:
        raise BrokenPolicy(f"Invalid resource policy: {problem}") from None


def _document(text: str) -> object:
    """The policy's JSON; as GetRestApi shows it, with its quotes escaped, it is taken too."""
    try:
        document = json.loads(text)
    except ValueError:
        document = json.loads(f'"{text}"')
    return json.loads(document) if isinstance(document, str) else document


def condition_keys(invocation: Invocation, gateway: Gateway) -> dict[str, str]:
    """The condition keys of a request before anybody is authenticated, in lower case."""
    now = int(gateway.effects.wall())
    headers = invocation.request.headers
    keys = {
        "aws:currenttime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(now),
        "aws:securetransport": "true" if is_secure(invocation, gateway) else "false",
        "aws:requestedregion": invocation.deployment.region,
        "aws:viaawsservice": "false",
    }
    endpoint = vpc_endpoint(invocation)
    if endpoint is None:
        keys["aws:sourceip"] = source_ip(invocation, gateway)
    else:
        keys["aws:sourcevpce"] = endpoint
        keys["aws:vpcsourceip"] = source_ip(invocation, gateway)
        vpc = vpc_of(endpoint, gateway)
        if vpc is not None:
            keys["aws:sourcevpc"] = vpc
    for key, name in (("aws:useragent", "user-agent"), ("aws:referer", "referer")):
        value = headers.last(name)
        if value is not None:
            keys[key] = value
    return keys


def question(arn: str, keys: Mapping[str, str], caller: Caller | None = None, *, action: str = INVOKE) -> PolicyRequest:
    """What policies are asked about a request."""
    return PolicyRequest(action, arn, keys, caller)


def denial(decision: Decision, arn: str, who: str = "anonymous") -> GatewayError:
    """The 403 of a request the policies do not allow; the account in the ARN is masked but for its last digits."""
    parts = arn.split(":", 5)
    parts[4] = "*" * (len(parts[4]) - 4) + parts[4][-4:]
    message = f"User: {who} is not authorized to perform: {INVOKE} on resource: {':'.join(parts)}"
    if decision is Decision.DENY:
        message += " with an explicit deny"
    return GatewayError("ACCESS_DENIED", message, log="The client is not authorized to perform this operation.")
