"""Functions that Cognito's user pools call: before and after a sign-up, a confirmation, an authentication, a token.

Belongs here: PreSignUp, PostConfirmation, PreAuthentication, PostAuthentication, PreTokenGeneration, by changes to
moto's user pools. Never here: running functions, tokens themselves. ``install`` runs on the writer's thread.

AWS page: "Customizing user pool workflows with Lambda triggers" in Cognito's developer guide.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define

from emulator.errors import EmulatorError
from emulator.lambda_runtime.invocations import InvocationResult

# (account, region, function, qualifier, event) -> what became of it; on the writer's thread
Call = Callable[[str, str, str, str | None, str], InvocationResult]

# What a function may not change in a token.
_PROTECTED = frozenset(
    (
        *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "device_key", "event_id", "exp", "iat"),
        *("identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username", "version"),
        "cognito:username",
    )
)


@define
class _Installed:
    call: Call | None = None


_installed = _Installed()


def install(call: Call) -> None:
    """Change moto's user pools, once imported."""
    _installed.call = call
    from moto.cognitoidp import models

    if hasattr(models.CognitoIdpBackend, "_calls_functions"):
        return
    models.CognitoIdpBackend._calls_functions = True
    _patch_users(models.CognitoIdpBackend, models.UserStatus)
    _patch_authentication(models.CognitoIdpBackend)
    _patch_tokens(models.CognitoIdpUserPool)


def _patch_users(backend: Any, status: Any) -> None:
    sign_up, create = backend.sign_up, backend.admin_create_user
    confirm, admin_confirm = backend.confirm_sign_up, backend.admin_confirm_sign_up

    @functools.wraps(sign_up)
    def signing_up(self: Any, client_id: str, username: str, password: str, attributes: Any) -> Any:
        pool = _pool_of(self, client_id)
        request = {"userAttributes": _flat(attributes), "validationData": None}
        answer = _trigger(pool, "PreSignUp", "PreSignUp_SignUp", username, client_id, request)
        user, details = sign_up(self, client_id, username, password, attributes)
        _verify(user, answer)
        if answer.get("autoConfirmUser") is True:
            user.status = status.CONFIRMED
            _confirmed(pool, user, client_id)
        return user, details

    @functools.wraps(create)
    def creating(
        self: Any, user_pool_id: str, username: str, message_action: Any, temporary_password: Any, attributes: Any
    ) -> Any:
        pool = self.describe_user_pool(user_pool_id)
        request = {"userAttributes": _flat(attributes), "validationData": None}
        answer = _trigger(pool, "PreSignUp", "PreSignUp_AdminCreateUser", username, None, request)
        user = create(self, user_pool_id, username, message_action, temporary_password, attributes)
        _verify(user, answer)
        return user

    @functools.wraps(confirm)
    def confirming(self: Any, client_id: str, username: str) -> Any:
        result = confirm(self, client_id, username)
        pool = _pool_of(self, client_id)
        _confirmed(pool, pool._get_user(username), client_id)
        return result

    @functools.wraps(admin_confirm)
    def admin_confirming(self: Any, user_pool_id: str, username: str) -> Any:
        result = admin_confirm(self, user_pool_id, username)
        pool = self.describe_user_pool(user_pool_id)
        _confirmed(pool, pool._get_user(username), None)
        return result

    backend.sign_up, backend.admin_create_user = signing_up, creating
    backend.confirm_sign_up, backend.admin_confirm_sign_up = confirming, admin_confirming


def _patch_authentication(backend: Any) -> None:
    initiate, admin = backend.initiate_auth, backend.admin_initiate_auth

    @functools.wraps(initiate)
    def initiating(self: Any, client_id: str, auth_flow: str, auth_parameters: dict[str, str]) -> Any:
        _authenticating(_pool_of(self, client_id), client_id, auth_parameters)
        return initiate(self, client_id, auth_flow, auth_parameters)

    @functools.wraps(admin)
    def admin_initiating(
        self: Any, user_pool_id: str, client_id: str, auth_flow: str, auth_parameters: dict[str, str]
    ) -> Any:
        _authenticating(self.describe_user_pool(user_pool_id), client_id, auth_parameters)
        return admin(self, user_pool_id, client_id, auth_flow, auth_parameters)

    backend.initiate_auth, backend.admin_initiate_auth = initiating, admin_initiating


def _patch_tokens(pool: Any) -> None:
    access, identity, make = pool.create_access_token, pool.create_id_token, pool.create_jwt

    @functools.wraps(access)
    def access_token(self: Any, client_id: str, username: str, origin_jti: str) -> Any:
        # Of the two tokens that are made together this is the first.
        self._change = _before_tokens(self, client_id, username, origin_jti)
        return access(self, client_id, username, origin_jti)

    @functools.wraps(identity)
    def id_token(self: Any, client_id: str, username: str, origin_jti: str) -> Any:
        try:
            return identity(self, client_id, username, origin_jti)
        finally:
            self._change = None

    @functools.wraps(make)
    def jwt(
        self: Any, client_id: str, username: str, token_use: str, expires_in: int = 3600, extra_data: Any = None
    ) -> Any:
        change = getattr(self, "_change", None)
        claims = changed_claims(dict(extra_data or {}), change, token_use) if change else extra_data
        return make(self, client_id, username, token_use, expires_in, claims)

    pool.create_access_token, pool.create_id_token, pool.create_jwt = access_token, id_token, jwt


