"""The API's resource policy: compiled with the deployment, asked around the authorizer.

Belongs here: condition keys of a request, the question itself, AWS's words for its denials. Never here: the policy
language (``authorizers/policy``), or when it is asked (``authorize``).

AWS pages: "Control access to a REST API with API Gateway resource policies", "AWS condition keys that can be used in
API Gateway resource policies", "Private REST APIs" (which nobody may call without a policy).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from emulator.authorizers.policy import Caller, Decision, MalformedPolicy, Policy, PolicyRequest, compile_policy
from emulator.authorizers.policy_patterns import Context
from emulator.deployment.compiled import CompiledApi
from emulator.errors import GatewayError
from emulator.execute_api.authorize_source import is_secure, source_ip, vpc_endpoint, vpc_of
from emulator.execute_api.invocation import Invocation

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

log = Logger()

INVOKE = "execute-api:Invoke"

OfCaller = Callable[[], Mapping[str, str | tuple[str, ...]]]


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


class ConditionKeys(Mapping[str, str | tuple[str, ...]]):
    """The condition keys of one request, in lower case, each read when a condition first asks for it."""

    __slots__ = ("_gateway", "_invocation", "_known", "_of_caller")

    def __init__(
        self, invocation: Invocation, gateway: Gateway, of_caller: OfCaller | None
    ) -> None:
        self._invocation = invocation
        self._gateway = gateway
        self._of_caller = of_caller
        self._known: dict[str, str | tuple[str, ...] | None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        known = self._known
        if key not in known:
            read = _READERS.get(key)
            if read is not None:
                known[key] = read(self._invocation, self._gateway)
            else:
                self._ask_caller()
        value = known.get(key)
        return default if value is None else value

    def _ask_caller(self) -> None:
        of_caller, self._of_caller = self._of_caller, None
        if of_caller is not None:
            self._known.update(of_caller())

    def __getitem__(self, key: str) -> str | tuple[str, ...]:
        value: str | tuple[str, ...] | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        self._ask_caller()
        return (key for key in {**_READERS, **self._known} if self.get(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def condition_keys(
    invocation: Invocation, gateway: Gateway, of_caller: OfCaller | None = None
) -> ConditionKeys:
    """The condition keys of a request; ``of_caller`` makes those of somebody who is authenticated."""
    return ConditionKeys(invocation, gateway, of_caller)


def _current_time(_invocation: Invocation, gateway: Gateway) -> str:
    return datetime.fromtimestamp(int(gateway.effects.wall()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _source_ip(invocation: Invocation, gateway: Gateway) -> str | None:
    """Not there for a caller who comes through a VPC endpoint: its address is aws:VpcSourceIp."""
    return None if vpc_endpoint(invocation) is not None else source_ip(invocation, gateway)


def _vpc_source_ip(invocation: Invocation, gateway: Gateway) -> str | None:
    return None if vpc_endpoint(invocation) is None else source_ip(invocation, gateway)


def _source_vpc(invocation: Invocation, gateway: Gateway) -> str | None:
    endpoint = vpc_endpoint(invocation)
    return None if endpoint is None else vpc_of(endpoint, gateway)


_READERS: dict[str, Callable[[Invocation, Gateway], str | None]] = {
    "aws:currenttime": _current_time,
    "aws:epochtime": lambda _invocation, gateway: str(int(gateway.effects.wall())),
    "aws:securetransport": lambda invocation, gateway: "true" if is_secure(invocation, gateway) else "false",
    "aws:requestedregion": lambda invocation, _gateway: invocation.deployment.region,
    "aws:viaawsservice": lambda _invocation, _gateway: "false",
    "aws:sourceip": _source_ip,
    "aws:sourcevpce": lambda invocation, _gateway: vpc_endpoint(invocation),
    "aws:vpcsourceip": _vpc_source_ip,
    "aws:sourcevpc": _source_vpc,
    "aws:useragent": lambda invocation, _gateway: invocation.request.headers.last("user-agent"),
    "aws:referer": lambda invocation, _gateway: invocation.request.headers.last("referer"),
}


def question(arn: str, keys: Context, caller: Caller | None = None, *, action: str = INVOKE) -> PolicyRequest:
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
