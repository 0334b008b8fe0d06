"""What Cognito's user pools say: moto names the culprit where AWS has a sentence, and sends every code to a telephone.

Belongs here: the sentences, in moto's own classes, and where a code is sent. Never here: tokens (``pool_tokens.py``),
functions (``user_pool_triggers.py``).
AWS pages: the operations' errors in the reference of Cognito's user pools; "Configuring email or phone verification".
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from typing import Any

_OF_CLIENTS = (
    "sign_up", "confirm_sign_up", "initiate_auth", "forgot_password", "confirm_forgot_password",
    "respond_to_auth_challenge", "describe_user_pool_client", "update_user_pool_client", "delete_user_pool_client",
)  # fmt: skip
_OF_TOKENS = ("get_user", "change_password", "global_sign_out", "update_user_attributes", "verify_software_token")
_MASKED = re.compile(r"\d(?=\d{4})")
_RULES = (
    ("RequireLowercase", r"[a-z]", "Password must have lowercase characters"),
    ("RequireUppercase", r"[A-Z]", "Password must have uppercase characters"),
    ("RequireNumbers", r"\d", "Password must have numeric characters"),
    ("RequireSymbols", r"[^A-Za-z0-9]", "Password must have symbol characters"),
)
_ATTRIBUTES = {"verified_phone_number": "phone_number", "verified_email": "email"}


def mend_user_pool_errors() -> None:
    """Once per process."""
    from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser

    if "_worded" in vars(CognitoIdpBackend):
        return
    CognitoIdpBackend._worded = True
    for name in {"admin_create_user", *_OF_CLIENTS, *_OF_TOKENS}:
        setattr(CognitoIdpBackend, name, _worded(getattr(CognitoIdpBackend, name)))
    _mend_passwords(CognitoIdpBackend)
    _mend_codes(CognitoIdpBackend)
    _mend_users(CognitoIdpUser)


def _worded(known: Any) -> Any:
    from moto.core.exceptions import JsonRESTError

    signature = inspect.signature(known)

    @functools.wraps(known)
    def told(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return known(self, *args, **kwargs)
        except JsonRESTError as error:
            given = signature.bind(self, *args, **kwargs).arguments
            found = _sentence(known.__name__, error.error_type, error.message, given, self.user_pools)
            if found is None:
                raise
            raise JsonRESTError(*found) from error

    return told


def _sentence(
    operation: str, kind: str, said: str, given: Mapping[str, Any], pools: Mapping[str, Any]
) -> tuple[str, str] | None:
    """The error's type and text; None for what moto says well."""
    if kind == "UsernameExistsException":
        if operation == "admin_create_user":
            return kind, "User account already exists"
        pool = next((each for each in pools.values() if given.get("client_id") in each.clients), None)
        by_email = pool is not None and "email" in (pool.extended_config.get("UsernameAttributes") or ())
        return kind, "An account with the given email already exists." if by_email else "User already exists"
    if kind == "ResourceNotFoundException" and said == given.get("client_id"):
        return kind, f"User pool client {said} does not exist."
    if operation == "initiate_auth" and said == "Refresh Token has been revoked":
        token = (given.get("auth_parameters") or {}).get("REFRESH_TOKEN")
        known = any(token in pool.refresh_tokens for pool in pools.values())
        return None if known else (kind, "Invalid Refresh Token")
    if kind == "NotAuthorizedException" and operation in _OF_TOKENS:
        if said in ("Invalid token", given.get("access_token")):
            return kind, "Invalid Access Token"
        if operation == "change_password":
            return kind, "Incorrect username or password."
    return None


def _mend_passwords(backend: Any) -> None:
    from moto.core.exceptions import JsonRESTError

    def validate(self: Any, user_pool_id: str, password: str) -> None:
        config = self.describe_user_pool(user_pool_id).extended_config
        broken = _broken_rule((config.get("Policies") or {}).get("PasswordPolicy") or {}, password)
        if broken is not None:
            text = f"Password did not conform with policy: {broken}"
            raise JsonRESTError("InvalidPasswordException", text)

    backend._validate_password = validate


def _broken_rule(policy: Mapping[str, Any], password: str) -> str | None:
    if len(password) < policy.get("MinimumLength", 8):
        return "Password not long enough"
    for name, pattern, text in _RULES:
        if policy.get(name) and not re.search(pattern, password):
            return text
    return None


def _mend_codes(backend: Any) -> None:
    """A code goes to what the user has: by telephone before by mail, unless the pool says otherwise."""
    from moto.cognitoidp.models import LEGACY_ACCOUNT_RECOVERY_MECHANISMS

    known = backend._get_code_delivery_details

    def details(self: Any, recovery_settings: Any, user: Any, username: str) -> Any:
        ways = (recovery_settings or {}).get("RecoveryMechanisms") or LEGACY_ACCOUNT_RECOVERY_MECHANISMS
        if user is not None:
            open_ways = [way for way in ways if _ATTRIBUTES.get(way["Name"]) in user.attribute_lookup]
            ways = open_ways or ways
        made = known(self, {"RecoveryMechanisms": ways}, user, username)
        if made["DeliveryMedium"] == "SMS":
            made = {**made, "Destination": _MASKED.sub("*", made["Destination"])}
        return made

    backend._get_code_delivery_details = details


def _mend_users(user: Any) -> None:
    """A user without MFA has no members of it."""
    known = user.to_json

    @functools.wraps(known)
    def shown(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = known(self, *args, **kwargs)
        for name in ("MFAOptions", "UserMFASettingList", "PreferredMfaSetting"):
            if name in made and not made[name]:
                del made[name]
        return made

    user.to_json = shown
