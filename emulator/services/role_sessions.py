"""The role that API Gateway takes on when an integration has ``credentials``, as the service asked sees it.

Belongs here: the session of a role, in moto's STS and IAM. Never here: whether the role may do what is asked (moto does
not check, and users of a local emulator seldom write the policies). Runs on the writer's thread.
On AWS the session's name is always the same one; it is in CloudTrail, in GetCallerIdentity and in SQS's ``SenderId``.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from typing import Any

SESSION = "BackplaneAssumeRoleSession"


class RoleSessions:
    """A session per role."""

    def __init__(self) -> None:
        self._sessions: dict[str, Any] = {}

    def access_key(self, role_arn: str, region: str) -> str:
        """The access key of the role's session, made at first, and anew after moto was emptied."""
        from moto.sts.models import sts_backends
        from moto.utilities.utils import get_partition

        account = role_arn.split(":")[4]
        backend = sts_backends[account][get_partition(region)]
        session = self._sessions.get(role_arn)
        if session is None or session not in backend.assumed_roles:
            session = backend.assume_role(region, SESSION, role_arn, None, 3600, None)
            self._sessions[role_arn] = session
        return str(session.access_key_id)


def session_user(role_arn: str) -> str:
    """``AROA…:session``: the role's id as IAM has it, else one that is the same for the same ARN."""
    iam = sys.modules.get("moto.iam.models")
    if iam is not None:
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        for backend in list(iam.iam_backends[account].values()):
            for role in list(backend.roles.values()):
                if role.name == name:
                    return f"{role.id}:{SESSION}"
    digest = base64.b32encode(hashlib.sha256(role_arn.encode()).digest()).decode()
    return f"AROA{digest[:17]}:{SESSION}"
