"""What moto's IAM and STS leave out of who may call: boundaries of users, tags and policies of sessions, more sessions.

Belongs here: those gaps, filled in moto's own classes. Never here: judging any of it, or reading it back
(``iam_directory.py``).

AWS pages: "Permissions boundaries for IAM entities", "Pass session tags in AWS STS", AssumeRole, GetSessionToken,
GetFederationToken, GetCallerIdentity in the STS API reference.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from attrs import frozen

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


@frozen(kw_only=True)
class DerivedSession:
    """Credentials made from a user's or the root user's: GetSessionToken's, or with a name GetFederationToken's.

    ``base`` is the access key they were made with; ``policies`` None: nothing limits what the base may do.
    """

    base: str
    token: str
    expiration: Any  # datetime
    name: str = ""
    policies: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    with_mfa: bool = False


def mend_iam() -> None:
    """Users have permissions boundaries, and ids like AWS's."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.iam.models import User
    from moto.iam.responses import IamResponse

    if "_emulator" in vars(IamResponse):
        return
    IamResponse._emulator = True
    create = IamResponse.create_user

    def create_user(self: Any) -> ActionResult:
        answer = create(self)
        user = answer.result["User"]
        user.permissions_boundary_arn = self._get_param("PermissionsBoundary")
        user.id = "AIDA" + user.id[:17].upper()  # as AWS's ids of users look in $context.identity
        return answer

    def put_user_permissions_boundary(self: Any) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        user.permissions_boundary_arn = self._get_param("PermissionsBoundary")
        return EmptyResult()

    def delete_user_permissions_boundary(self: Any) -> ActionResult:
        self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = None
        return EmptyResult()

    def permissions_boundary(self: Any) -> dict[str, str] | None:
        if not self.permissions_boundary_arn:
            return None
        return {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": self.permissions_boundary_arn,
        }

    User.permissions_boundary_arn = None
    User.permissions_boundary = property(permissions_boundary)
    IamResponse.create_user = create_user
    IamResponse.put_user_permissions_boundary = put_user_permissions_boundary
    IamResponse.delete_user_permissions_boundary = delete_user_permissions_boundary


def mend_sts() -> None:
    """Sessions of roles keep their tags and managed policies; the other sessions are somebody's."""
    from moto.sts.responses import TokenResponse

    if "_emulator" in vars(TokenResponse):
        return
    TokenResponse._emulator = True
    for name in ("assume_role", "assume_role_with_web_identity"):
        setattr(TokenResponse, name, _remembering(getattr(TokenResponse, name)))
    for name, derive in (("get_session_token", _session_token), ("get_federation_token", _federation_token)):
        setattr(TokenResponse, name, _deriving(getattr(TokenResponse, name), derive))
    TokenResponse.get_caller_identity = _caller_identity


def _caller_identity(response: Any) -> Any:
    """GetCallerIdentity, for all kinds of callers; whoever is unknown is the account's root user here."""
    from moto.core.responses import ActionResult

    from emulator.services.iam_directory import MotoIamDirectory, root_user

    account, key = response.current_account, _signer(response)
    found = MotoIamDirectory(account).find(key) or root_user(key, account)
    return ActionResult({"UserId": found.user_id, "Account": found.account, "Arn": found.arn})


def _remembering(known: Any) -> Any:
    def assume(self: Any) -> Any:
        answer = known(self)
        session = answer.result["Credentials"]
        session.tags = _tags(self)
        session.policy_arns = _policy_arns(self)
        return answer

    return assume


def _deriving(known: Any, derive: Any) -> Any:
    def answer(self: Any) -> Any:
        from moto.iam.models import iam_backends
        from moto.sts.utils import random_session_token

        made = known(self)
        credentials = made.result["Credentials"]
        key = iam_backends[self.current_account][self.partition].create_temp_access_key()
        # moto's own durations are those of the request.
        key.derived = derive(self, random_session_token(), credentials["Expiration"])
        key.create_date = credentials["Expiration"] - timedelta(seconds=self._get_int_param("DurationSeconds", 43200))
        made.result["Credentials"] = {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": key.derived.token,
            "Expiration": credentials["Expiration"],
        }
        return made

    return answer


def _session_token(response: Any, token: str, expiration: Any) -> DerivedSession:
    return DerivedSession(
        base=_signer(response),
        token=token,
        expiration=expiration,
        with_mfa=bool(response._get_param("SerialNumber")),
    )


def _federation_token(response: Any, token: str, expiration: Any) -> DerivedSession:
    """Without a policy a federated user may do nothing."""
    policy = response._get_param("Policy")
    documents = [policy] if policy else []
    documents += managed_documents(response.current_account, response.partition, _policy_arns(response))
    return DerivedSession(
        base=_signer(response),
        token=token,
        expiration=expiration,
        name=response._get_param("Name"),
        policies=tuple(documents),
        tags=tuple(_tags(response).items()),
    )


def _signer(response: Any) -> str:
    """The access key that signed the call; moto's own reading knows only those of twenty letters."""
    found = _CREDENTIAL.search(response.headers.get("Authorization") or "")
    return found[1] if found else ""


def _tags(response: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in response._get_param("Tags") or ()}


def _policy_arns(response: Any) -> tuple[str, ...]:
    return tuple(each["arn"] for each in response._get_param("PolicyArns") or ())


def managed_documents(account: str, partition: str, arns: tuple[str, ...]) -> list[str]:
    """The documents of managed policies, their default versions; a policy that is not there allows nothing."""
    from moto.iam.models import iam_backends

    known = iam_backends[account][partition].managed_policies
    return [default_version(known[arn]) if arn in known else '{"Statement": []}' for arn in arns]


def default_version(policy: Any) -> str:
    """The document of a managed policy that holds now."""
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return str(version.document)
    return str(policy.versions[-1].document)
