"""Access keys and whose they are, read from moto's IAM and STS.

Belongs here: reading users, keys, roles, sessions, groups and the policies attached to them, for whoever verifies
signatures. Reads only, in process, in microseconds: it may be called on the reactor. Never here: judging any of it.

Besides moto's records there are the well-known local credentials, which every tutorial for local emulators uses and
which no IAM knows: access key ``test`` with secret ``test`` is the root user of the emulator's default account, and a
12-digit access key with secret ``test`` is the root user of the account it names. Their signatures are verified like
any other's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from attrs import Factory, evolve, frozen

from emulator.services.iam_sessions import default_version, managed_documents

_ACCOUNT = re.compile(r"\d{12}")
_LOCAL_SECRET = "test"
_EVERYTHING = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


@frozen(kw_only=True)
class Credential:
    """One access key and its holder. Times in seconds since the epoch; policies as JSON texts.

    ``kind`` is ``Account`` (the root user), ``User``, ``AssumedRole`` or ``FederatedUser``, as ``aws:PrincipalType``
    says it. ``arn`` is the user's or the session's, ``principal_arn`` the user's or the role's; ``user_id`` a user's
    unique id or
    ``<role id>:<session name>``. ``session_policies`` None: the session has none that limit it.
    """

    access_key: str
    secret: str
    session_token: str | None = None
    expires: float | None = None
    issued: float | None = None
    account: str
    kind: str
    arn: str
    principal_arn: str
    user_id: str
    user_name: str = ""
    tags: Mapping[str, str] = Factory(dict)
    documents: tuple[str, ...] = ()
    boundary: str | None = None
    session_policies: tuple[str, ...] | None = None
    with_mfa: bool = False
    cognito: Mapping[str, str | None] = Factory(dict)


class MotoIamDirectory:
    """Looks keys up in every account moto knows.

    moto's IAM is never loaded for the question, which would hold the reactor up: a key that exists was made by it.
    """

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def find(self, access_key: str) -> Credential | None:
        """The key's holder, or None for a key that is unknown or inactive."""
        if access_key == "test":
            return root_user(access_key, self._account_id)
        if _ACCOUNT.fullmatch(access_key):
            return root_user(access_key, access_key)
        models = sys.modules.get("moto.iam.models")
        if models is None:
            return None
        for account, partitions in list(models.iam_backends.items()):
            for partition, backend in list(partitions.items()):
                key = backend.access_keys.get(access_key)
                if key is not None:
                    return self._holder(account, partition, backend, key)
        return None

    def _holder(self, account: str, partition: str, backend: Any, key: Any) -> Credential | None:
        if key.status != "Active":
            return None
        if getattr(key, "derived", None) is not None:
            return self._derived(key)
        if key.user_name:
            user = backend.users.get(key.user_name)
            return None if user is None else _user(account, backend, user, key)
        session = _session_of(account, partition, key)
        return None if session is None else _session(account, backend, session)

    def _derived(self, key: Any) -> Credential | None:
        """A user's session, or a federated user, who may do what both the session's policies and the base allow."""
        session = key.derived
        base = self.find(session.base)
        if base is None:
            return None
        found = evolve(
            base,
            access_key=key.access_key_id,
            secret=key.secret_access_key,
            session_token=session.token,
            expires=_epoch(session.expiration),
            issued=_epoch(key.create_date),
            with_mfa=session.with_mfa,
        )
        if not session.name:
            return found
        arn = f"arn:aws:sts::{base.account}:federated-user/{session.name}"
        return evolve(
            found,
            kind="FederatedUser",
            arn=arn,
            principal_arn=arn,
            user_id=f"{base.account}:{session.name}",
            user_name="",
            tags=dict(session.tags),
            documents=(_EVERYTHING,) if base.kind == "Account" else base.documents,
            session_policies=session.policies,
        )


def _session_of(account: str, partition: str, key: Any) -> Any:
    """The role's session a temporary key belongs to; found once, then kept with the key."""
    known = vars(key).get("session")
    models = sys.modules.get("moto.sts.models")
    if known is None and models is not None:
        for session in reversed(models.sts_backends[account][partition].assumed_roles):
            if session.access_key_id == key.access_key_id:
                known = key.session = session
                break
    return known


def root_user(access_key: str, account: str) -> Credential:
    """One of the well-known local credentials."""
    arn = f"arn:aws:iam::{account}:root"
    return Credential(
        access_key=access_key,
        secret=_LOCAL_SECRET,
        account=account,
        kind="Account",
        arn=arn,
        principal_arn=arn,
        user_id=account,
    )


def _user(account: str, backend: Any, user: Any, key: Any) -> Credential:
    documents = _documents(user)
    for group in list(backend.groups.values()):
        if any(member is user for member in list(group.users)):
            documents += _documents(group)
    return Credential(
        access_key=key.access_key_id,
        secret=key.secret_access_key,
        account=account,
        kind="User",
        arn=user.arn,
        principal_arn=user.arn,
        user_id=user.id,
        user_name=user.name,
        tags=_tags(backend, user),
        documents=documents,
        boundary=_boundary(backend, user),
    )


def _session(account: str, backend: Any, session: Any) -> Credential:
    """An assumed role's session; of a role that does not exist (moto lets one assume it) nothing is allowed."""
    name = session.role_arn.rpartition("/")[2]
    role = next(
        (each for each in list(backend.roles.values()) if each.name == name and each.arn == session.role_arn), None
    )
    role_id = session.user_id if role is None else f"{role.id}:{session.session_name}"
    return Credential(
        access_key=session.access_key_id,
        secret=session.secret_access_key,
        session_token=session.session_token,
        expires=_epoch(session.expiration),
        issued=_epoch(session.access_key.create_date),
        account=account,
        kind="AssumedRole",
        arn=session.arn,
        principal_arn=session.role_arn,
        user_id=role_id,
        # A session's tag stands over the role's of the same key.
        tags={**({} if role is None else _tags(backend, role)), **getattr(session, "tags", {})},
        documents=() if role is None else _documents(role),
        boundary=None if role is None else _boundary(backend, role),
        session_policies=_session_policies(session),
        cognito=getattr(session, "cognito", {}),
    )


def _session_policies(session: Any) -> tuple[str, ...] | None:
    inline = (session.policy,) if session.policy else ()
    arns = getattr(session, "policy_arns", ())
    if not inline and not arns:
        return None
    return (*inline, *managed_documents(session.account_id, session.partition, arns))


def _epoch(moment: Any) -> float:
    """moto's times are naive UTC."""

    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _documents(holder: Any) -> tuple[str, ...]:
    """Inline and managed policies of a user, group or role."""
    managed = [default_version(policy) for policy in list(holder.managed_policies.values())]
    return (*list(holder.policies.values()), *managed)


def _boundary(backend: Any, holder: Any) -> str | None:
    """The boundary's document; a boundary that is not there allows nothing."""
    arn = getattr(holder, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = backend.managed_policies.get(arn)
    return '{"Statement": []}' if policy is None else default_version(policy)


def _tags(backend: Any, holder: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    own = getattr(holder, "tags", None)
    if own is None:
        own = backend.tagger.list_tags_for_resource(holder.arn).get("Tags", [])
    listed = own.values() if isinstance(own, dict) else own
    for tag in list(listed or ()):
        found[tag["Key"]] = tag["Value"]
    return found
