"""Exports, by format and extensions, against tests/cases/export.json; and what GetExport refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from emulator.wire import Headers, Request, Response
from tests.control.making import deployed
from tests.control.support import ControlTestCase

GOLDEN = json.loads((Path(__file__).parent.parent / "cases" / "export.json").read_text())


class ExportTestCase(ControlTestCase):
    def ask(self, api_id: str, kind: str, extensions: str | None = None, accept: str | None = None) -> Response:
        request = Request(
            method="GET",
            raw_path=f"/restapis/{api_id}/stages/prod/exports/{kind}".encode(),
            raw_query=urlencode({"extensions": extensions}).encode() if extensions else b"",
            headers=Headers([("Accept", accept)] if accept else []),
        )
        results: list[Response] = []
        self.control.app.serve(request, "000000000000", "us-east-1").addCallback(results.append)
        return results[0]

    def imported(self) -> str:
        api_id = self.control("ImportRestApi", body=json.dumps(GOLDEN["document"]).encode())["id"]
        self.control("CreateDeployment", restApiId=api_id, stageName="prod")
        return str(api_id)


class Golden(ExportTestCase):
    def test_every_case(self) -> None:
        api_id = self.imported()
        for case in GOLDEN["cases"]:
            got = self.ask(api_id, case["exportType"], case["extensions"]).body.decode().replace(api_id, "@api")
            self.assertEqual(case["expect"], json.loads(got), (case["exportType"], case["extensions"]))
            # the order of members is part of how an export looks
            self.assertEqual(list(case["expect"]), list(json.loads(got)))


class Formats(ExportTestCase):
    def test_headers_and_layout(self) -> None:
        api_id = self.imported()
        answer = self.ask(api_id, "swagger")
        self.assertEqual(200, answer.status)
        self.assertEqual("application/octet-stream", answer.headers.first("Content-Type"))
        self.assertEqual('attachment; filename="swagger_1.2.json"', answer.headers.first("Content-Disposition"))
        self.assertTrue(
            answer.body.startswith(b'{\n  "swagger" : "2.0",\n  "info" : {\n    "description" : "Sells.",\n')
        )

    def test_yaml(self) -> None:
        api_id = self.imported()
        answer = self.ask(api_id, "oas30", "apigateway", "application/yaml")
        self.assertEqual("application/octet-stream", answer.headers.first("Content-Type"))
        self.assertEqual('attachment; filename="oas30_1.2.yaml"', answer.headers.first("Content-Disposition"))
        self.assertTrue(answer.body.startswith(b'---\nopenapi: "3.0.1"\n'))
        self.assertEqual(
            json.loads(self.ask(api_id, "oas30", "apigateway", "application/json").body), yaml.safe_load(answer.body)
        )

    def test_what_clients_send_by_default(self) -> None:
        api_id = self.imported()
        for accept in ("*/*", "application/json, */*;q=0.5"):
            self.assertIn('"openapi" : "3.0.1"', self.ask(api_id, "oas30", accept=accept).body.decode())

    def test_an_api_without_a_version_exports_its_date(self) -> None:
        api_id = deployed(self.control)
        answer = self.control("GetExport", restApiId=api_id, stageName="s", exportType="swagger")
        document = json.loads(answer)
        self.assertEqual("2023-11-14T22:13:20Z", document["info"]["version"])
        self.assertNotIn("definitions", document)  # the default models are not used

    def test_a_stage_exports_what_was_deployed(self) -> None:
        api_id = self.imported()
        before = self.ask(api_id, "oas30").body
        self.control("PutRestApi", restApiId=api_id, mode="overwrite", body=b'{"openapi":"3.0.1","info":{"title":"x"}}')
        self.assertEqual(before, self.ask(api_id, "oas30").body)

    def test_refusals(self) -> None:
        api_id = self.imported()
        self.assertEqual(400, self.ask(api_id, "raml").status)
        self.assertEqual(400, self.ask(api_id, "oas30", accept="text/html").status)
        self.refused(
            404,
            "NotFoundException",
            "Invalid stage identifier specified",
            "GetExport",
            restApiId=api_id,
            stageName="none",
            exportType="oas30",
        )


class Order(ExportTestCase):
    """Names are listed as Java's HashMap has them: seen in AWS's recorded exports of the pet store."""

    CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")

    def deploy(self) -> str:
        headers = {name: {"type": "string"} for name in sorted(self.CORS)}
        mapped = {f"method.response.header.{name}": "'*'" for name in sorted(self.CORS)}
        method = {
            "parameters": [{"name": name, "in": "query", "type": "string"} for name in ("page", "type")],
            "responses": {"200": {"description": "x", "headers": headers}},
            "x-amazon-apigateway-integration": {
                "type": "mock",
                "requestTemplates": {"application/json": "{}"},
                "responses": {
                    "default": {
                        "statusCode": "200", "responseParameters": mapped, "responseTemplates": {"text/html": "<p>"}
                    }
                },
            },
        }  # fmt: skip
        document = {
            "swagger": "2.0",
            "info": {"title": "t", "version": "7"},
            "paths": {path: {"get": method} for path in ("/", "/pets", "/pets/{petId}")},
        }
        api_id = str(self.control("ImportRestApi", body=json.dumps(document).encode())["id"])
        self.control("CreateDeployment", restApiId=api_id, stageName="prod")
        return api_id

    def test_names(self) -> None:
        api_id = self.deploy()
        for kind in ("swagger", "oas30"):
            document = json.loads(self.ask(api_id, kind, "apigateway").body)
            operation = document["paths"]["/pets"]["get"]
            self.assertEqual(["type", "page"], [each["name"] for each in operation["parameters"]])
            self.assertEqual(list(self.CORS), list(operation["responses"]["200"]["headers"]))
            mapped = operation["x-amazon-apigateway-integration"]["responses"]["default"]["responseParameters"]
            self.assertEqual(
                [f"method.response.header.{self.CORS[each]}" for each in (1, 2, 0)], list(mapped)
            )

    def test_paths_and_media_types(self) -> None:
        api_id = self.deploy()
        swagger = json.loads(self.ask(api_id, "swagger").body)
        self.assertEqual(["/", "/pets", "/pets/{petId}"], list(swagger["paths"]))
        self.assertEqual(["application/json"], swagger["paths"]["/"]["get"]["consumes"])
        self.assertEqual(["text/html"], swagger["paths"]["/"]["get"]["produces"])
        openapi = json.loads(self.ask(api_id, "oas30").body)
        self.assertEqual(["/pets", "/pets/{petId}", "/"], list(openapi["paths"]))
        self.assertEqual({}, openapi["components"])

    def test_no_types_where_nothing_names_one(self) -> None:
        method = {"responses": {"200": {"description": "x"}}, "x-amazon-apigateway-integration": {"type": "mock"}}
        body = {"swagger": "2.0", "info": {"title": "t", "version": "7"}, "paths": {"/": {"get": method}}}
        api_id = str(self.control("ImportRestApi", body=json.dumps(body).encode())["id"])
        self.control("CreateDeployment", restApiId=api_id, stageName="prod")
        operation = json.loads(self.ask(api_id, "swagger").body)["paths"]["/"]["get"]
        self.assertEqual({"responses": {"200": {"description": "200 response"}}}, operation)


class Documentation(ExportTestCase):
    """Parts of the stage's version go where OpenAPI has a place, the closest part for each place."""

    def part(self, api_id: str, properties: dict[str, Any], **location: str) -> None:
        self.control("CreateDocumentationPart", restApiId=api_id, location=location, properties=json.dumps(properties))

    def test_parts(self) -> None:
        api_id = self.imported()
        self.part(api_id, {"info": {"description": "documented", "contact": {"name": "me"}}}, type="API")
        self.part(api_id, {"description": "an item"}, type="MODEL", name="Item")
        self.part(api_id, {"summary": "s", "tags": ["t"]}, type="METHOD", path="/items/{id}", method="GET")
        self.part(api_id, {"description": "any 200"}, type="RESPONSE", statusCode="200")
        self.part(api_id, {"description": "500 of GET"}, type="RESPONSE", method="GET", statusCode="500")
        self.part(api_id, {"description": "any 500"}, type="RESPONSE", statusCode="500")
        self.part(api_id, {"description": "far"}, type="PATH_PARAMETER", path="/", name="id")
        self.part(api_id, {"description": "near"}, type="PATH_PARAMETER", path="/items", name="id")
        self.part(api_id, {"description": "tag"}, type="RESPONSE_HEADER", name="ETag")
        self.part(api_id, {"description": "asks"}, type="AUTHORIZER", name="who")
        self.part(api_id, {"description": "elsewhere"}, type="METHOD", path="/other", method="GET")
        self.control("CreateDocumentationVersion", restApiId=api_id, documentationVersion="v1", stageName="prod")
        for kind in ("oas30", "swagger"):
            document = json.loads(self.ask(api_id, kind, "documentation").body)
            self.assertEqual("documented", document["info"]["description"])
            self.assertEqual({"name": "me"}, document["info"]["contact"])
            components = document if kind == "swagger" else document["components"]
            models = components["definitions" if kind == "swagger" else "schemas"]
            self.assertEqual("an item", models["Item"]["description"])
            schemes = components["securityDefinitions" if kind == "swagger" else "securitySchemes"]
            self.assertEqual("asks", schemes["who"]["description"])
            operation = document["paths"]["/items/{id}"]["get"]
            self.assertEqual(("s", ["t"]), (operation["summary"], operation["tags"]))
            self.assertEqual("any 200", operation["responses"]["200"]["description"])
            self.assertEqual("500 of GET", operation["responses"]["500"]["description"])
            self.assertEqual("tag", operation["responses"]["200"]["headers"]["ETag"]["description"])
            (parameter,) = [each for each in operation["parameters"] if each["name"] == "id"]
            self.assertEqual("near", parameter["description"])
            said = document["x-amazon-apigateway-documentation"]
            self.assertEqual(("v1", 11), (said["version"], len(said["documentationParts"])))
            self.assertNotIn("x-amazon-apigateway-documentation", json.loads(self.ask(api_id, kind).body))
