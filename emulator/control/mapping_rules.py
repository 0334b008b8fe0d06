"""What AWS checks of parameter mappings and content types when they are put.

Belongs here: the grammar of mapping expressions and AWS's refusals. Never here: evaluating one (``mapping/``).
Follows the developer guide's "request and response data mapping reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.errors import BadRequestException

_METHOD_REQUEST = re.compile(r"method\.request\.(header|querystring|path)\.([^\s]+)")
_METHOD_RESPONSE = re.compile(r"method\.response\.header\.([^\s]+)")
_INTEGRATION_REQUEST = re.compile(r"integration\.request\.(header|querystring|path)\.([^\s]+)")
_FROM_METHOD = re.compile(
    r"method\.request\.(header|querystring|path|multivalueheader|multivaluequerystring)\.([^\s]+)"
)
_FROM_INTEGRATION = re.compile(
    r"integration\.response\.((header|multivalueheader)\.[^\s]+|body(\..+|\[.+)?)"
)
_ELSEWHERE = re.compile(r"'.*'|context\..+|stageVariables\.\w+|method\.request\.body(\..+|\[.+)?", re.DOTALL)
_SINGLE_NAMES = {"multivalueheader": "header", "multivaluequerystring": "querystring"}
_PARAMETER_NAME = re.compile(r"[a-zA-Z0-9._$-]+")
BAD_NAME = "Parameter name should match the following regular expression: ^[a-zA-Z0-9._$-]+$"
UNKNOWN = "Invalid mapping expression parameter specified: {}"
NO_EXPRESSION = "Invalid mapping expression specified: {}"


def _refuse(errors: Iterable[str], start: str = "Invalid mapping expression specified: ") -> None:
    found = list(errors)
    if found:
        raise BadRequestException(f"{start}Validation Result: warnings : [], errors : [{', '.join(found)}]")


def check_method_parameters(parameters: Mapping[str, Any] | None) -> None:
    """The keys of a method's ``requestParameters``. Raises BadRequestException."""
    names: list[str] = []
    bad = []
    for key in parameters or ():
        found = _METHOD_REQUEST.fullmatch(key)
        if found is None:
            bad.append((UNKNOWN if "." in key else NO_EXPRESSION).format(key))
        elif not _PARAMETER_NAME.fullmatch(found[2]):
            bad.append(BAD_NAME)
        else:
            names.append(found[2])
    _refuse(dict.fromkeys(bad))
    if len(set(names)) != len(names):
        raise BadRequestException("Parameter names must be unique across querystring, header and path")


def check_method_response_parameters(parameters: Mapping[str, Any] | None) -> None:
    """The keys of a method response's ``responseParameters``. Raises BadRequestException."""
    _refuse(UNKNOWN.format(key) for key in parameters or () if not _METHOD_RESPONSE.fullmatch(key))


def check_integration_parameters(parameters: Mapping[str, Any] | None, declared: Mapping[str, Any] | None) -> None:
    """An integration's ``requestParameters``; ``declared`` are the method's. Raises BadRequestException."""
    errors = []
    for key, value in (parameters or {}).items():
        if not _INTEGRATION_REQUEST.fullmatch(key):
            errors.append(UNKNOWN.format(key))
            continue
        source = _FROM_METHOD.fullmatch(value or "")
        if source is not None:
            place = _SINGLE_NAMES.get(source[1], source[1])
            if f"method.request.{place}.{source[2]}" not in (declared or {}):
                errors.append(UNKNOWN.format(value))
        elif not _ELSEWHERE.fullmatch(value or ""):
            errors.append(NO_EXPRESSION.format(value))
    _refuse(errors)


def check_integration_response_parameters(
    parameters: Mapping[str, Any] | None, declared: Mapping[str, Any] | None
) -> None:
    """An integration response's ``responseParameters``; ``declared`` are the method response's."""
    errors = []
    for key, value in (parameters or {}).items():
        if not _METHOD_RESPONSE.fullmatch(key) or key not in (declared or {}):
            errors.append(UNKNOWN.format(key))
        elif not _FROM_INTEGRATION.fullmatch(value or "") and not _ELSEWHERE.fullmatch(value or ""):
            errors.append(NO_EXPRESSION.format(value))
    _refuse(errors)


def check_template_types(templates: Mapping[str, Any] | None) -> None:
    """The content types that templates are kept under. Raises BadRequestException."""
    _refuse(
        (
            f"Invalid content type specified: {content_type}"
            for content_type in templates or ()
            if content_type != "$default" and not re.fullmatch(r"[^/\s]+/[^/\s]+.*", content_type)
        ),
        start="",
    )
