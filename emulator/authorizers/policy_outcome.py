"""Two policies and one request: the developer guide's outcome tables.

Belongs here: what API Gateway makes of the caller's side (identity policies, an authorizer's policy) together with the
API's resource policy. Pure. Never here: evaluating a document (``policy``).

Follows "How API Gateway resource policies affect authorization workflow", tables A and B and the text on Cognito.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from emulator.authorizers.policy import Decision, Policy, PolicyRequest, decide


@frozen
class IdentityPolicies:
    """All policies on the caller's side: those attached (the groups' too), the boundary, those of the session.

    ``boundary`` and ``session`` limit what ``attached`` grants; None: there is no such limit.
    """

    attached: tuple[Policy, ...]
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None

    def evaluate(self, request: PolicyRequest) -> Decision:
        """Deny if any of them denies; Allow if all kinds there are allow."""
        decisions = [decide(self.attached, request)]
        if self.boundary is not None:
            decisions.append(self.boundary.evaluate(request))
        if self.session is not None:
            decisions.append(decide(self.session, request))
        return weakest(decisions)


def weakest(decisions: Sequence[Decision]) -> Decision:
    """Deny if any denies, Allow if all allow, else NEITHER."""
    if Decision.DENY in decisions:
        return Decision.DENY
    if all(decision is Decision.ALLOW for decision in decisions):
        return Decision.ALLOW
    return Decision.NEITHER


def same_account(identity: Decision, resource: Decision) -> Decision:
    """Table A, for IAM callers of the API's own account and for Lambda authorizers: one Allow is enough, no Deny.

    A resource policy which names the account as a whole leaves the word to the identity's policies.
    """
    if Decision.DENY in (identity, resource):
        return Decision.DENY
    if Decision.ALLOW in (identity, resource):
        return Decision.ALLOW
    return Decision.NEITHER


def cross_account(identity: Decision, resource: Decision) -> Decision:
    """Table B, for IAM callers of another account: both must allow."""
    granted = Decision.ALLOW if resource is Decision.DELEGATED else resource
    return weakest((identity, granted))


def policy_alone(resource: Decision) -> Decision:
    """No authorizer, or a Cognito or JWT token that has been accepted: the resource policy must allow by itself."""
    return Decision.ALLOW if resource is Decision.ALLOW else _denied(resource)


def _denied(decision: Decision) -> Decision:
    return Decision.DENY if decision is Decision.DENY else Decision.NEITHER
