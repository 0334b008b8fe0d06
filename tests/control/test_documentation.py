"""Documentation parts and versions; answers and texts as recorded on AWS."""

from __future__ import annotations

import json
from typing import Any

from tests.control.making import deployed
from tests.control.support import ControlTestCase

DOCUMENT = {
    "openapi": "3.0.0",
    "info": {"title": "doc", "version": "1"},
    "paths": {},
    "x-amazon-apigateway-documentation": {
        "version": "1.0.3",
        "documentationParts": [
            {"location": {"type": "API"}, "properties": {"info": {"description": "d"}}},
            {"location": {"type": "METHOD", "method": "GET"}, "properties": {"description": "m"}},
            {"location": {"type": "MODEL", "name": "Empty"}, "properties": {"title": "Empty Schema"}},
            {
                "location": {"type": "RESPONSE", "method": "GET", "statusCode": "200"},
                "properties": {"description": "r"},
            },
        ],
    },
}
LOCATIONS = [
    {"type": "API"},
    {"type": "METHOD", "path": "/", "method": "GET"},
    {"type": "MODEL", "name": "Empty"},
    {"type": "RESPONSE", "path": "/", "method": "GET", "statusCode": "200"},
]


class DocumentationTestCase(ControlTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api_id = deployed(self.control)

    def part(self, location: dict[str, str], **properties: Any) -> Any:
        return self.control(
            "CreateDocumentationPart",
            restApiId=self.api_id,
            location=location,
            properties=json.dumps(properties or {"description": "x"}),
        )

    def parts(self, **arguments: Any) -> list[Any]:
        return list(self.control("GetDocumentationParts", restApiId=self.api_id, **arguments)["items"])


class Parts(DocumentationTestCase):
    def test_lifecycle(self) -> None:
        made = self.part({"type": "API"}, description="Sample API description")
        wanted = {
            "id": made["id"],
            "location": {"type": "API"},
            "properties": '{"description": "Sample API description"}',
        }
        self.assertEqual(wanted, made)
        where = {"restApiId": self.api_id, "documentationPartId": made["id"]}
        self.assertEqual(made, self.control("GetDocumentationPart", **where))
        self.assertEqual([made], self.parts())
        changed = self.control(
            "UpdateDocumentationPart",
            **where,
            patchOperations=[{"op": "replace", "path": "/properties", "value": '{"description":"new"}'}],
        )
        self.assertEqual({**made, "properties": '{"description":"new"}'}, changed)
        self.control("DeleteDocumentationPart", **where)
        self.refused(
            404,
            "NotFoundException",
            "Invalid Documentation part identifier specified",
            "DeleteDocumentationPart",
            **where,
        )

    def test_locations_get_their_defaults(self) -> None:
        for given, wanted in (
            ({"type": "METHOD"}, {"type": "METHOD", "path": "/", "method": "*"}),
            ({"type": "RESOURCE"}, {"type": "RESOURCE", "path": "/"}),
            (
                {"type": "RESPONSE_HEADER", "name": "X", "path": "/a"},
                {"type": "RESPONSE_HEADER", "name": "X", "path": "/a", "method": "*", "statusCode": "*"},
            ),
            ({"type": "REQUEST_BODY", "method": "POST"}, {"type": "REQUEST_BODY", "path": "/", "method": "POST"}),
        ):
            self.assertEqual(wanted, self.part(given)["location"])

    def test_refusals_as_recorded(self) -> None:
        no_api = "Invalid API identifier specified 000000000000:nope"
        no_part = "Invalid Documentation part identifier specified"
        made = self.part({"type": "API"})
        elsewhere = {"restApiId": "nope", "documentationPartId": made["id"]}
        self.refused(404, "NotFoundException", no_part, "GetDocumentationPart", **elsewhere)
        self.refused(404, "NotFoundException", no_part, "UpdateDocumentationPart", **elsewhere, patchOperations=[])
        self.refused(404, "NotFoundException", no_api, "DeleteDocumentationPart", **elsewhere)
        self.refused(404, "NotFoundException", no_api, "GetDocumentationParts", restApiId="nope")
        self.refused(
            404, "NotFoundException", no_api, "CreateDocumentationPart", restApiId="nope", location={"type": "API"},
            properties="{}",
        )  # fmt: skip
        self.refused(
            400,
            "ValidationException",
            "1 validation error detected: Value 'INVALID' at 'createDocumentationPartInput.location.type' failed to "
            "satisfy constraint: Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, "
            "AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, "
            "REQUEST_HEADER]",
            "CreateDocumentationPart",
            restApiId=self.api_id,
            location={"type": "INVALID"},
            properties="{}",
        )
        where = {"restApiId": self.api_id, "documentationPartId": made["id"]}
        for op, path, text in (
            (
                "add",
                "/properties",
                "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations",
            ),
            (
                "replace",
                "/invalidPath",
                "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]",
            ),
        ):
            operation = {"op": op, "path": path, "value": "{}"}
            self.refused(
                400, "BadRequestException", text, "UpdateDocumentationPart", **where, patchOperations=[operation]
            )

    def test_locations_that_do_not_go(self) -> None:
        for location in (
            {"type": "API", "method": "GET"},
            {"type": "API", "name": "x"},
            {"type": "RESOURCE", "path": "/", "statusCode": "200"},
            {"type": "METHOD", "name": "x"},
            {"type": "MODEL"},
            {"type": "PATH_PARAMETER", "path": "/"},
        ):
            self.refused(
                400, "BadRequestException", None, "CreateDocumentationPart", restApiId=self.api_id, location=location,
                properties='{"description":"x"}',
            )  # fmt: skip

    def test_properties_are_a_json_object(self) -> None:
        for properties in ("", "x", "[]", "{}", '"a"'):
            self.refused(
                400, "BadRequestException", None, "CreateDocumentationPart", restApiId=self.api_id,
                location={"type": "API"}, properties=properties,
            )  # fmt: skip

    def test_one_part_a_place(self) -> None:
        self.part({"type": "RESOURCE"})
        self.refused(
            409,
            "ConflictException",
            "Documentation part already exists for the specified location: type 'RESOURCE', path '/'.",
            "CreateDocumentationPart",
            restApiId=self.api_id,
            location={"type": "RESOURCE", "path": "/"},
            properties='{"description":"x"}',
        )

    def test_filters(self) -> None:
        self.part({"type": "API"})
        self.part({"type": "METHOD", "path": "/a", "method": "GET"})
        self.part({"type": "MODEL", "name": "Pet"})
        self.part({"type": "MODEL", "name": "Car"})
        kinds = lambda parts: [each["location"]["type"] for each in parts]  # noqa: E731
        self.assertEqual(["MODEL", "MODEL"], kinds(self.parts(type="MODEL")))
        self.assertEqual(["MODEL"], kinds(self.parts(nameQuery="Pet")))
        self.assertEqual(["METHOD"], kinds(self.parts(path="/a")))
        self.assertEqual(4, len(self.parts(locationStatus="DOCUMENTED")))
        first = self.control("GetDocumentationParts", restApiId=self.api_id, limit=3)
        rest = self.parts(position=first["position"])
        self.assertEqual((3, 1), (len(first["items"]), len(rest)))

    def test_undocumented(self) -> None:
        self.part({"type": "API"})
        self.part({"type": "METHOD", "path": "/", "method": "GET"})
        places = [each["location"] for each in self.parts(locationStatus="UNDOCUMENTED")]
        self.assertEqual(
            [{"type": "MODEL", "name": "Empty"}, {"type": "MODEL", "name": "Error"}, {"type": "RESOURCE", "path": "/"}],
            places,
        )


class Import(DocumentationTestCase):
    def load(self, document: Any, **arguments: Any) -> Any:
        return self.control(
            "ImportDocumentationParts", restApiId=self.api_id, body=json.dumps(document).encode(), **arguments
        )

    def test_overwrite_as_recorded(self) -> None:
        first = self.load(DOCUMENT, mode="overwrite")["ids"]
        second = self.load(DOCUMENT, mode="overwrite")["ids"]
        self.assertFalse(set(first) & set(second))
        self.assertEqual(second, [each["id"] for each in self.parts()])
        self.assertEqual(LOCATIONS, [each["location"] for each in self.parts()])

    def test_merge_keeps_ids_and_others(self) -> None:
        self.part({"type": "MODEL", "name": "Mine"})
        first = self.load(DOCUMENT, mode="merge")["ids"]
        changed = {"documentationParts": [{"location": {"type": "API"}, "properties": {"description": "new"}}]}
        self.assertEqual([first[0]], self.load(changed, mode="merge")["ids"])
        self.assertEqual(5, len(self.parts()))
        self.assertEqual('{"description":"new"}', self.parts(type="API")[0]["properties"])

    def test_warnings(self) -> None:
        bad = {"documentationParts": [{"location": {"type": "API", "name": "x"}, "properties": {}}]}
        text = "Invalid location specified: 'name' is not a valid field for type API"
        answer = self.load({**DOCUMENT, "x-amazon-apigateway-documentation": bad})
        self.assertEqual(([], [text]), (answer["ids"], answer["warnings"]))
        self.load(DOCUMENT)
        self.refused(
            400,
            "BadRequestException",
            f"Warnings found during import:\n\t{text}",
            "ImportDocumentationParts",
            restApiId=self.api_id,
            mode="overwrite",
            failOnWarnings=True,
            body=json.dumps(bad).encode(),
        )
        self.assertEqual(4, len(self.parts()))

    def test_bad_files_as_recorded(self) -> None:
        for bad in (b"{", b"a: b: c", b"", b"[]", b'{"a": 1}'):
            self.refused(
                400,
                "BadRequestException",
                "Unable to build importer with provided input.",
                "ImportDocumentationParts",
                restApiId=self.api_id,
                body=bad,
            )


class Versions(DocumentationTestCase):
    def test_lifecycle_as_recorded(self) -> None:
        self.part({"type": "API"}, foo="bar")
        made = self.control("CreateDocumentationVersion", restApiId=self.api_id, documentationVersion="v123")
        self.assertEqual({"version", "createdDate"}, set(made))
        where = {"restApiId": self.api_id, "documentationVersion": "v123"}
        operation = {"op": "replace", "path": "/description", "value": "doc version new"}
        changed = self.control("UpdateDocumentationVersion", **where, patchOperations=[operation])
        self.assertEqual({**made, "description": "doc version new"}, changed)
        self.assertEqual(changed, self.control("GetDocumentationVersion", **where))
        self.assertEqual([changed], self.control("GetDocumentationVersions", restApiId=self.api_id)["items"])
        self.refused(409, "ConflictException", None, "CreateDocumentationVersion", **where)
        self.control("DeleteDocumentationVersion", **where)
        for name in ("GetDocumentationVersion", "UpdateDocumentationVersion", "DeleteDocumentationVersion"):
            self.refused(404, "NotFoundException", "Invalid Documentation version specified", name, **where)

    def test_of_a_stage(self) -> None:
        where = {"restApiId": self.api_id, "documentationVersion": "v1"}
        self.refused(
            404, "NotFoundException", "Invalid stage identifier specified", "CreateDocumentationVersion", **where,
            stageName="none",
        )  # fmt: skip
        self.control("CreateDocumentationVersion", **where, stageName="s")
        stage = self.control("GetStage", restApiId=self.api_id, stageName="s")
        self.assertEqual("v1", stage["documentationVersion"])
        self.refused(409, "ConflictException", None, "DeleteDocumentationVersion", **where)

    def test_a_version_keeps_its_parts(self) -> None:
        made = self.part({"type": "API"}, info={"description": "then"})
        self.control("CreateDocumentationVersion", restApiId=self.api_id, documentationVersion="v1", stageName="s")
        self.control("DeleteDocumentationPart", restApiId=self.api_id, documentationPartId=made["id"])
        document = json.loads(self.control("GetExport", restApiId=self.api_id, stageName="s", exportType="oas30"))
        self.assertEqual("then", document["info"]["description"])
