"""Things that tests of several nouns need made first."""

from __future__ import annotations

from typing import Any


def deployed(control: Any, name: str = "demo") -> str:
    """An API with one mock method, deployed as stage ``s``; gives its id."""
    api_id = str(control("CreateRestApi", name=name)["id"])
    root = control("GetResources", restApiId=api_id)["items"][0]["id"]
    where = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    control("PutMethod", **where, authorizationType="NONE")
    control("PutIntegration", **where, type="MOCK")
    control("CreateDeployment", restApiId=api_id, stageName="s")
    return api_id
