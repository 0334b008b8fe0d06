"""Through which VPC endpoint a request came, and whether it may reach what is private that way.

Belongs here: endpoints of private APIs and of private custom domains, and a private domain's own policy. Never here:
addresses (``locate.py``), or the API's resource policy (``resource_policy.py``).
AWS pages: "Invoke a private API", "Custom domain names for private APIs in API Gateway".

On AWS the network tells the endpoint. Here a host name may (``{api}-{vpce}.execute-api…``); where it does not, the
endpoint is the first one that the API is associated with, or that has an access association with the domain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator.authorizers.policy import Decision, MalformedPolicy, Policy, compile_policy
from emulator.authorizers.policy_outcome import policy_alone
from emulator.errors import GatewayError
from emulator.execute_api.authorize_source import vpc_of
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.resource_policy import condition_keys, denial, question
from emulator.store.records import Record

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


def forbidden() -> GatewayError:
    """What AWS answers for an API, stage or base path that is not there, or not to be reached this way."""
    return GatewayError("DEFAULT_4XX", "Forbidden", status=403, error_type="ForbiddenException")


def enter_api(invocation: Invocation, gateway: Gateway, named: str, only_private: bool) -> None:
    """A request to a private API's own names; ``named`` is the endpoint in the host, or "". Raises the 403."""
    deployment = invocation.deployment
    if deployment.endpoint_type != "PRIVATE":
        if named or only_private:
            raise forbidden()  # an endpoint leads to private APIs only
        return
    endpoint = named or next(iter(deployment.vpc_endpoint_ids), "")
    if endpoint:
        _came_through(invocation, gateway, endpoint)


def enter_domain(invocation: Invocation, gateway: Gateway, domain: Record) -> None:
    """A request to a custom domain: public ones lead to public APIs, private ones to private. Raises the 403."""
    private = "domainNameId" in domain
    if private != (invocation.deployment.endpoint_type == "PRIVATE"):
        raise forbidden()
    if not private:
        return
    endpoint = _associated(gateway, domain)
    if endpoint is None:
        raise forbidden()
    _came_through(invocation, gateway, endpoint)
    policy = domain.get("policy")
    if policy:
        _ask(invocation, gateway, domain, policy)


def _came_through(invocation: Invocation, gateway: Gateway, endpoint: str) -> None:
    invocation.extra["vpceId"] = endpoint
    invocation.extra["vpcId"] = vpc_of(endpoint, gateway)


def _associated(gateway: Gateway, domain: Record) -> str | None:
    for region in gateway.store.each_region():
        for association in region.access_associations.values():
            if association["domainNameArn"] == domain["domainNameArn"]:
                return str(association["accessAssociationSource"])
    return None


def _ask(invocation: Invocation, gateway: Gateway, domain: Record, document: str) -> None:
    """The domain's policy, over ``{domain's ARN}/{stage}/{verb}/{path}``. Raises the 403, or 500 for a broken one."""
    arn = str(domain["domainNameArn"]).replace(":apigateway:", ":execute-api:", 1)
    known = gateway.memo.setdefault("domain policies", {})
    policy: Policy | None = known.get((arn, document))
    if policy is None:
        try:
            policy = known[arn, document] = compile_policy(json.loads(document), "resource", api_arn=arn)
        except (MalformedPolicy, ValueError, RecursionError) as problem:
            raise GatewayError(
                "API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {problem}"
            ) from None
    asked = f"{arn}/{invocation.stage.name}/{invocation.request.method}/{invocation.path.lstrip('/')}"
    decision = policy_alone(policy.evaluate(question(asked, condition_keys(invocation, gateway))))
    if decision is not Decision.ALLOW:
        raise denial(decision, asked)
