"""Imports against what AWS was recorded to make of such documents (tests/cases/import.json), and what they refuse."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from tests.control.support import ControlTestCase

CASES = json.loads((Path(__file__).parent.parent / "cases" / "import.json").read_text())
LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)


def document(**members: Any) -> dict[str, Any]:
    """A small OpenAPI 3 document."""
    return {"openapi": "3.0.1", "info": {"title": "demo", "version": "1"}, "paths": {}, **members}


def mocked(**members: Any) -> dict[str, Any]:
    """An operation with a mock integration."""
    return {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200"}},
        },
        **members,
    }


def body(given: dict[str, Any]) -> bytes:
    return json.dumps(given).encode()


class ImportTestCase(ControlTestCase):
    """Looks at what an import made."""

    def imported(self, given: dict[str, Any], **arguments: Any) -> Any:
        return self.control("ImportRestApi", body=body(given), **arguments)

    def paths(self, api_id: str) -> dict[str, list[str]]:
        items = self.control("GetResources", restApiId=api_id, limit=500)["items"]
        return {item["path"]: sorted(item.get("resourceMethods", {})) for item in items}

    def method(self, api_id: str, verb: str, path: str) -> Any:
        for item in self.control("GetResources", restApiId=api_id, limit=500, embed=["methods"])["items"]:
            if item["path"] == path:
                return item["resourceMethods"][verb]
        raise AssertionError(f"no {path}")


class Recorded(ImportTestCase):
    """Each case of the table: whole records, ids by what they name."""

    def check_case(self, case: dict[str, Any]) -> None:
        expect = case["expect"]
        api = self.imported(case["document"], parameters=case.get("parameters", {}))
        for member, value in expect.get("api", {}).items():
            self.assertEqual(value, api[member], member)
        self.assertEqual(expect.get("warnings"), api.get("warnings"))
        api_id = api["id"]
        names: dict[str, str] = {}
        resources = self.control("GetResources", restApiId=api_id, embed=["methods"])["items"]
        self.assertEqual(
            expect["resources"], {each["path"]: sorted(each.get("resourceMethods", {})) for each in resources}
        )
        for each in resources:
            names[each["id"]] = "@" + each["path"]
        authorizers = self.control("GetAuthorizers", restApiId=api_id)["items"]
        for each in authorizers:
            names[each.pop("id")] = "@" + each["name"]
        if "authorizers" in expect:
            by_name = lambda record: record["name"]  # noqa: E731
            self.assertEqual(sorted(expect["authorizers"], key=by_name), sorted(authorizers, key=by_name))
        for each in self.control("GetRequestValidators", restApiId=api_id)["items"]:
            names[each.pop("id")] = "@" + each["name"]
            self.assertIn(each, expect["validators"])
        self.check_models(api_id, expect)
        for kind, wanted in expect.get("gatewayResponses", {}).items():
            self.assertEqual(wanted, self.control("GetGatewayResponse", restApiId=api_id, responseType=kind))
        for title, wanted in expect.get("methods", {}).items():
            verb, path = title.split(" ")
            got = next(each for each in resources if each["path"] == path)["resourceMethods"][verb]
            self.assertEqual(wanted, self.with_names(got, names), title)

    def check_models(self, api_id: str, expect: dict[str, Any]) -> None:
        models = self.control("GetModels", restApiId=api_id)["items"]
        base = f"https://apigateway.amazonaws.com/restapis/{api_id}/models/"
        schemas = {each["name"]: json.loads(each["schema"].replace(base, "@model/")) for each in models}
        if "models" in expect:
            self.assertEqual(expect["models"], schemas)
        for name, text in expect.get("descriptions", {}).items():
            self.assertEqual(text, next(each for each in models if each["name"] == name)["description"])

    def with_names(self, record: Any, names: dict[str, str]) -> Any:
        record = copy.deepcopy(record)
        for holder, member in (
            (record, "authorizerId"),
            (record, "requestValidatorId"),
            (record["methodIntegration"], "cacheNamespace"),
        ):
            if member in holder:
                holder[member] = names[holder[member]]
        return record


def _add_cases() -> None:
    for number, case in enumerate(CASES, 1):

        def test(self: Recorded, case: dict[str, Any] = case) -> None:
            self.check_case(case)

        test.__doc__ = case["name"]
        setattr(Recorded, f"test_{number:02}", test)


_add_cases()


class Formats(ImportTestCase):
    def test_yaml_and_gzip(self) -> None:
        given = document(paths={"/a": {"get": mocked()}})
        text = yaml.safe_dump(given).encode()
        for each in (text, gzip.compress(text), gzip.compress(body(given)), b"\xef\xbb\xbf" + body(given)):
            api = self.control("ImportRestApi", body=each)
            self.assertEqual({"/": [], "/a": ["GET"]}, self.paths(api["id"]))

    def test_yaml_numbers_as_keys(self) -> None:
        text = b"""
