"""Things that tests of several nouns need made first."""

from __future__ import annotations

import json
from typing import Any

from tests.control.support import ControlTestCase

LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)


def deployed(control: Any, name: str = "demo") -> str:
    """An API with one mock method, deployed as stage ``s``; gives its id."""
    api_id = str(control("CreateRestApi", name=name)["id"])
    root = control("GetResources", restApiId=api_id)["items"][0]["id"]
    where = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    control("PutMethod", **where, authorizationType="NONE")
    control("PutIntegration", **where, type="MOCK")
    control("CreateDeployment", restApiId=api_id, stageName="s")
    return api_id


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
