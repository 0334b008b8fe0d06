"""Cognito's identity pools in moto: identities that stay, roles, and credentials that are a session of the role.

Belongs here: those operations, filled in moto's own classes. Never here: what the sessions may do
(``iam_directory.py`` reads them, ``authorizers/iam.py`` judges).

AWS pages: "Identity pools (federated identities) authentication flow", SetIdentityPoolRoles, GetId and
GetCredentialsForIdentity in the API reference. Tokens of the emulator's user pools are verified; those of other
providers cannot be, and are taken as they come.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import jwt
from attrs import Factory, define

SESSION = "CognitoIdentityCredentials"
SECONDS = 3600


@define
class Identity:
    """One identity: ``logins`` are its subjects by provider."""

    id: str
    logins: dict[str, str] = Factory(dict)


def mend_identity_pools() -> None:
    """Once per process."""
    from moto.cognitoidentity.responses import CognitoIdentityResponse

    if "_emulator" in vars(CognitoIdentityResponse):
        return
    CognitoIdentityResponse._emulator = True
    for operation in (
        set_identity_pool_roles,
        get_identity_pool_roles,
        get_id,
        get_credentials_for_identity,
    ):
        setattr(CognitoIdentityResponse, operation.__name__, operation)


# The operations, as methods of moto's response class ------------------------------------


def set_identity_pool_roles(response: Any) -> str:
    """SetIdentityPoolRoles."""
    _account, pool = _pool(response._get_param("IdentityPoolId"))
    pool.roles = response._get_param("Roles") or {}
    pool.role_mappings = response._get_param("RoleMappings") or {}
    return ""


def get_identity_pool_roles(response: Any) -> str:
    """GetIdentityPoolRoles."""
    pool_id = response._get_param("IdentityPoolId")
    _account, pool = _pool(pool_id)
    shown = {"IdentityPoolId": pool_id, "Roles": getattr(pool, "roles", {})}
    if getattr(pool, "role_mappings", None):
        shown["RoleMappings"] = pool.role_mappings
    return json.dumps(shown)


def get_id(response: Any) -> str:
    """GetId: the same identity for the same login."""
    from moto.cognitoidentity.models import cognitoidentity_backends
    from moto.cognitoidentity.utils import get_random_identity_id

    pool_id = response._get_param("IdentityPoolId")
    account, pool = _pool(pool_id)
    logins = _subjects(pool, response._get_param("Logins") or {})
    known = _identities(pool)
    found = next((each for each in known.values() if each.logins.items() & logins.items()), None)
    if found is None:
        region = pool_id.partition(":")[0]
        found = Identity(get_random_identity_id(region))
        known[found.id] = found
        listed = cognitoidentity_backends[account][region].pools_identities[pool_id]["Identities"]
        listed.append({"IdentityId": found.id, "Logins": sorted(logins)})
    found.logins.update(logins)
    return json.dumps({"IdentityId": found.id})


def get_credentials_for_identity(response: Any) -> str:
    """GetCredentialsForIdentity: a session of the pool's role."""
    from moto.sts.models import sts_backends

    identity_id = response._get_param("IdentityId")
    account, pool, identity = _identity(identity_id)
    logins = response._get_param("Logins") or {}
    subjects = _subjects(pool, logins)
    if identity.logins and not identity.logins.items() & subjects.items():
        text = "Logins don't match. Please include at least one valid login for this identity or identity pool."
        raise _refusal("NotAuthorizedException", text)
    identity.logins.update(subjects)
    role = response._get_param("CustomRoleArn") or _role(pool, logins)
    region = identity_id.partition(":")[0]
    session = sts_backends[account]["aws"].assume_role(region, SESSION, role, None, SECONDS, None)
    session.cognito = _shown(pool, identity, subjects)
    credentials = {
        "AccessKeyId": session.access_key_id,
        "SecretKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": session.expiration.timestamp(),
    }
    return json.dumps({"IdentityId": identity_id, "Credentials": credentials})


# Pools and identities -----------------------------------------------------------------------