def _authenticating(pool: Any, client_id: str, parameters: Mapping[str, str]) -> None:
    username = parameters.get("USERNAME")
    user = pool._get_user(username) if pool is not None and username else None
    if user is not None:
        request = {"userAttributes": _attributes(user), "validationData": None}
        _trigger(pool, "PreAuthentication", "PreAuthentication_Authentication", user.username, client_id, request)


def _confirmed(pool: Any, user: Any, client_id: str | None) -> None:
    if user is not None:
        request = {"userAttributes": _attributes(user)}
        _trigger(pool, "PostConfirmation", "PostConfirmation_ConfirmSignUp", user.username, client_id, request)


def _before_tokens(pool: Any, client_id: str, username: str, origin_jti: str) -> dict[str, Any] | None:
    """Tell that the user is in, and ask what their tokens should say."""
    user = pool._get_user(username)
    if user is None:
        return None
    used = getattr(pool, "_used_origins", None)
    if used is None:
        used = pool._used_origins = set()
    # A refresh token's first pair is made by an authentication.
    again = origin_jti in used
    used.add(origin_jti)
    if not again:
        request: dict[str, Any] = {"userAttributes": _attributes(user), "newDeviceUsed": False}
        _trigger(pool, "PostAuthentication", "PostAuthentication_Authentication", user.username, client_id, request)
    source = "TokenGeneration_RefreshTokens" if again else "TokenGeneration_Authentication"
    groups = [each.group_name for each in user.groups]
    request = {
        "userAttributes": _attributes(user),
        "groupConfiguration": {"groupsToOverride": groups, "iamRolesToOverride": [], "preferredRole": None},
    }
    return _trigger(pool, "PreTokenGeneration", source, user.username, client_id, request) or None


def changed_claims(claims: dict[str, Any], change: Mapping[str, Any], token_use: str) -> dict[str, Any]:
    """A token's claims as PreTokenGeneration's answer (either form of it) changes them."""
    details = change.get("claimsOverrideDetails")
    if details is None:
        details = change.get("claimsAndScopeOverrideDetails") or {}
        wanted = details.get("idTokenGeneration" if token_use == "id" else "accessTokenGeneration") or {}
    else:
        wanted = details if token_use == "id" else {}  # the first form is about ID tokens only
    for name, value in (wanted.get("claimsToAddOrOverride") or {}).items():
        if name not in _PROTECTED:
            claims[name] = value
    for name in wanted.get("claimsToSuppress") or ():
        if name not in _PROTECTED:
            claims.pop(name, None)
    if token_use == "access" and (wanted.get("scopesToAdd") or wanted.get("scopesToSuppress")):
        suppressed = wanted.get("scopesToSuppress") or ()
        scopes = [each for each in str(claims.get("scope", "")).split() if each not in suppressed]
        scopes += [each for each in wanted.get("scopesToAdd") or () if each not in scopes]
        claims["scope"] = " ".join(scopes)
    groups = (details.get("groupOverrideDetails") or {}).get("groupsToOverride")
    if groups is not None:
        claims["cognito:groups"] = groups
    return claims


def _trigger(
    pool: Any, name: str, source: str, username: str, client_id: str | None, request: dict[str, Any]
) -> dict[str, Any]:
    """Call the pool's function of this name, if it has one; the ``response`` of the event it gives back."""
    config = (pool.extended_config.get("LambdaConfig") or {}) if pool is not None else {}
    newer = config.get(f"{name}Config") or {}
    arn = newer.get("LambdaArn") or config.get(name)
    call = _installed.call
    if not arn or call is None:
        return {}
    version = str(newer.get("LambdaVersion") or "V1_0")[1:2]
    if name == "PreTokenGeneration" and version != "1":
        request = {**request, "scopes": ["aws.cognito.signin.user.admin"]}
    event = {
        "version": version,
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id or _NO_CLIENT},
        "triggerSource": source,
        "request": request,
        "response": _EMPTY.get(name, {}),
    }
    return _answer(name, call, pool, arn, event)


_NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"  # AWS's words for an administrator's call
_EMPTY: Mapping[str, dict[str, Any]] = {
    "PreSignUp": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    "PreTokenGeneration": {"claimsOverrideDetails": None},
}


def _answer(name: str, call: Call, pool: Any, arn: str, event: dict[str, Any]) -> dict[str, Any]:
    from moto.core.exceptions import JsonRESTError

    try:
        result = call(pool.arn.split(":")[4], pool.region, arn, None, json.dumps(event, default=str))
    except EmulatorError as error:
        raise JsonRESTError("UnexpectedLambdaException", f"{name} invocation failed due to error {error}.") from error
    try:
        given = json.loads(result.payload)
    except ValueError:
        given = None
    if result.function_error:
        told = given.get("errorMessage", "") if isinstance(given, dict) else ""
        raise JsonRESTError("UserLambdaValidationException", f"{name} failed with error {told}.")
    response = given.get("response", {}) if isinstance(given, dict) else None
    if response is None or not isinstance(response, dict):
        raise JsonRESTError("InvalidLambdaResponseException", "Unrecognizable lambda output")
    return response


def _verify(user: Any, answer: Mapping[str, Any]) -> None:
    """Take an attribute for verified, as PreSignUp says."""
    for said, name in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if answer.get(said) is True and name in user.attribute_lookup:
            user.update_attributes([{"Name": f"{name}_verified", "Value": "true"}])


def _attributes(user: Any) -> dict[str, str]:
    status = str(getattr(user.status, "value", user.status))
    return {"sub": user.id, "cognito:user_status": status, **_flat(user.attributes)}


def _flat(attributes: Any) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in attributes or ()}


def _pool_of(backend: Any, client_id: str) -> Any:
    return next((each for each in backend.user_pools.values() if client_id in each.clients), None)
