"""``compile_api``: what CreateDeployment does once so that no request has to.

Belongs here: from the frozen records to ``compiled.CompiledApi``. Never here: validation that refuses a deployment
(AWS accepts a template that does not parse and answers 500 later), or anything live (stage settings, keys, plans).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from emulator.deployment.compiled import (
    Broken,
    CompiledApi,
    CompiledIntegration,
    CompiledIntegrationResponse,
    CompiledMethod,
    CompiledTemplate,
)
from emulator.deployment.gateway_responses import compile_response
from emulator.deployment.models import ModelCompiler
from emulator.deployment.routes import RouteTree
from emulator.deployment.selection import SelectionPattern
from emulator.deployment.uris import UriTemplate
from emulator.mapping.errors import MappingError
from emulator.mapping.parameters import BadMapping, ParameterMapping, compile_source, parse_mapping
from emulator.mapping.velocity.template import compile_template
from emulator.store.records import Record, Snapshot


def compile_api(snapshot: Snapshot) -> CompiledApi:
    """Everything a request to this deployment meets. Never fails because of what a user wrote into the API."""
    api = snapshot.api
    models = ModelCompiler(api["id"], snapshot.models)
    routes = RouteTree()
    methods: dict[tuple[str, str], CompiledMethod] = {}
    for resource in snapshot.resources.values():
        by_verb: dict[str, CompiledMethod] = {}
        for verb, record in (resource.get("resourceMethods") or {}).items():
            method = compile_method(snapshot, resource, verb, record, models)
            by_verb[verb] = methods[resource["id"], verb] = method
        routes.add(resource["path"], by_verb)
    endpoint = api.get("endpointConfiguration") or {}
    types = endpoint.get("types") or ["EDGE"]
    size = api.get("minimumCompressionSize")
    return CompiledApi(
        account=snapshot.account,
        region=snapshot.region,
        api_id=api["id"],
        name=api.get("name", ""),
        record=api,
        routes=routes,
        methods=methods,
        gateway_responses={
            name: compile_response(record) for name, record in snapshot.gateway_responses.items()
        },
        authorizers=snapshot.authorizers,
        binary_media_types=tuple(api.get("binaryMediaTypes") or ()),
        minimum_compression_size=None if size is None or int(size) < 0 else int(size),
        policy=api.get("policy") or "",
        endpoint_type=types[0],
        vpc_endpoint_ids=tuple(endpoint.get("vpcEndpointIds") or ()),
        disable_execute_api_endpoint=bool(api.get("disableExecuteApiEndpoint")),
        api_key_source=api.get("apiKeySource") or "HEADER",
    )


def compile_method(
    snapshot: Snapshot, resource: Record, verb: str, record: Record, models: ModelCompiler | None = None
) -> CompiledMethod:
    """One method, also for TestInvokeMethod, which needs no deployment."""
    models = models or ModelCompiler(snapshot.api["id"], snapshot.models)
    validator = snapshot.validators.get(record.get("requestValidatorId") or "") or {}
    integration = record.get("methodIntegration")
    checks_body = bool(validator.get("validateRequestBody"))
    return CompiledMethod(
        resource_id=resource["id"],
        resource_path=resource["path"],
        verb=verb,
        record=record,
        authorization_type=record.get("authorizationType") or "NONE",
        authorizer=snapshot.authorizers.get(record.get("authorizerId") or ""),
        authorization_scopes=tuple(record.get("authorizationScopes") or ()),
        api_key_required=bool(record.get("apiKeyRequired")),
        required=tuple(_required(record)) if validator.get("validateRequestParameters") else (),
        models={
            content_type.split(";", 1)[0].strip().lower(): models.model(name)
            for content_type, name in (record.get("requestModels") or {}).items()
        }
        if checks_body
        else {},
        integration=None if integration is None else compile_integration(integration),
        responses={
            str(status): frozenset(
                name.removeprefix("method.response.header.").lower()
                for name in (response.get("responseParameters") or {})
            )
            for status, response in (record.get("methodResponses") or {}).items()
        },
    )


def _required(record: Record) -> Iterable[tuple[str, str]]:
    """The required parameters: header, path, querystring, each by name."""
    for target, required in sorted((record.get("requestParameters") or {}).items()):
        if required in (True, "true"):
            _, _, rest = target.partition("method.request.")
            place, _, name = rest.partition(".")
            if name:
                yield place, name


def compile_integration(record: Record) -> CompiledIntegration:
    """One integration with its responses."""
    responses: list[CompiledIntegrationResponse] = []
    default: CompiledIntegrationResponse | None = None
    for status, response in (record.get("integrationResponses") or {}).items():
        compiled = _integration_response(str(status), response)
        if compiled.selection is not None:
            responses.append(compiled)
        elif default is None:
            default = compiled
    uri = record.get("uri") or ""
    return CompiledIntegration(
        type=record["type"],
        record=record,
        http_method=record.get("httpMethod") or "",
        uri=UriTemplate(uri),
        credentials=UriTemplate(record.get("credentials") or ""),
        connection_type=record.get("connectionType") or "INTERNET",
        connection_id=UriTemplate(record.get("connectionId") or ""),
        integration_target=UriTemplate(record.get("integrationTarget") or ""),
        timeout=int(record.get("timeoutInMillis") or 29000) / 1000,
        tls_insecure=bool((record.get("tlsConfig") or {}).get("insecureSkipVerification")),
        stream=record.get("responseTransferMode") == "STREAM",
        passthrough=(record.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        content_handling=record.get("contentHandling") or "",
        parameters=tuple(_mappings(record.get("requestParameters"), "integration.request")),
        templates=compile_templates(record.get("requestTemplates")),
        cache_namespace=record.get("cacheNamespace") or "",
        cache_keys=tuple(_cache_keys(record)),
        responses=tuple(responses),
        default_response=default,
    )


def _integration_response(status: str, record: Record) -> CompiledIntegrationResponse:
    pattern = record.get("selectionPattern")
    return CompiledIntegrationResponse(
        status=status,
        selection=SelectionPattern(pattern) if pattern else None,
        parameters=tuple(_mappings(record.get("responseParameters"), "method.response")),
        templates=compile_templates(record.get("responseTemplates")),
        content_handling=record.get("contentHandling") or "",
    )


def _mappings(parameters: Mapping[str, Any] | None, prefix: str) -> Iterable[ParameterMapping]:
    for target, source in (parameters or {}).items():
        # The control plane refuses what is no mapping; what an import let through is left out, as AWS leaves it out.
        try:
            yield parse_mapping(target, str(source), prefix)
        except BadMapping:
            continue


def _cache_keys(record: Record) -> Iterable[ParameterMapping]:
    mapped = record.get("requestParameters") or {}
    for source in record.get("cacheKeyParameters") or ():
        # A key parameter names either side of the mapping; on the integration's side it is what is mapped there.
        own = mapped.get(source) or source.replace("integration.request.", "method.request.", 1)
        try:
            yield ParameterMapping("cache", source, own, compile_source(own))
        except BadMapping:
            continue


def _template(text: str) -> Any:
    try:
        return compile_template(text)
    except MappingError as error:
        return Broken(f"Unable to parse the template: {error}")


# The same few templates stand in many methods (CORS, statuses): small ones are compiled once.
_SHARED_SIZE = 4096
_shared_template = lru_cache(maxsize=512)(_template)


def compile_templates(templates: Mapping[str, Any] | None) -> dict[str, CompiledTemplate]:
    """Mapping templates by media type (without parameters, lower case), in the order given."""
    compiled: dict[str, CompiledTemplate] = {}
    for content_type, source in (templates or {}).items():
        text = source or ""
        template = _shared_template(text) if len(text) <= _SHARED_SIZE else _template(text)
        key = content_type.split(";", 1)[0].strip().lower()
        constant = None if any(sign in text for sign in "$#\\") else text.encode("utf-8", "surrogatepass")
        compiled[key] = CompiledTemplate(
            media_type=content_type, source=text, template=template, constant=constant
        )
    return compiled
