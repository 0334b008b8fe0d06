"""AWS_IAM: what a signer's own policies say, and how the signer shows in ``$context.identity``.

Belongs here: from a credential to a policy caller, its condition keys and its identity policies, compiled once each.
Never here: signatures (``sigv4``), reading IAM's records (``services/iam_directory.py``), resource policies.

AWS pages: "Control access to a REST API with IAM permissions", "AWS global condition context keys".
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from attrs import define, field
from twisted.logger import Logger

from emulator.authorizers.policy import (
    Caller,
    Decision,
    MalformedPolicy,
    Policy,
    PolicyRequest,
    compile_policy,
    decide,
)
from emulator.authorizers.policy_outcome import IdentityPolicies

MAX_COMPILED = 1024
_NOTHING = compile_policy({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})


class Credential(Protocol):
    """An access key and whose it is, as ``services/iam_directory.py`` reads it. ``documents`` are policies' JSON."""

    @property
    def access_key(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...
    @property
    def expires(self) -> float | None: ...
    @property
    def issued(self) -> float | None: ...
    @property
    def account(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def principal_arn(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def user_name(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...
    @property
    def documents(self) -> tuple[str, ...]: ...
    @property
    def boundary(self) -> str | None: ...
    @property
    def session_policies(self) -> tuple[str, ...] | None: ...
    @property
    def with_mfa(self) -> bool: ...
    @property
    def cognito(self) -> Mapping[str, str | None]: ...


class IamDirectory(Protocol):
    """Where access keys are looked up; called on the reactor, so it answers at once."""

    def find(self, access_key: str) -> Credential | None: ...


def caller_of(credential: Credential) -> Caller:
    """The principal that resource policies name."""
    names = {credential.arn, credential.principal_arn, credential.user_id, credential.user_id.partition(":")[0]}
    return Caller(credential.account, frozenset(names - {""}), root=credential.kind == "Account")


def identity_of(credential: Credential) -> dict[str, Any]:
    """The members of ``$context.identity`` that a signature fills."""
    return {
        "accountId": credential.account,
        "accessKey": credential.access_key,
        "caller": credential.user_id,
        "user": credential.user_id,
        "userArn": credential.arn,
        **credential.cognito,
    }


def condition_keys(credential: Credential) -> dict[str, str | tuple[str, ...]]:
    """The condition keys that exist only for authenticated callers, in lower case."""
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:principalarn": credential.principal_arn,
        "aws:principalaccount": credential.account,
        "aws:principaltype": credential.kind,
        "aws:userid": credential.user_id,
    }
    if credential.user_name:
        keys["aws:username"] = credential.user_name
    for name, value in credential.tags.items():
        keys[f"aws:principaltag/{name.lower()}"] = value
    if credential.issued is not None:
        keys["aws:tokenissuetime"] = datetime.fromtimestamp(credential.issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys["aws:multifactorauthpresent"] = "true" if credential.with_mfa else "false"
    if credential.cognito:
        keys.update(_of_identity_pool(credential.cognito))
    return keys


def _of_identity_pool(cognito: Mapping[str, str | None]) -> dict[str, str | tuple[str, ...]]:
    """The keys of a session that an identity pool gave: whose, which pool's, and how it logged in."""
    ways = [cognito["cognitoAuthenticationType"], *(cognito["cognitoAuthenticationProvider"] or "").split(",")]
    return {
        "cognito-identity.amazonaws.com:sub": cognito["cognitoIdentityId"] or "",
        "cognito-identity.amazonaws.com:aud": cognito["cognitoIdentityPoolId"] or "",
        "cognito-identity.amazonaws.com:amr": tuple(way for way in ways if way),
    }


@define(eq=False)
class IdentityEvaluator:
    """Evaluates callers' own policies; each document is compiled once, the least used are forgotten."""

    _compiled: OrderedDict[str, Policy] = field(factory=OrderedDict)
    log = Logger()

    def evaluate(self, credential: Credential, request: PolicyRequest) -> Decision:
        """What the caller's side says: the account's root user may do everything."""
        if credential.kind == "Account":
            return Decision.ALLOW
        session = credential.session_policies
        if session is None and credential.boundary is None:
            return decide([self._policy(document, credential) for document in credential.documents], request)
        return IdentityPolicies(
            attached=tuple(self._policy(document, credential) for document in credential.documents),
            boundary=None if credential.boundary is None else self._policy(credential.boundary, credential),
            session=None if session is None else tuple(self._policy(each, credential) for each in session),
        ).evaluate(request)

    def _policy(self, document: str, credential: Credential) -> Policy:
        known = self._compiled.get(document)
        if known is not None:
            self._compiled.move_to_end(document)
            return known
        try:
            known = compile_policy(json.loads(document))
        except (MalformedPolicy, ValueError, RecursionError) as problem:
            # A policy we cannot read may hold a Deny: it denies.
            self.log.error("a policy of {arn} cannot be read: {problem}", arn=credential.arn, problem=str(problem))
            known = _NOTHING
        self._compiled[document] = known
        if len(self._compiled) > MAX_COMPILED:
            self._compiled.popitem(last=False)
        return known
