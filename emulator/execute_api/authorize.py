"""Authorize: who may call this method, and who that is.

Belongs here: the stage: which kind of authorizer a method has, in which order it and the resource policy are asked,
what goes to ``$context.identity`` and ``$context.authorizer``. Never here: how a kind works (``authorizers/``).

AWS pages: "Control and manage access to REST APIs", "How API Gateway resource policies affect authorization workflow":
a policy alone must allow; a Lambda authorizer is asked only if the policy does not deny, and then either may allow; IAM
callers need one side to allow within the account and both across; after a Cognito or JWT token the policy must allow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from emulator.authorizers import cognito, iam, jwt, sigv4
from emulator.authorizers.authorizer_request import AuthorizerRequest, method_arn
from emulator.authorizers.jwks import KeySets
from emulator.authorizers.lambda_answer import AuthorizerAnswer
from emulator.authorizers.lambda_function import LambdaAuthorizer, LambdaAuthorizers
from emulator.authorizers.policy import Decision, Policy
from emulator.authorizers.policy_outcome import cross_account, policy_alone, same_account
from emulator.authorizers.tokens import TokenVerifier
from emulator.errors import GatewayError
from emulator.execute_api.authorize_event import details
from emulator.execute_api.authorize_source import source_ip
from emulator.execute_api.context import caller_identity, context_of, forget_context
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.resource_policy import condition_keys, denial, policy_of, question
from emulator.mapping.parameters import context_value

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

MAX_ARN = 1600  # bytes, of the method ARN wherever a policy or an authorizer sees it


class Gatekeepers:
    """What the kinds of authorizers keep between requests; one per Gateway."""

    def __init__(self, gateway: Gateway) -> None:
        effects, settings = gateway.effects, gateway.settings
        self.lambdas = LambdaAuthorizers(effects, gateway.lambdas)
        key_sets = KeySets(effects, settings.issuers, fetch=gateway.fetch, user_pools=gateway.user_pools)
        self.tokens = TokenVerifier(effects, key_sets)
        self.identities = iam.IdentityEvaluator()
        gateway.flushers.append(self.flush)

    @classmethod
    def of(cls, gateway: Gateway) -> Gatekeepers:
        """The gateway's, made on first use."""
        known: Gatekeepers | None = gateway.memo.get("gatekeepers")
        if known is None:
            known = gateway.memo["gatekeepers"] = cls(gateway)
        return known

    def flush(self, api_id: str, stage: str) -> None:
        """FlushStageAuthorizersCache."""
        self.lambdas.flush(api_id, stage)
        self.tokens.forget()


