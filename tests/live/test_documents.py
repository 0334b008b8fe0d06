"""Documents and clients against the running daemon: import, export, import again, and the SDKs GetSdk makes."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest


def answering(template: str) -> dict[str, Any]:
    return {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
    }


OK = {"200": {"description": "fine"}}
DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "documents", "version": "1"},
    "x-amazon-apigateway-request-validators": {
        "all": {"validateRequestBody": True, "validateRequestParameters": True}
    },
    "x-amazon-apigateway-request-validator": "all",
    "paths": {
        "/pets/{id}": {
            "get": {
                "parameters": [{"name": "full", "in": "query", "required": True, "schema": {"type": "string"}}],
                "responses": OK,
                "x-amazon-apigateway-integration": answering('{"id": "$input.params(\'id\')"}'),
            },
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": OK,
                "security": [{"api_key": []}],
                "x-amazon-apigateway-integration": answering('{"made": true}'),
            },
        },
        "/mine": {
            "get": {
                "responses": OK,
                "security": [{"sigv4": []}],
                "x-amazon-apigateway-integration": answering('{"account": "$context.identity.accountId"}'),
            }
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/Pet"}},
            }
        },
        "securitySchemes": {
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "sigv4": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        },
    },
}


@pytest.fixture
def gateway(clients: Any) -> Any:
    return clients("apigateway")


@pytest.fixture
def api_id(gateway: Any) -> str:
    made = gateway.import_rest_api(body=json.dumps(DOCUMENT).encode(), failOnWarnings=True)
    gateway.create_deployment(restApiId=made["id"], stageName="prod")
    return str(made["id"])


@pytest.fixture
def key(gateway: Any, api_id: str) -> str:
    made = gateway.create_api_key(name="documents", enabled=True)
    plan = gateway.create_usage_plan(name="documents", apiStages=[{"apiId": api_id, "stage": "prod"}])
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=made["id"], keyType="API_KEY")
    return str(made["value"])


def export(gateway: Any, api_id: str, kind: str, accepts: str) -> bytes:
    answer = gateway.get_export(
        restApiId=api_id, stageName="prod", exportType=kind, parameters={"extensions": "apigateway"}, accepts=accepts
    )
    assert answer["contentType"] == "application/octet-stream"
    body: bytes = answer["body"].read()
    return body


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_an_export_comes_back_the_same(gateway: Any, api_id: str, kind: str, accepts: str) -> None:
    first = export(gateway, api_id, kind, accepts)
    made = gateway.import_rest_api(body=first, failOnWarnings=True)
    gateway.create_deployment(restApiId=made["id"], stageName="prod")
    second = export(gateway, made["id"], kind, accepts)
    assert first == second.replace(made["id"].encode(), api_id.encode())


def unpack(gateway: Any, api_id: str, kind: str, folder: Path) -> Path:
    answer = gateway.get_sdk(restApiId=api_id, stageName="prod", sdkType=kind)
    with zipfile.ZipFile(io.BytesIO(answer["body"].read())) as archive:
        archive.extractall(folder)
    return next(path for path in folder.rglob("*") if path.suffix in (".js", ".py"))


def test_the_javascript_client(gateway: Any, api_id: str, key: str, tmp_path: Path, shared: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    source = unpack(gateway, api_id, "javascript", tmp_path)
    assert f"{shared.url}/restapis/{api_id}/prod/_user_request_" in source.read_text()
    script = tmp_path / "run.js"
    script.write_text(
        f"""
        const factory = require({json.dumps(str(source))});
        const client = factory.newClient({{apiKey: {json.dumps(key)}, accessKey: 'test', secretKey: 'test'}});
        const bare = factory.newClient();
        const told = (promise) => promise.then((r) => [r.status, r.data], (e) => [e.response.status]);
        (async () => {{
          console.log(JSON.stringify([
            await told(client.petsIdGet({{id: '7', full: 'yes'}})),
            await told(client.petsIdGet({{id: '7'}})),
            await told(client.petsIdPost({{id: '7'}}, {{name: 'a', friend: {{name: 'b'}}}})),
            await told(client.petsIdPost({{id: '7'}}, {{name: 'a', friend: {{}}}})),
            await told(bare.petsIdPost({{id: '7'}}, {{name: 'a'}})),
            await told(client.mineGet()),
            await told(bare.mineGet()),
          ]));
        }})();
        """
    )
    done = subprocess.run([node, str(script)], capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    assert json.loads(done.stdout) == [
        [200, {"id": "7"}],
        [400],
        [200, {"made": True}],
        [400],
        [403],
        [200, {"account": "000000000000"}],
        [403],
    ]


def test_the_python_client(
    gateway: Any, api_id: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = unpack(gateway, api_id, "python", tmp_path)
    spec = importlib.util.spec_from_file_location("live_client", source)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    client = module.ApigClient(access_key="test", secret_key="test", api_key=key)
    assert client.pets_id_get({"id": "7", "full": "yes"}).data == {"id": "7"}
    assert client.pets_id_post({"id": "7"}, {"name": "a"}).data == {"made": True}
    assert client.mine_get().data == {"account": "000000000000"}
    for call in (lambda: client.pets_id_post({"id": "7"}, {}), module.ApigClient().mine_get):
        with pytest.raises(module.ApigError) as caught:
            call()
        assert caught.value.answer.status in (400, 403)
