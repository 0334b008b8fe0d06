"""Security: schemes to authorizers, requirements to a method's authorization.

Belongs here: reading ``securityDefinitions`` / ``securitySchemes`` and ``security``. Never here: asking any authorizer.

Pages followed: developer guide, "x-amazon-apigateway-authorizer object", "x-amazon-apigateway-authtype property",
"x-amazon-apigateway-auth object".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from emulator.openapi.documents import as_list, as_map, as_text
from emulator.openapi.references import References
from emulator.store.records import Record

AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHTYPE = "x-amazon-apigateway-authtype"
AUTH = "x-amazon-apigateway-auth"

_AUTHORIZATION_BY_TYPE = {
    "TOKEN": "CUSTOM",
    "REQUEST": "CUSTOM",
    "COGNITO_USER_POOLS": "COGNITO_USER_POOLS",
    "JWT": "JWT",
}
_TEXTS = ("authorizerUri", "authorizerCredentials", "identityValidationExpression", "identitySource")


@frozen(kw_only=True)
class Authorization:
    """How one method authorizes: the Method record's members, the authorizer by its name."""

    type: str = "NONE"
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key: bool = False


def read_schemes(references: References) -> dict[str, Any]:
    """The document's security schemes by name, references followed."""
    document = references.document
    if references.swagger:
        found = as_map(document.get("securityDefinitions"))
    else:
        found = as_map(as_map(document.get("components")).get("securitySchemes"))
    resolved = {name: references.resolve(scheme) for name, scheme in found.items()}
    return {name: scheme for name, scheme in resolved.items() if isinstance(scheme, dict)}


def is_api_key(scheme: Record) -> bool:
    """A scheme that only asks for the header ``x-api-key``."""
    return (
        scheme.get("type") == "apiKey"
        and AUTHORIZER not in scheme
        and str(scheme.get("name", "")).lower() == "x-api-key"
        and scheme.get("in") == "header"
    )


def is_sigv4(scheme: Record) -> bool:
    return AUTHORIZER not in scheme and str(scheme.get(AUTHTYPE, "")).lower() == "awssigv4"


def read_authorizer(name: str, scheme: Record) -> Record | None:
    """The Authorizer record (without an id) that a scheme defines; None when it defines none."""
    given = scheme.get(AUTHORIZER)
    if not isinstance(given, dict):
        return None
    kind = str(given.get("type", "")).upper()
    record: Record = {"name": name, "type": kind}
    providers = given.get("providerARNs")
    if isinstance(providers, list):
        record["providerARNs"] = [as_text(arn) for arn in providers]
    if kind != "JWT":
        default = "cognito_user_pools" if kind == "COGNITO_USER_POOLS" else "custom"
        record["authType"] = str(scheme.get(AUTHTYPE) or default)
    for member in _TEXTS:
        if given.get(member) is not None:
            record[member] = as_text(given[member])
    if isinstance(given.get("jwtConfiguration"), dict):
        record["jwtConfiguration"] = given["jwtConfiguration"]
    if "identitySource" not in record and kind in ("TOKEN", "COGNITO_USER_POOLS", "JWT"):
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            record["identitySource"] = f"method.request.header.{scheme.get('name')}"
        elif scheme.get("type") in ("oauth2", "openIdConnect", "http"):
            record["identitySource"] = "method.request.header.Authorization"
    ttl = given.get("authorizerResultTtlInSeconds")
    if ttl is not None:
        record["authorizerResultTtlInSeconds"] = _seconds(ttl)
    configuration = record.get("jwtConfiguration")
    if configuration is not None and "issuer" in configuration:  # as HTTP APIs write it
        audience = configuration.get("audience")
        audiences = [as_text(each) for each in audience] if isinstance(audience, list) else []
        issuer = {"issuer": as_text(configuration["issuer"]), "audiences": audiences}
        record["jwtConfiguration"] = {"issuers": [issuer], "defaultAlgorithms": ["RS256"]}
    return record


def _seconds(given: Any) -> int:
    """A time to live; what is no number is out of range, and refused where authorizers are checked."""
    try:
        return int(given)
    except (TypeError, ValueError):
        return -1


class Security:
    """The schemes of one document, ready to say what a list of requirements means for a method."""

    def __init__(self, references: References, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self.schemes = read_schemes(references)
        self.authorizers: dict[str, Record] = {}
        for name, scheme in self.schemes.items():
            authorizer = read_authorizer(name, scheme)
            if authorizer is not None:
                self.authorizers[name] = authorizer
            elif not (is_api_key(scheme) or scheme.get(AUTHTYPE)):
                warn(f"Unsupported security definition type '{scheme.get('type')}' for '{name}'. Ignoring.")
        self.default = references.document.get("security")

    def of(self, operation: Record) -> Authorization:
        """The authorization of an operation: its own requirements, else the document's."""
        requirements = operation.get("security", self.default)
        kind, api_key = "NONE", False
        authorizer: str | None = None
        scopes: tuple[str, ...] = ()
        for name, given in _each_requirement(requirements):
            scheme = self.schemes.get(name)
            if scheme is None:
                if name != "NONE":  # what SAM writes for "no authorizer"
                    self._warn(f"Security definition '{name}' not found. Ignoring.")
            elif name in self.authorizers:
                if authorizer is None:
                    authorizer = name
                    kind = _AUTHORIZATION_BY_TYPE.get(self.authorizers[name]["type"], "CUSTOM")
                    scopes = tuple(as_text(scope) for scope in as_list(given))
            elif is_sigv4(scheme):
                kind = "AWS_IAM"
            elif is_api_key(scheme):
                api_key = True
            elif scheme.get(AUTHTYPE) and kind == "NONE":  # it wants an authorizer, and has none: refused later
                pool = str(scheme[AUTHTYPE]).lower() == "cognito_user_pools"
                kind = "COGNITO_USER_POOLS" if pool else "CUSTOM"
        explicit = operation.get(AUTH)
        if isinstance(explicit, dict) and explicit.get("type") and authorizer is None:
            kind = str(explicit["type"]).upper()
        return Authorization(type=kind, authorizer=authorizer, scopes=scopes, api_key=api_key)


def _each_requirement(requirements: Any) -> list[tuple[str, Any]]:
    return [pair for requirement in as_list(requirements) for pair in as_map(requirement).items()]
