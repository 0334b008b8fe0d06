"""The compiled deployment: plain values that a request reads and never changes.

Belongs here: the shapes. Never here: how they are made (``compiler.py``) or used (``execute_api``).
A part that could not be compiled is kept as the ``Broken`` it is: the request that meets it answers 500, as on AWS,
where CreateDeployment accepts a template that does not parse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, define, frozen

from emulator.deployment.gateway_responses import CompiledGatewayResponse
from emulator.deployment.models import BodyModel
from emulator.deployment.routes import RouteTree
from emulator.deployment.selection import SelectionPattern
from emulator.deployment.uris import UriTemplate
from emulator.mapping.parameters import ParameterMapping
from emulator.store.records import Record


@frozen(eq=False)
class Broken:
    """What stands in for a part that does not compile; ``reason`` goes to the execution log."""

    reason: str


@frozen(eq=False, kw_only=True)
class CompiledTemplate:
    """One mapping template: its media type, its source, and the compiled form (or why there is none).

    ``constant`` is the output of a template in which nothing is Velocity: it needs no rendering. None for the others.
    """

    media_type: str
    source: str
    template: Any  # mapping.velocity.template's, or Broken
    constant: bytes | None = None


@frozen(eq=False, kw_only=True)
class CompiledIntegrationResponse:
    """One integration response; ``selection`` is None for the default one."""

    status: str
    selection: SelectionPattern | None
    parameters: tuple[ParameterMapping, ...] = ()
    templates: Mapping[str, CompiledTemplate] = Factory(dict)  # by media type, in the order they were given
    content_handling: str = ""


@frozen(eq=False, kw_only=True)
class CompiledIntegration:
    """One integration. ``timeout`` in seconds; ``http_method`` is empty when the request's own is to be used."""

    type: str
    record: Record
    http_method: str = ""
    uri: UriTemplate = UriTemplate("")
    credentials: UriTemplate = UriTemplate("")
    connection_type: str = "INTERNET"
    connection_id: UriTemplate = UriTemplate("")
    integration_target: UriTemplate = UriTemplate("")
    timeout: float = 29.0
    tls_insecure: bool = False
    stream: bool = False
    passthrough: str = "WHEN_NO_MATCH"
    content_handling: str = ""
    parameters: tuple[ParameterMapping, ...] = ()
    templates: Mapping[str, CompiledTemplate] = Factory(dict)
    cache_namespace: str = ""
    cache_keys: tuple[ParameterMapping, ...] = ()
    responses: tuple[CompiledIntegrationResponse, ...] = ()  # those with a selection pattern, in order
    default_response: CompiledIntegrationResponse | None = None


@frozen(eq=False, kw_only=True)
class CompiledMethod:
    """One method of one resource: everything a request to it meets.

    ``verb`` is the method's own (``ANY`` where it is that). ``required`` holds ``(place, name)`` pairs in the order
    AWS lists them, empty unless a validator checks parameters. ``models`` is by media type, empty unless a validator
    checks bodies. ``authorizer`` is the Authorizer record or None.
    """

    resource_id: str
    resource_path: str
    verb: str
    record: Record
    authorization_type: str = "NONE"
    authorizer: Record | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    required: tuple[tuple[str, str], ...] = ()
    models: Mapping[str, BodyModel] = Factory(dict)
    integration: CompiledIntegration | None = None
    responses: Mapping[str, frozenset[str]] = Factory(dict)  # status -> header names it declares, lower case
    memo: dict[str, Any] = Factory(dict)  # what a stage derives from this method once (by the stage's name)


@define(eq=False, kw_only=True)
class CompiledApi:
    """One deployment, ready to serve.

    ``memo`` is for what a stage derives from the deployment once (the parsed resource policy, say), under the
    stage's name.
    """

    account: str
    region: str
    api_id: str
    name: str
    record: Record  # the RestApi record as it was when deployed
    routes: RouteTree
    methods: dict[tuple[str, str], CompiledMethod]  # by (resource id, verb)
    gateway_responses: Mapping[str, CompiledGatewayResponse]  # only those the API defines
    authorizers: Mapping[str, Record]
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    policy: str = ""  # the resource policy's JSON
    endpoint_type: str = "EDGE"
    vpc_endpoint_ids: tuple[str, ...] = ()
    disable_execute_api_endpoint: bool = False
    api_key_source: str = "HEADER"
    deployment_id: str = ""  # set by whoever keeps it
    memo: dict[str, Any] = Factory(dict)
