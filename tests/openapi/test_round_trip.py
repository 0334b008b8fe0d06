"""Export, import, export: the second document is the first one, for generated APIs in every format."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from emulator.wire import Headers, Request, Response
from tests.control.support import Control

LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_ABC123"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
TEMPLATE = st.one_of(
    TEXT, st.sampled_from(['{"a": "$input.body"}\n', "line one\nline two: #x\n", "\ttab 'quote' \"two\""])
)
WORD = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,6}", fullmatch=True)
MEDIA_TYPES = st.sampled_from(["application/json", "application/xml", "text/plain"])
VERBS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "ANY"])
SCHEMAS = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "number"}, {"type": "string", "enum": ["a", "b"]}]),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda properties: {"type": "object", "required": sorted(properties), "properties": properties},
            st.dictionaries(WORD, inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=5,
)


@st.composite
def method_specs(draw: st.DrawFn) -> dict[str, Any]:
    """What one method is made of."""
    parameters = draw(st.dictionaries(WORD, st.booleans(), max_size=2))
    where = draw(st.sampled_from(["querystring", "header"]))
    kind = draw(st.sampled_from(["MOCK", "HTTP", "HTTP_PROXY", "AWS_PROXY"]))
    statuses = draw(st.lists(st.sampled_from(["200", "404", "500"]), max_size=3, unique=True))
    return {
        "parameters": {f"method.request.{where}.{name}": required for name, required in parameters.items()},
        "kind": kind,
        "statuses": statuses,
        "patterns": draw(st.permutations(["", r"4\d\d", ".*Boom.*"])),
        "header": draw(st.booleans()),
        "request_models": draw(st.lists(MEDIA_TYPES, max_size=2, unique=True)),
        "response_models": draw(st.lists(MEDIA_TYPES, max_size=2, unique=True)),
        "templates": draw(st.dictionaries(MEDIA_TYPES, TEMPLATE, max_size=2)),
        "response_templates": draw(st.dictionaries(MEDIA_TYPES, TEMPLATE, max_size=2)),
        "auth": draw(st.sampled_from(["NONE", "AWS_IAM", "token", "request", "pool"])),
        "key": draw(st.booleans()),
        "validator": draw(st.booleans()),
        "name": draw(st.none() | WORD),
        "timeout": draw(st.integers(50, 29000)),
        "cached": draw(st.booleans()),
        "passthrough": draw(st.sampled_from(["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"])),
        "handling": draw(st.none() | st.sampled_from(["CONVERT_TO_TEXT", "CONVERT_TO_BINARY"])),
    }


@st.composite
def api_specs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "name": draw(TEXT.filter(str.strip)),
        "description": draw(st.none() | TEXT),
        "version": draw(st.none() | WORD),
        "binary": draw(st.lists(MEDIA_TYPES, max_size=2, unique=True)),
        "compression": draw(st.none() | st.integers(0, 10485760)),
        "source": draw(st.sampled_from(["HEADER", "AUTHORIZER"])),
        "policy": draw(st.booleans()),
        "schema": draw(SCHEMAS),
        "gateway": draw(st.booleans()),
        "documented": draw(st.booleans()),
        "paths": draw(
            st.dictionaries(
                st.lists(st.sampled_from(["a", "b-c", "{id}", "d.e"]), max_size=3).map(tuple),
                st.dictionaries(VERBS, method_specs(), min_size=1, max_size=3),
                min_size=1,
                max_size=3,
            )
        ),
    }


def build(control: Control, spec: dict[str, Any]) -> str:
    """Make the API through the control plane and deploy it as ``prod``."""
    arguments: dict[str, Any] = {"name": spec["name"], "apiKeySource": spec["source"]}
    for member, value in (
        ("description", spec["description"]),
        ("version", spec["version"]),
        ("binaryMediaTypes", spec["binary"] or None),
        ("minimumCompressionSize", spec["compression"]),
    ):
        if value is not None:
            arguments[member] = value
    if spec["policy"]:
        arguments["policy"] = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
                ],
            }
        )
    api_id = str(control("CreateRestApi", **arguments)["id"])
    control(
        "CreateModel", restApiId=api_id, name="Thing", contentType="application/json", schema=json.dumps(spec["schema"])
    )
    url = f"https://apigateway.amazonaws.com/restapis/{api_id}/models/Thing"
    control(
        "CreateModel",
        restApiId=api_id,
        name="Things",
        contentType="application/json",
        description="several",
        schema=json.dumps({"type": "array", "items": {"$ref": url}}),
    )
    control(
        "CreateModel",
        restApiId=api_id,
        name="Own",
        contentType="application/json",
        schema=json.dumps(
            {
                "type": "object",
                "properties": {"self": {"$ref": "#"}, "part": {"$ref": "#/definitions/part"}},
                "definitions": {"part": {"type": "array", "items": {"$ref": "#/definitions/part"}}},
            }
        ),
    )
    control("CreateModel", restApiId=api_id, name="Xml", contentType="application/xml", schema="<x/>")
    ids = make_named(control, api_id)
    if spec["gateway"]:
        control(
            "PutGatewayResponse",
            restApiId=api_id,
            responseType="DEFAULT_5XX",
            responseParameters={"gatewayresponse.header.X": "'y'"},
        )
    resources = {(): control("GetResources", restApiId=api_id)["items"][0]["id"]}
    for path, methods in spec["paths"].items():
        for length in range(1, len(path) + 1):
            if path[:length] not in resources:
                made = control(
                    "CreateResource",
                    restApiId=api_id,
                    parentId=resources[path[: length - 1]],
                    pathPart=path[length - 1].replace("{id}", f"{{id{length}}}"),
                )
                resources[path[:length]] = made["id"]
        for verb, method in methods.items():
            put_method(control, api_id, resources[path], path, verb, method, ids)
    document_and_deploy(control, api_id, spec["documented"])
    return api_id


def make_named(control: Control, api_id: str) -> dict[str, str]:
    made = {
        "validator": control(
            "CreateRequestValidator", restApiId=api_id, name="both", validateRequestBody=True
        ),
        "token": control(
            "CreateAuthorizer", restApiId=api_id, name="tok", type="TOKEN", authorizerUri=LAMBDA,
            identitySource="method.request.header.X-Token", identityValidationExpression="^a+$",
        ),
        "request": control(
            "CreateAuthorizer", restApiId=api_id, name="req", type="REQUEST", authorizerUri=LAMBDA,
            identitySource="method.request.header.A,context.stage", authorizerResultTtlInSeconds=7,
        ),
        "pool": control(
            "CreateAuthorizer", restApiId=api_id, name="cog", type="COGNITO_USER_POOLS", providerARNs=[POOL],
            identitySource="method.request.header.Authorization",
        ),
    }  # fmt: skip
    return {name: record["id"] for name, record in made.items()}


def put_method(
    control: Control,
    api_id: str,
    resource_id: str,
    path: tuple[str, ...],
    verb: str,
    spec: dict[str, Any],
    ids: dict[str, str],
) -> None:
    where = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    parameters = dict(spec["parameters"])
    for number, part in enumerate(path, 1):
        if part == "{id}":
            parameters[f"method.request.path.id{number}"] = True
    arguments: dict[str, Any] = {"authorizationType": spec["auth"], "apiKeyRequired": spec["key"]}
    if spec["auth"] in ids:
        arguments["authorizationType"] = "COGNITO_USER_POOLS" if spec["auth"] == "pool" else "CUSTOM"
        arguments["authorizerId"] = ids[spec["auth"]]
        if spec["auth"] == "pool":
            arguments["authorizationScopes"] = ["a/b", "c"]
    if spec["validator"]:
        arguments["requestValidatorId"] = ids["validator"]
    if spec["name"]:
        arguments["operationName"] = spec["name"]
    control(
        "PutMethod",
        **where,
        **arguments,
        requestParameters=parameters,
        requestModels=dict.fromkeys(spec["request_models"], "Thing"),
    )
    for status in spec["statuses"]:
        control(
            "PutMethodResponse",
            **where,
            statusCode=status,
            responseParameters={"method.response.header.X-H": False} if spec["header"] else {},
            responseModels=dict.fromkeys(spec["response_models"], "Things"),
        )
    integration: dict[str, Any] = {"type": spec["kind"], "timeoutInMillis": spec["timeout"]}
    if spec["kind"] != "MOCK":
        integration["integrationHttpMethod"] = "POST"
        integration["uri"] = LAMBDA if spec["kind"] == "AWS_PROXY" else "https://backend.example.test/x"
    if spec["handling"]:
        integration["contentHandling"] = spec["handling"]
    if spec["cached"] and parameters:
        integration["cacheKeyParameters"] = sorted(parameters)
        integration["cacheNamespace"] = "shared"
    control(
        "PutIntegration",
        **where,
        **integration,
        passthroughBehavior=spec["passthrough"],
        requestTemplates=spec["templates"],
        requestParameters={f"integration.request.header.h{n}": name for n, name in enumerate(sorted(parameters))},
    )
    for status, pattern in zip(spec["statuses"], spec["patterns"], strict=False):
        control(
            "PutIntegrationResponse",
            **where,
            statusCode=status,
            selectionPattern=pattern,
            responseTemplates=spec["response_templates"],
            responseParameters={"method.response.header.X-H": "'v'"} if spec["header"] else {},
        )


def document_and_deploy(control: Control, api_id: str, documented: bool) -> None:
    control("CreateDeployment", restApiId=api_id, stageName="prod")
    if documented:
        if not control("GetDocumentationParts", restApiId=api_id)["items"]:
            for location, properties in (
                ({"type": "API"}, {"info": {"description": "documented", "contact": {"name": "me"}}}),
                ({"type": "MODEL", "name": "Thing"}, {"description": "a thing"}),
                ({"type": "METHOD", "path": "/a", "method": "GET"}, {"summary": "s", "tags": ["t"]}),
                ({"type": "RESPONSE", "statusCode": "200"}, {"description": "all went well"}),
                ({"type": "PATH_PARAMETER", "path": "/", "name": "id1"}, {"description": "which"}),
            ):
                control(
                    "CreateDocumentationPart", restApiId=api_id, location=location, properties=json.dumps(properties)
                )
        control("CreateDocumentationVersion", restApiId=api_id, documentationVersion="v1", stageName="prod")


def export(control: Control, api_id: str, kind: str, accept: str) -> bytes:
    request = Request(
        method="GET",
        raw_path=f"/restapis/{api_id}/stages/prod/exports/{kind}".encode(),
        raw_query=b"extensions=apigateway",
        headers=Headers([("Accept", accept)]),
    )
    results: list[Response] = []
    control.app.serve(request, "000000000000", "us-east-1").addCallback(results.append)
    assert results[0].status == 200, results[0].body
    assert results[0].headers.first("Content-Type") == "application/octet-stream"
    return results[0].body


class RoundTrip(SynchronousTestCase):
    def check(self, spec: dict[str, Any], kind: str, accept: str) -> None:
        control = Control()
        first_id = build(control, spec)
        first = export(control, first_id, kind, accept)
        answer = control("ImportRestApi", body=first, failOnWarnings=True)
        document_and_deploy(control, answer["id"], spec["documented"])
        second = export(control, answer["id"], kind, accept)
        said, repeated = first.decode(), second.decode().replace(answer["id"], first_id)
        if spec["documented"]:  # what parts said stands elsewhere in the order once it has been imported
            self.assertEqual(yaml.safe_load(said), yaml.safe_load(repeated))
        else:
            self.assertEqual(said, repeated)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(api_specs(), st.sampled_from(["application/json", "application/yaml"]))
    def test_swagger(self, spec: dict[str, Any], accept: str) -> None:
        self.check(spec, "swagger", accept)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(api_specs(), st.sampled_from(["application/json", "application/yaml"]))
    def test_openapi_3(self, spec: dict[str, Any], accept: str) -> None:
        self.check(spec, "oas30", accept)

    @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(api_specs())
    def test_both_formats_say_the_same(self, spec: dict[str, Any]) -> None:
        control = Control()
        api_id = build(control, spec)
        for kind in ("swagger", "oas30"):
            as_json = json.loads(export(control, api_id, kind, "application/json"))
            self.assertEqual(as_json, yaml.safe_load(export(control, api_id, kind, "application/yaml")))
