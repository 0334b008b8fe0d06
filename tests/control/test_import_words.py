"""What imports say: warnings, refusals, references, and the settings of an API."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.control.making import ImportTestCase, body, document, mocked


class References(ImportTestCase):
    def test_never_fetched(self) -> None:
        for reference in ("file:///etc/passwd", "http://127.0.0.1:1/x.json", "other.yaml#/a", "#/components/nothing"):
            given = document(paths={"/a": {"get": mocked(responses={"200": {"$ref": reference}})}})
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
            self.assertEqual(f"Errors found during import:\n\tCould not resolve reference {reference}", got.message)

    def test_loop(self) -> None:
        given = document(
            paths={"/a": {"get": mocked(responses={"200": {"$ref": "#/components/responses/a"}})}},
            components={
                "responses": {"a": {"$ref": "#/components/responses/b"}, "b": {"$ref": "#/components/responses/a"}}
            },
        )
        got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
        self.assertIn("Reference loop", got.message)

    def test_models_that_are_only_a_loop(self) -> None:
        for schemas in (
            {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
            {"A": {"$ref": "#/components/schemas/A"}},
            {"A": {"$ref": "#/components/schemas/Gone"}},
            {"A": {"$ref": "http://127.0.0.1:1/a.json"}},
            {"A": {"type": "array", "items": {"$ref": "file:///etc/passwd"}}},
        ):
            given = document(components={"schemas": schemas})
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
            self.assertIn("Unable to create model for 'A': ", got.message)

    def test_shared_parts(self) -> None:
        given = document(
            paths={
                "/a/{id}": {
                    "parameters": [{"$ref": "#/components/parameters/Id"}, {"name": "q", "in": "query"}],
                    "get": mocked(
                        parameters=[{"name": "q", "in": "query", "required": True}, {"name": "X-Y", "in": "header"}],
                        requestBody={"$ref": "#/components/requestBodies/Body"},
                        responses={"200": {"$ref": "#/components/responses/Ok"}},
                    ),
                }
            },
            components={
                "parameters": {"Id": {"name": "id", "in": "path", "required": True}},
                "requestBodies": {
                    "Body": {"content": {"text/xml": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
                "responses": {"Ok": {"description": "ok", "headers": {"ETag": {}}}},
                "schemas": {
                    "Thing": {"type": "object", "properties": {"self": {"$ref": "#/components/schemas/Thing"}}}
                },
            },
        )
        method = self.method(self.imported(given)["id"], "GET", "/a/{id}")
        self.assertEqual(
            {
                "method.request.path.id": True,
                "method.request.querystring.q": True,
                "method.request.header.X-Y": False,
            },
            method["requestParameters"],
        )
        self.assertEqual({"text/xml": "Thing"}, method["requestModels"])
        self.assertEqual({"method.response.header.ETag": False}, method["methodResponses"]["200"]["responseParameters"])

    def test_schemas_in_place_become_models(self) -> None:
        schema = {"type": "array", "items": {"type": "string"}}
        content = {"content": {"application/json": {"schema": schema}}}
        given = document(
            paths={"/a": {"post": mocked(requestBody=content, responses={"200": {"description": "x", **content}})}}
        )
        api = self.imported(given)
        (model,) = self.control("GetModels", restApiId=api["id"])["items"]
        self.assertRegex(model["name"], r"\AMODEL[0-9a-f]{6}\Z")
        self.assertEqual(schema, json.loads(model["schema"]))
        self.assertEqual('{\n  "type" : "array",\n  "items" : {\n    "type" : "string"\n  }\n}', model["schema"])
        method = self.method(api["id"], "POST", "/a")
        self.assertEqual({"application/json": model["name"]}, method["requestModels"])
        self.assertEqual({"application/json": model["name"]}, method["methodResponses"]["200"]["responseModels"])

    def test_missing_model_is_a_warning(self) -> None:
        content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gone"}}}}
        given = document(paths={"/a": {"get": mocked(responses={"200": {"description": "x", **content}})}})
        texts = [
            "Parse issue: attribute paths.'/a'(get).responses.200.content.schema.#/components/schemas/Gone is missing",
            "Reference to model 'Gone' not found. Ignoring.",
        ]
        self.assertEqual(texts, self.imported(given)["warnings"])
        self.refused(
            400,
            "BadRequestException",
            "Warnings found during import:\n\t" + "\n\t".join(texts),
            "ImportRestApi",
            body=body(given),
            failOnWarnings=True,
        )


class Settings(ImportTestCase):
    """Extensions that say something about the API as a whole, and those REST APIs do not have."""

    def test_policy(self) -> None:
        statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        for policy in ({"Version": "2012-10-17", "Statement": [statement]},):
            for given in (policy, json.dumps(policy)):
                api = self.imported(document(**{"x-amazon-apigateway-policy": given}))
                kept = json.loads(self.control.store.apis[api["id"]].record["policy"])
                self.assertEqual(
                    f"arn:aws:execute-api:us-east-1:000000000000:{api['id']}/*", kept["Statement"][0]["Resource"]
                )

    def test_security_policy_and_access_mode(self) -> None:
        given = {
            "x-amazon-apigateway-security-policy": "SecurityPolicy_TLS13_1_3_2025_09",
            "x-amazon-apigateway-endpoint-access-mode": "STRICT",
        }
        api = self.imported(document(**given))
        self.assertEqual("SecurityPolicy_TLS13_1_3_2025_09", api["securityPolicy"])
        self.assertEqual("STRICT", api["endpointAccessMode"])

    def test_private_endpoint(self) -> None:
        extension = {"x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": ["vpce-1", "vpce-2"]}}
        given = document(servers=[{"url": "/", **extension}])
        api = self.imported(given, parameters={"endpointConfigurationTypes": "PRIVATE"})
        self.assertEqual(
            {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1", "vpce-2"]},
            api["endpointConfiguration"],
        )
        for types in ("EDGE", "LOCAL"):
            self.refused(
                400,
                "BadRequestException",
                None,
                "ImportRestApi",
                body=body(given),
                parameters={"endpointConfigurationTypes": types},
            )

    def test_tags(self) -> None:
        api = self.imported(document(tags=[{"name": "Owner", "x-amazon-apigateway-tag-value": "me"}, {"name": "x"}]))
        self.assertEqual({"Owner": "me"}, api["tags"])

    def test_what_only_http_apis_have(self) -> None:
        given = {"x-amazon-apigateway-cors": {"allowOrigins": ["*"]}, "x-amazon-apigateway-importexport-version": "1.0"}
        api = self.imported(document(**given))
        self.assertEqual(["x-amazon-apigateway-cors is only supported for HTTP APIs. Ignoring."], api["warnings"])

    def test_a_basepath_mode_that_is_none(self) -> None:
        self.refused(
            400,
            "BadRequestException",
            None,
            "ImportRestApi",
            body=body(document()),
            parameters={"basepath": "drop"},
        )

    def test_jwt_authorizers(self) -> None:
        issuer = {"issuer": "https://issuer.test", "audiences": ["a"]}
        configuration = {"issuers": [issuer], "defaultAlgorithms": ["RS256"]}
        as_http_apis = {"issuer": "https://issuer.test", "audience": ["a"]}
        for given in (configuration, as_http_apis):
            scheme = {
                "type": "oauth2",
                "x-amazon-apigateway-authorizer": {"type": "jwt", "jwtConfiguration": given},
            }
            api = self.imported(
                document(
                    components={"securitySchemes": {"j": scheme}},
                    paths={"/a": {"get": mocked(security=[{"j": ["scope"]}])}},
                )
            )
            (authorizer,) = self.control("GetAuthorizers", restApiId=api["id"])["items"]
            self.assertEqual(configuration, authorizer["jwtConfiguration"])
            self.assertEqual("method.request.header.Authorization", authorizer["identitySource"])
            method = self.method(api["id"], "GET", "/a")
            self.assertEqual((authorizer["id"], ["scope"]), (method["authorizerId"], method["authorizationScopes"]))

    def test_sam_says_none(self) -> None:
        api = self.imported(document(paths={"/a": {"get": mocked(security=[{"NONE": []}])}}))
        self.assertNotIn("warnings", api)
        self.assertEqual("NONE", self.method(api["id"], "GET", "/a")["authorizationType"])


def scheme_of(**members: Any) -> dict[str, Any]:
    return {"securitySchemes": {"s": {"type": "apiKey", "name": "Authorization", "in": "header", **members}}}


class Words(ImportTestCase):
    """Texts that people met on AWS and published."""

    def test_warnings(self) -> None:
        text = {"content": {"text/plain": {"schema": {"type": "string"}}}}
        responses = {"201": {"description": "x", **text}, "404": {"description": "y", **text}}
        cases: list[tuple[dict[str, Any], list[str]]] = [
            (
                document(servers=[{"url": "/a"}, {"url": "/b"}]),
                ["More than one server provided. Ignoring all but the first for defining endpoint configuration"],
            ),
            (
                document(paths={"/events": {"post": mocked(responses=responses)}}),
                [
                    f"Unsupported model type 'StringSchema' in {status} response to method 'POST /events'. Ignoring."
                    for status in (201, 404)
                ],
            ),
            (
                document(
                    paths={
                        "/area/{zip}": {
                            "get": mocked(
                                parameters=[{"name": "zip", "in": "path", "required": True, "type": "string"}]
                            )
                        }
                    }
                ),
                ["Parse issue: attribute paths.'/area/{zip}'(get).parameters.[zip].type is unexpected"],
            ),
            (
                document(paths={"/x": {"get": mocked(responses={"200": {}})}}),
                ["Parse issue: attribute paths.'/x'(get).responses.200.description is missing"],
            ),
            (
                document(components={"securitySchemes": {"basicAuth": {"type": "http", "scheme": "basic"}}}),
                ["Unsupported security definition type 'http' for 'basicAuth'. Ignoring."],
            ),
            (
                document(components={"securitySchemes": {"oauth": {"type": "oauth2", "flows": {}}}}),
                ["Unsupported security definition type 'oauth2' for 'oauth'. Ignoring."],
            ),
        ]
        for given, texts in cases:
            self.assertEqual(texts, self.imported(given)["warnings"])

    def test_errors_come_with_the_warnings(self) -> None:
        schema = {"type": "object", "properties": {"x": {"$ref": "https://example.test/feed.json"}}}
        content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Feed"}}}}
        responses = {"200": {"description": "x", **content}, "400": {"description": "x", **content}}
        given = document(components={"schemas": {"Feed": schema}}, paths={"/a": {"get": mocked(responses=responses)}})
        self.refused(
            400,
            "BadRequestException",
            "Errors found during import:\n"
            "\tUnable to create model for 'Feed': Invalid model specified: Validation Result: warnings : [], errors : "
            "[Model reference must be in canonical form]\n"
            "Additionally, these warnings were found:\n"
            "\tReference to model 'Feed' not found. Ignoring.\n"
            "\tReference to model 'Feed' not found. Ignoring.",
            "ImportRestApi",
            body=body(given),
        )

    def test_errors(self) -> None:
        brackets = [{"name": f"page[{each}]", "in": "query"} for each in ("size", "number")]
        wildcard = {"5XX": {"description": "x"}}
        slow = mocked()
        slow["x-amazon-apigateway-integration"]["timeoutInMillis"] = 87000
        cases: list[tuple[dict[str, Any], str]] = [
            (
                document(paths={"/terms": {"get": mocked(parameters=brackets)}}),
                "Unable to put method 'GET' on resource at path '/terms': Invalid mapping expression specified: "
                "Validation Result: warnings : [], errors : [Parameter name should match the following regular "
                "expression: ^[a-zA-Z0-9._$-]+$]",
            ),
            (
                document(
                    components=scheme_of(**{"x-amazon-apigateway-authtype": "custom"}),
                    paths={"/a": {"get": mocked(security=[{"s": []}])}},
                ),
                "Unable to put method 'GET' on resource at path '/a': Invalid authorizer ID specified. Setting the "
                "authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
            ),
            (
                document(paths={"/tags": {"get": slow}}),
                "Unable to put integration on 'GET' for resource at path '/tags': Timeout should be between 50 ms and "
                "29000 ms",
            ),
            (
                document(paths={"/a": {"get": mocked(responses=wildcard)}}),
                "Unable to put method response '5XX' on 'GET' for resource at path '/a': Invalid status code specified",
            ),
        ]
        for given, text in cases:
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
            self.assertEqual(f"Errors found during import:\n\t{text}", got.message)

    def test_malformed_integrations(self) -> None:
        for integration in (
            {},
            {"type": "lambda"},
            {"type": None},
            {"type": "aws", "uri": {"Fn::Sub": "x"}},
            "mock",
            [],
        ):
            given = document(paths={"/search": {"get": mocked(**{"x-amazon-apigateway-integration": integration})}})
            self.refused(
                400,
                "BadRequestException",
                "Unable to parse API definition because of a malformed integration at path /search.",
                "ImportRestApi",
                body=body(given),
            )

    def test_what_openapi_adds_to_json_schema_is_left_out(self) -> None:
        schema = {
            "type": "object",
            "nullable": True,
            "example": {"a": 1},
            "x-mine": 1,
            "properties": {"example": {"type": "string", "readOnly": True, "deprecated": True}},
        }
        api = self.imported(document(components={"schemas": {"A": schema}}))
        (model,) = self.control("GetModels", restApiId=api["id"])["items"]
        self.assertEqual({"type": "object", "properties": {"example": {"type": "string"}}}, json.loads(model["schema"]))


class Refusals(ImportTestCase):
    """What fails changes nothing, and says where it failed."""

    def test_errors(self) -> None:
        integration = "x-amazon-apigateway-integration"
        siblings = document(paths={"/a/{x}": {"get": mocked()}, "/a/{y}": {"get": mocked()}})
        cases: list[tuple[dict[str, Any], str]] = [
            (
                siblings,
                "Unable to create resource at path '/a/{y}': A sibling ({x}) of this resource already has a variable "
                "path part -- only one is allowed",
            ),
            (
                document(paths={"/a/{x+}/b": {"get": mocked()}}),
                "Unable to create resource at path '/a/{x+}/b': Cannot create a child of a resource with a greedy "
                "path variable: {x+}",
            ),
            (
                document(paths={"/a b": {"get": mocked()}}),
                "Unable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._-: or a valid "
                "greedy path variable and curly braces at the beginning and the end.",
            ),
            (
                document(components={"schemas": {"Not_ok": {"type": "object"}}}),
                "Unable to create model for 'Not_ok': Model name must be alphanumeric: Not_ok",
            ),
            (
                document(
                    paths={"/a": {"get": mocked(**{integration: {"type": "http", "httpMethod": "GET", "uri": "x"}})}}
                ),
                "Unable to put integration on 'GET' for resource at path '/a': Invalid HTTP endpoint specified for URI",
            ),
            (
                document(
                    paths={"/a": {"get": mocked(**{integration: {"type": "aws", "httpMethod": "POST", "uri": "x"}})}}
                ),
                "Unable to put integration on 'GET' for resource at path '/a': Invalid ARN specified in the request",
            ),
            (
                document(paths={"/a": {"get": mocked(**{"x-amazon-apigateway-request-validator": "none"})}}),
                "Unable to put method 'GET' on resource at path '/a': Invalid Request Validator identifier specified",
            ),
            (document(**{"x-amazon-apigateway-minimum-compression-size": -1}), "Invalid minimum compression size"),
            (document(**{"x-amazon-apigateway-policy": {"Statement": 1}}), "Invalid policy document."),
            (
                document(**{"x-amazon-apigateway-gateway-responses": {"NO_SUCH": {}}}),
                "Unable to put gateway response 'NO_SUCH': ",
            ),
        ]
        for given, text in cases:
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
            self.assertTrue(got.message.startswith("Errors found during import:\n\t" + text), got.message)
        self.assertEqual([], self.control("GetRestApis")["items"])

    def test_all_errors_at_once(self) -> None:
        given = document(components={"schemas": {"a_b": {"type": "object"}, "c_d": {"type": "object"}}})
        got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=body(given))
        self.assertEqual(2, got.message.count("\n\t"))

    def test_a_failing_import_changes_nothing(self) -> None:
        api = self.imported(document(paths={"/a": {"get": mocked()}}))
        before = self.control.store.apis[api["id"]]
        known = copy.deepcopy((before.record, before.resources, before.models))
        bad = document(
            info={"title": "other", "version": "9"}, paths={"/b": {"get": mocked()}, "/a b": {"get": mocked()}}
        )
        for mode in ("merge", "overwrite"):
            self.refused(400, "BadRequestException", None, "PutRestApi", restApiId=api["id"], mode=mode, body=body(bad))
        warned = document(components={"securitySchemes": {"b": {"type": "http", "scheme": "basic"}}})
        got = self.refused(
            400, "BadRequestException", None, "PutRestApi", restApiId=api["id"], body=body(warned), failOnWarnings=True
        )
        self.assertIn("Unsupported security definition type 'http' for 'b'. Ignoring.", got.message)
        after = self.control.store.apis[api["id"]]
        self.assertEqual(known, (after.record, after.resources, after.models))

    def test_unknown_api(self) -> None:
        self.refused(
            404,
            "NotFoundException",
            "Invalid API identifier specified 000000000000:nope",
            "PutRestApi",
            restApiId="nope",
            body=body(document()),
        )