def _refusal(kind: str, text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(kind, text)


def _pool(pool_id: str) -> tuple[str, Any]:
    """The pool and its account: who asks for an identity signs nothing, and so names none."""
    from moto.cognitoidentity.models import cognitoidentity_backends

    region = pool_id.partition(":")[0]
    for account, regions in list(cognitoidentity_backends.items()):
        backend = dict(regions).get(region)
        if backend is not None and pool_id in backend.identity_pools:
            return account, backend.identity_pools[pool_id]
    raise _refusal("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")


def _identities(pool: Any) -> dict[str, Identity]:
    known: dict[str, Identity] = vars(pool).setdefault("identities", {})
    return known


def _identity(identity_id: str) -> tuple[str, Any, Identity]:
    from moto.cognitoidentity.models import cognitoidentity_backends

    region = identity_id.partition(":")[0]
    for account, regions in list(cognitoidentity_backends.items()):
        backend = dict(regions).get(region)
        for pool in list(backend.identity_pools.values()) if backend is not None else ():
            if identity_id in _identities(pool):
                return account, pool, _identities(pool)[identity_id]
    raise _refusal("ResourceNotFoundException", f"Identity '{identity_id}' not found.")


def _role(pool: Any, logins: Mapping[str, str]) -> str:
    roles = getattr(pool, "roles", {})
    role = roles.get("authenticated" if logins else "unauthenticated")
    for provider, token in logins.items():
        mapping = next(
            (
                each
                for name, each in getattr(pool, "role_mappings", {}).items()
                if name == provider or name.startswith(provider + ":")
            ),
            None,
        )
        if mapping is not None and mapping.get("Type") == "Token":
            role = _unverified(token).get("cognito:preferred_role") or role
    if not role:
        text = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
        raise _refusal("InvalidIdentityPoolConfigurationException", text)
    return str(role)


# Logins ---------------------------------------------------------------------------------------


def _subjects(pool: Any, logins: Mapping[str, str]) -> dict[str, str]:
    """Who logs in, by provider. Refuses tokens that do not hold, and nobody where the pool lets nobody in."""
    if not logins and not pool.allow_unauthenticated_identities:
        text = "Unauthenticated access is not supported for this identity pool."
        raise _refusal("NotAuthorizedException", text)
    return {provider: _subject(pool, provider, token) for provider, token in logins.items()}


def _subject(pool: Any, provider: str, token: str) -> str:
    if not provider.startswith("cognito-idp."):
        return str(_unverified(token).get("sub") or hashlib.sha256(token.encode()).hexdigest())
    clients = {
        each.get("ClientId") for each in pool.cognito_identity_providers or () if each["ProviderName"] == provider
    }
    if not clients:
        text = "Token is not from a supported provider of this identity pool."
        raise _refusal("NotAuthorizedException", text)
    claims = _verified(provider, token)
    if claims.get("aud") not in clients:
        raise _refusal("NotAuthorizedException", "Invalid login token. Incorrect token audience.")
    return str(claims["sub"])


def _verified(provider: str, token: str) -> dict[str, Any]:
    from emulator.services.user_pools import MotoUserPools

    keys = MotoUserPools().key_set(f"https://{provider}")
    if keys is None:
        raise _refusal("NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName")
    key = jwt.PyJWK(dict(keys["keys"][0]), algorithm="RS256")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], issuer=f"https://{provider}", options={"verify_aud": False}
        )
    except jwt.ExpiredSignatureError:
        raise _refusal("NotAuthorizedException", "Invalid login token. Token expired") from None
    except jwt.InvalidIssuerError:
        text = "Invalid login token. Issuer doesn't match providerName"
        raise _refusal("NotAuthorizedException", text) from None
    except jwt.PyJWTError:
        text = "Invalid login token. Not a valid OpenId Connect identity token."
        raise _refusal("NotAuthorizedException", text) from None
    return claims


def _unverified(token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _shown(pool: Any, identity: Identity, subjects: Mapping[str, str]) -> dict[str, str | None]:
    """What ``$context.identity`` tells of the caller."""
    providers = [
        f"{provider},{provider}:CognitoSignIn:{subject}" if provider.startswith("cognito-idp.") else provider
        for provider, subject in subjects.items()
    ]
    return {
        "cognitoIdentityPoolId": pool.identity_pool_id,
        "cognitoIdentityId": identity.id,
        "cognitoAuthenticationType": "authenticated" if subjects else "unauthenticated",
        "cognitoAuthenticationProvider": ",".join(providers) or None,
    }