openapi: 3.0.1
info: {title: t, version: 2016-01-02}
paths:
  /a:
    get:
      responses:
        200: {description: ok}
"""
        api = self.control("ImportRestApi", body=text)
        self.assertEqual("2016-01-02", api["version"])
        self.assertEqual(["200"], list(self.method(api["id"], "GET", "/a")["methodResponses"]))

    def test_not_a_document(self) -> None:
        deep = b"[" * 5000
        bomb = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [%s]\n" % (after, after, b",".join([b"*%c" % before] * 9))
            for before, after in zip(b"abcdefghij", b"bcdefghijk", strict=True)
        )
        for bad in (
            b"",
            b"{",
            b"[]",
            b"a: b: c",
            b"\xff\xfe",
            b"just text",
            b'{"a": 1}',
            b'{"swagger": "1.2", "info": {"title": "x"}, "paths": {}}',
            b'{"openapi": "3.1.0", "info": {"title": "x"}, "paths": {}}',
            b'{"openapi": "3.0.1", "paths": {}}',
            b'{"openapi": "3.0.1", "info": {"title": "x"}, "paths": []}',
            b"!!python/object/apply:os.system ['true']",
            deep,
            b'{"a":' + deep,
            bomb,
            b"a: &a {b: *a}",
            gzip.compress(b"{}")[:-6],
        ):
            self.refused(400, "BadRequestException", "Invalid OpenAPI input.", "ImportRestApi", body=bad)
        self.assertEqual([], self.control("GetRestApis")["items"])

    def test_aws_variables(self) -> None:
        uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}"
        uri += ":lambda:${AWS::Region}:${AWS::AccountId}:function:f/invocations"
        integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
        given = document(paths={"/a": {"get": mocked(**{"x-amazon-apigateway-integration": integration})}})
        method = self.method(self.imported(given)["id"], "GET", "/a")
        self.assertEqual(LAMBDA, method["methodIntegration"]["uri"])

    def test_what_only_looks_like_json(self) -> None:
        info = b'{"openapi": "3.0.1", "info": {"title": %s}, "paths": {}}'
        for bad in (b"NaN", b'"\\ud800"', b'"x", "x": ' + b"[" * 500 + b"]" * 500):
            self.refused(400, "BadRequestException", "Invalid OpenAPI input.", "ImportRestApi", body=info % bad)
        self.assertEqual("\U0001f600", self.control("ImportRestApi", body=info % b'"\\ud83d\\ude00"')["name"])

    def test_too_large(self) -> None:
        large = body(document(description="x" * (6 * 1024 * 1024)))
        for each in (large, gzip.compress(large)):
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=each)
            self.assertIn("6 MB", got.message)


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
        text = "Reference to model 'Gone' not found. Ignoring."
        self.assertEqual([text], self.imported(given)["warnings"])
        self.refused(
            400,
            "BadRequestException",
            f"Warnings found during import:\n\t{text}",
            "ImportRestApi",
            body=body(given),
            failOnWarnings=True,
        )


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


class Reimport(ImportTestCase):
    def test_binary_types_join_when_merging(self) -> None:
        given = document(**{"x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"]})
        for mode, wanted in (
            ("merge", ["image/heif", "image/png", "image/jpg"]),
            ("overwrite", ["image/png", "image/jpg"]),
        ):
            api_id = self.api(binaryMediaTypes=["image/heif"])
            answer = self.control("PutRestApi", restApiId=api_id, mode=mode, body=body(given))
            self.assertEqual(wanted, answer["binaryMediaTypes"])
            self.assertEqual(("demo", "1", {}), (answer["name"], answer["version"], answer["tags"]))

    def test_overwrite_keeps_ids_of_paths_and_gives_new_cache_namespaces(self) -> None:
        api = self.imported(document(paths={"/a": {"get": mocked()}, "/b/c": {"get": mocked()}}))
        before = {each["path"]: each["id"] for each in self.control("GetResources", restApiId=api["id"])["items"]}
        self.control(
            "PutRestApi", restApiId=api["id"], mode="overwrite", body=body(document(paths={"/a": {"post": mocked()}}))
        )
        after = {each["path"]: each["id"] for each in self.control("GetResources", restApiId=api["id"])["items"]}
        self.assertEqual({"/": [], "/a": ["POST"]}, self.paths(api["id"]))
        self.assertEqual(before["/a"], after["/a"])
        namespace = self.method(api["id"], "POST", "/a")["methodIntegration"]["cacheNamespace"]
        self.assertNotEqual(after["/a"], namespace)

    def test_merge_keeps_what_the_document_does_not_name(self) -> None:
        api = self.imported(
            document(
                paths={"/a": {"get": mocked(), "post": mocked()}},
                components={"schemas": {"Old": {"type": "object"}}},
            )
        )
        self.control(
            "PutRestApi",
            restApiId=api["id"],
            mode="merge",
            body=body(
                document(
                    paths={"/a": {"get": mocked(operationId="New")}, "/b": {"get": mocked()}},
                    components={"schemas": {"Fresh": {"type": "string"}}},
                )
            ),
        )
        self.assertEqual({"/": [], "/a": ["GET", "POST"], "/b": ["GET"]}, self.paths(api["id"]))
        self.assertEqual("New", self.method(api["id"], "GET", "/a")["operationName"])
        names = [each["name"] for each in self.control("GetModels", restApiId=api["id"])["items"]]
        self.assertEqual(["Fresh", "Old"], names)

    def test_authorizers_keep_their_ids(self) -> None:
        scheme = {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": LAMBDA},
        }
        given = document(
            components={"securitySchemes": {"t": scheme}}, paths={"/a": {"get": mocked(security=[{"t": []}])}}
        )
        api = self.imported(given)
        (before,) = self.control("GetAuthorizers", restApiId=api["id"])["items"]
        self.control("PutRestApi", restApiId=api["id"], mode="overwrite", body=body(given))
        (after,) = self.control("GetAuthorizers", restApiId=api["id"])["items"]
        self.assertEqual(before, after)
        self.assertEqual(after["id"], self.method(api["id"], "GET", "/a")["authorizerId"])

    def test_a_deployment_serves_what_it_froze(self) -> None:
        api = self.imported(document(paths={"/a": {"get": mocked()}}))
        deployment = self.control("CreateDeployment", restApiId=api["id"], stageName="s")
        self.control(
            "PutRestApi", restApiId=api["id"], mode="overwrite", body=body(document(paths={"/b": {"get": mocked()}}))
        )
        frozen = self.control.store.apis[api["id"]].deployments[deployment["id"]].snapshot
        self.assertEqual({"/", "/a"}, {each["path"] for each in frozen.resources.values()})

    def test_documentation(self) -> None:
        parts = [
            {"location": {"type": "API"}, "properties": {"info": {"description": "d"}}},
            {"location": {"type": "METHOD", "method": "GET"}, "properties": {"description": "m"}},
        ]
        given = document(**{"x-amazon-apigateway-documentation": {"version": "1", "documentationParts": parts}})
        api = self.imported(given)
        items = self.control("GetDocumentationParts", restApiId=api["id"])["items"]
        self.assertEqual(
            [{"type": "API"}, {"type": "METHOD", "path": "/", "method": "GET"}], [each["location"] for each in items]
        )
        ignored = self.imported(given, parameters={"ignore": "documentation"})
        self.assertEqual([], self.control("GetDocumentationParts", restApiId=ignored["id"])["items"])

    def test_a_long_document(self) -> None:
        paths = {f"/r{number}/{{id}}": {"get": mocked()} for number in range(100)}
        api = self.imported(document(paths=paths))
        self.assertEqual(201, len(self.paths(api["id"])))
