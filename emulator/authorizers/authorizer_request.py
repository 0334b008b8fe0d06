"""What an authorizer may look at: the request as it came, its identity sources, and where to say what happened.

Belongs here: the view of a request that all kinds of authorizers share, and reading identity sources from it.
Never here: the pipeline's Invocation (``execute_api/authorize.py`` makes this view of it), or what a kind does.

AWS page: "Input to an API Gateway Lambda authorizer", Authorizer.identitySource in the API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, frozen

from emulator.errors import GatewayError
from emulator.wire import Headers


@define(eq=False, kw_only=True)
class AuthorizerRequest:
    """One request, seen by an authorizer.

    ``method_arn`` is of the path as it was asked for (see :func:`method_arn`). ``context`` answers a ``$context``
    variable by its name (``identity.sourceIp``), None when there is no such. ``details`` makes the part of a REQUEST
    event which only the pipeline knows: resource, path, httpMethod, the maps and requestContext. ``log`` is the
    execution log, None when nobody listens. ``endpoint_request_id`` is that of the function's call, once it was called.
    """

    headers: Headers
    query: Sequence[tuple[str, str]]
    stage_variables: Mapping[str, str]
    account: str
    region: str
    api_id: str
    stage: str
    method_arn: str
    context: Callable[[str], object]
    details: Callable[[], dict[str, Any]]
    request_id: str = ""
    trace_id: str = ""
    log: list[str] | None = None
    endpoint_request_id: str = ""

    def note(self, line: str) -> None:
        """One line for the execution log."""
        if self.log is not None:
            self.log.append(line)


def method_arn(region: str, account: str, api_id: str, stage: str, http_method: str, path: str) -> str:
    """``arn:aws:execute-api:region:account:api/stage/GET/path``, as policies see it; for ``/`` the path is empty."""
    tail = path[1:] if path.startswith("/") else path
    return f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}/{http_method}/{tail}"


@frozen
class IdentitySource:
    """Where one piece of identity is read from: ``place`` is header, querystring, stageVariables or context."""

    place: str
    name: str

    def read(self, request: AuthorizerRequest) -> str | None:
        """The value, or None; of several headers or parameters of the name, the last."""
        if self.place == "header":
            return request.headers.last(self.name)
        if self.place == "querystring":
            found = [value for name, value in request.query if name == self.name]
            return found[-1] if found else None
        if self.place == "stageVariables":
            return request.stage_variables.get(self.name)
        value = request.context(self.name)
        return None if value is None else str(value)


_PLACES = (
    ("method.request.header.", "header"),
    ("method.request.querystring.", "querystring"),
    ("stageVariables.", "stageVariables"),
    ("context.", "context"),
)


def parse_identity_sources(text: str | None) -> tuple[IdentitySource, ...]:
    """``method.request.header.Auth, context.identity.sourceIp`` to its parts; ``$context.`` is taken too.

    Raises ValueError naming an expression that is none of the four kinds.
    """
    sources = []
    for expression in (text or "").split(","):
        plain = expression.strip().removeprefix("$")
        if not plain:
            continue
        for prefix, place in _PLACES:
            if plain.startswith(prefix) and len(plain) > len(prefix):
                sources.append(IdentitySource(place, plain[len(prefix) :]))
                break
        else:
            raise ValueError(f"Invalid identity source {expression.strip()}")
    return tuple(sources)


def read_all(sources: Sequence[IdentitySource], request: AuthorizerRequest) -> tuple[str, ...] | None:
    """The values of all sources, or None if one is missing or blank."""
    values = []
    for source in sources:
        value = source.read(request)
        if value is None or not value.strip():
            return None
        values.append(value)
    return tuple(values)


def unauthorized(request: AuthorizerRequest, message: str = "") -> GatewayError:
    """401: no identity, or one that is not accepted."""
    return GatewayError("UNAUTHORIZED", message, log=f"Unauthorized request: {request.request_id}")


def misconfigured(reason: str) -> GatewayError:
    """500 with a null message: the authorizer's set-up or answer is not what it has to be."""
    return GatewayError(
        "AUTHORIZER_CONFIGURATION_ERROR",
        None,
        error_type="AuthorizerConfigurationException",
        log=f"Execution failed due to configuration error: {reason}",
    )


def failed(reason: str) -> GatewayError:
    """500 with a null message: the authorizer could not be asked, or failed."""
    return GatewayError(
        "AUTHORIZER_FAILURE",
        None,
        error_type="AuthorizerConfigurationException",
        log=f"Execution failed due to configuration error: {reason}",
    )