async def authorize(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``identity``, ``authorizer`` and ``usage_identifier_key``, or end the request: 401, 403 or 500."""
    invocation.identity = caller_identity(invocation.request, source_ip(invocation, gateway))
    invocation.authorizer = None
    invocation.usage_identifier_key = None
    policy = policy_of(invocation.deployment)
    kind = _KINDS.get(invocation.method.authorization_type, _by_authorizer)
    if kind is _anonymous and policy is None:
        return
    await kind(invocation, gateway, policy)
    forget_context(invocation)


async def _anonymous(invocation: Invocation, gateway: Gateway, policy: Policy | None) -> None:
    """NONE: the resource policy has the whole word."""
    _policy_must_allow(invocation, gateway, policy)


def _policy_must_allow(invocation: Invocation, gateway: Gateway, policy: Policy | None) -> None:
    if policy is None:
        return
    arn = arn_of(invocation)
    _check_length(arn)
    decision = policy_alone(policy.evaluate(question(arn, condition_keys(invocation, gateway))))
    if decision is not Decision.ALLOW:
        raise denial(decision, arn)


def arn_of(invocation: Invocation) -> str:
    """The ARN of the method as it was asked for."""
    deployment = invocation.deployment
    return method_arn(
        deployment.region,
        deployment.account,
        deployment.api_id,
        invocation.stage.name,
        invocation.request.method,
        invocation.path,
    )


def _check_length(arn: str) -> None:
    if len(arn) > MAX_ARN or (not arn.isascii() and len(arn.encode("utf-8", "surrogatepass")) > MAX_ARN):
        raise GatewayError("DEFAULT_4XX", "Request URI too long", status=414)


# AWS_IAM ---------------------------------------------------------------------------------


async def _iam(invocation: Invocation, gateway: Gateway, policy: Policy | None) -> None:
    """A signature, then the signer's policies and the API's together."""
    mode = gateway.settings.iam
    if mode == "off":
        _policy_must_allow(invocation, gateway, policy)
        return
    directory = gateway.iam_directory
    deployment = invocation.deployment
    _, signer = sigv4.verify(
        invocation.extra.get("asSent", invocation.request),
        deployment.region,
        gateway.effects.wall(),
        (lambda _key: None) if directory is None else directory.find,
    )
    invocation.identity.update(iam.identity_of(signer))
    arn = arn_of(invocation)
    _check_length(arn)
    decision = _decide_signer(invocation, gateway, policy, signer, arn, "execute-api:Invoke")
    if decision is not Decision.ALLOW:
        raise denial(decision, arn, signer.arn)
    if "cache-control" in invocation.request.headers:
        invalidates = _decide_signer(invocation, gateway, policy, signer, arn, "execute-api:InvalidateCache")
        invocation.extra["mayInvalidateCache"] = invalidates is Decision.ALLOW


def _decide_signer(
    invocation: Invocation, gateway: Gateway, policy: Policy | None, signer: iam.Credential, arn: str, action: str
) -> Decision:
    keys = condition_keys(invocation, gateway, lambda: iam.condition_keys(signer))
    # Only the API's policy names principals.
    asked = question(arn, keys, None if policy is None else iam.caller_of(signer), action=action)
    if gateway.settings.iam == "sign-only":
        own = Decision.ALLOW
    else:
        own = Gatekeepers.of(gateway).identities.evaluate(signer, asked)
    resource = Decision.NEITHER if policy is None else policy.evaluate(asked)
    within = signer.account == invocation.deployment.account
    return same_account(own, resource) if within else cross_account(own, resource)


# Authorizers -----------------------------------------------------------------------------


async def _by_authorizer(invocation: Invocation, gateway: Gateway, policy: Policy | None) -> None:
    """CUSTOM and COGNITO_USER_POOLS: what the method's authorizer says."""
    record = invocation.method.authorizer
    if record is None:
        raise GatewayError(
            "AUTHORIZER_CONFIGURATION_ERROR",
            None,
            log="Execution failed due to configuration error: The method's authorizer does not exist",
        )
    arn = arn_of(invocation)
    _check_length(arn)
    request = request_of(invocation, arn)
    started = gateway.effects.clock.seconds()
    try:
        if record["type"] in ("TOKEN", "REQUEST"):
            await _lambda(invocation, gateway, policy, request, started)
        elif record["type"] == "COGNITO_USER_POOLS":
            await _cognito(invocation, gateway, policy, request)
        else:
            await _jwt(invocation, gateway, policy, request)
    finally:
        if request.endpoint_request_id:
            invocation.extra["authorizerRequestId"] = request.endpoint_request_id
        invocation.extra["authorizerLatency"] = round((gateway.effects.clock.seconds() - started) * 1000)


def request_of(invocation: Invocation, arn: str) -> AuthorizerRequest:
    """The authorizers' view of an invocation."""
    deployment = invocation.deployment
    return AuthorizerRequest(
        headers=invocation.request.headers,
        query=invocation.query,
        stage_variables=invocation.stage_variables,
        account=deployment.account,
        region=deployment.region,
        api_id=deployment.api_id,
        stage=invocation.stage.name,
        method_arn=arn,
        context=lambda name: context_value(context_of(invocation), name),
        details=lambda: details(invocation),
        request_id=invocation.request_id,
        trace_id=invocation.trace_id,
        log=invocation.log,
    )


def _compiled(invocation: Invocation, compile_it: Callable[[Any], Any]) -> Any:
    """The method's authorizer, compiled once per deployment and authorizer."""
    memo = invocation.method.memo
    known = memo.get("authorize")
    if known is None:
        record = invocation.method.authorizer
        shared = invocation.deployment.memo.setdefault("authorizers", {})
        known = shared.get(record["id"])
        if known is None:
            known = shared[record["id"]] = compile_it(record)
        memo["authorize"] = known
    return known


async def _lambda(
    invocation: Invocation, gateway: Gateway, policy: Policy | None, request: AuthorizerRequest, started: float
) -> None:
    arn = request.method_arn
    keys = condition_keys(invocation, gateway)
    asked = question(arn, keys)
    resource = Decision.NEITHER
    if policy is not None:
        resource = policy.evaluate(asked)
        if resource is Decision.DENY or (resource is Decision.NEITHER and _is_private_without_policy(invocation)):
            raise denial(resource, arn)
    authorizer = _compiled(invocation, LambdaAuthorizer.compile)
    answer = await Gatekeepers.of(gateway).lambdas.answer(authorizer, request)
    latency = round((gateway.effects.clock.seconds() - started) * 1000)
    show_answer(invocation, answer, latency)
    decision = same_account(answer.policy.evaluate(asked), resource)
    if decision is not Decision.ALLOW:
        raise refusal(decision)
    if "cache-control" in invocation.request.headers:
        invalidates = answer.policy.evaluate(question(arn, keys, action="execute-api:InvalidateCache"))
        invocation.extra["mayInvalidateCache"] = invalidates is Decision.ALLOW


def _is_private_without_policy(invocation: Invocation) -> bool:
    return invocation.deployment.endpoint_type == "PRIVATE" and not invocation.deployment.policy


def show_answer(invocation: Invocation, answer: AuthorizerAnswer, latency: int) -> None:
    """``$context.authorizer`` of a Lambda authorizer, and the API key it names."""
    invocation.authorizer = {
        **answer.context,
        "principalId": answer.principal_id,
        "integrationLatency": latency,
    }
    invocation.usage_identifier_key = answer.usage_identifier_key


def refusal(decision: Decision) -> GatewayError:
    """The 403 of a request an authorizer's policy does not allow."""
    message = "User is not authorized to access this resource"
    if decision is Decision.DENY:
        message += " with an explicit deny"
    return GatewayError("ACCESS_DENIED", message, log="The client is not authorized to perform this operation.")


async def _cognito(invocation: Invocation, gateway: Gateway, policy: Policy | None, request: AuthorizerRequest) -> None:
    issuers = gateway.settings.issuers
    authorizer = _compiled(invocation, lambda record: cognito.CognitoAuthorizer.compile(record, issuers))
    scopes = invocation.method.authorization_scopes
    claims = await cognito.authorize(authorizer, request, scopes, Gatekeepers.of(gateway).tokens)
    invocation.authorizer = {"claims": claims}
    _policy_must_allow(invocation, gateway, policy)


async def _jwt(invocation: Invocation, gateway: Gateway, policy: Policy | None, request: AuthorizerRequest) -> None:
    authorizer = _compiled(invocation, jwt.JwtAuthorizer.compile)
    scopes = invocation.method.authorization_scopes
    claims = await jwt.authorize(authorizer, request, scopes, Gatekeepers.of(gateway).tokens)
    invocation.authorizer = {"claims": claims.text}
    # A proxy integration's event shows claims with their JSON types, everything else as JSON text.
    invocation.extra["eventAuthorizer"] = {"claims": claims.typed}
    _policy_must_allow(invocation, gateway, policy)


_KINDS: dict[str, Callable[[Invocation, Gateway, Policy | None], Awaitable[None]]] = {
    "NONE": _anonymous,
    "AWS_IAM": _iam,
}
