"""Imports against what AWS was recorded to make of such documents (tests/cases/import.json), and re-imports."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from tests.control.making import LAMBDA, ImportTestCase, body, document, mocked

CASES = json.loads((Path(__file__).parent.parent / "cases" / "import.json").read_text())


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

    def test_a_document_without_a_title_names_the_api_after_the_moment(self) -> None:
        untitled = body({**document(), "info": {"version": "1"}})
        made = self.control("ImportRestApi", body=untitled)
        self.assertRegex(made["name"], r"^Imported on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(["Parse issue: attribute info.title is missing"], made["warnings"])
        api = self.control("CreateRestApi", name="mine")["id"]
        for mode, wanted in (("merge", "^mine$"), ("overwrite", "^Imported on ")):
            got = self.control("PutRestApi", restApiId=api, mode=mode, body=untitled)
            self.assertRegex(got["name"], wanted)
        blank = body({**document(), "info": {"title": " ", "version": "1"}})
        self.refused(400, "BadRequestException", None, "ImportRestApi", body=blank)

    def test_too_large(self) -> None:
        large = body(document(description="x" * (6 * 1024 * 1024)))
        for each in (large, gzip.compress(large)):
            got = self.refused(400, "BadRequestException", None, "ImportRestApi", body=each)
            self.assertIn("6 MB", got.message)


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
