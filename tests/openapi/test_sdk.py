"""The generated clients, run for real: Node and Python call a server on the loopback interface."""

from __future__ import annotations

import http.server
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any
from unittest import SkipTest
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.control.support import ControlTestCase

DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": 'Pets */ """ </script>', "version": "1"},
    "paths": {
        "/": {"get": {"responses": {"200": {"description": "x"}}, "x-amazon-apigateway-integration": {"type": "mock"}}},
        "/pets": {
            "post": {
                "responses": {"200": {"description": "x"}},
                "x-amazon-apigateway-integration": {"type": "mock"},
                "security": [{"api_key": []}],
            }
        },
        "/pets/{petId}": {
            "get": {
                "parameters": [
                    {"name": "page", "in": "query", "schema": {"type": "string"}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "x"}},
                "x-amazon-apigateway-integration": {"type": "mock"},
                "security": [{"sigv4": []}],
            }
        },
        "/files/{proxy+}": {
            "x-amazon-apigateway-any-method": {
                "responses": {"200": {"description": "x"}},
                "x-amazon-apigateway-integration": {"type": "mock"},
            }
        },
    },
    "components": {
        "securitySchemes": {
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "sigv4": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        }
    },
}


class _Backend(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; ``/fail`` in the path answers 404."""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        self.server.seen.append(seen)  # type: ignore[attr-defined]
        body = json.dumps({"you": self.path}).encode()
        self.send_response(404 if "fail" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        return


class SdkTestCase(ControlTestCase):
    kind = ""

    def setUp(self) -> None:
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Backend)
        self.server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/restapis/x/prod/_user_request_"
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        api = self.control("ImportRestApi", body=json.dumps(DOCUMENT).encode())
        self.control("CreateDeployment", restApiId=api["id"], stageName="prod")
        self.api_id = api["id"]

    def unpack(self, kind: str) -> Path:
        body = self.control("GetSdk", restApiId=self.api_id, stageName="prod", sdkType=kind)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            archive.extractall(self.folder)
            self.assertTrue(any(name.endswith("README.md") for name in archive.namelist()))
        return next(path for path in self.folder.rglob("*") if path.suffix in (".js", ".py"))

    @property
    def seen(self) -> list[dict[str, Any]]:
        return self.server.seen  # type: ignore[attr-defined,no-any-return]

    def check_calls(self) -> None:
        """What both clients must have sent, in this order."""
        root, post, signed, greedy, failed = self.seen
        base = "/restapis/x/prod/_user_request_"
        self.assertEqual(("GET", base + "/"), (root["method"], root["path"]))
        self.assertEqual("application/json", root["headers"]["accept"])
        self.assertEqual(
            ("POST", base + "/pets", '{"a":1}'), (post["method"], post["path"], post["body"].replace(" ", ""))
        )
        self.assertEqual(
            ("the-key", "application/json"), (post["headers"]["x-api-key"], post["headers"]["content-type"])
        )
        self.assertEqual(base + "/pets/a%20b%2Fc?page=2&z=1%261", signed["path"])
        self.assertEqual("t", signed["headers"]["x-trace"])
        self.check_signature(signed)
        self.assertEqual(("PUT", base + "/files/a/b%20c", "text"), (greedy["method"], greedy["path"], greedy["body"]))
        self.assertNotIn("authorization", greedy["headers"])
        self.assertEqual(base + "/files/fail", failed["path"])

    def check_signature(self, seen: dict[str, Any]) -> None:
        url = urlsplit(self.url)
        request = AWSRequest("GET", f"{url.scheme}://{url.netloc}{seen['path']}", data=b"")
        signer = SigV4Auth(Credentials("AKID", "secret", "session"), "execute-api", "us-east-1")
        request.context["timestamp"] = seen["headers"]["x-amz-date"]
        request.headers["X-Amz-Date"] = seen["headers"]["x-amz-date"]
        request.headers["X-Amz-Security-Token"] = "session"
        text = signer.string_to_sign(request, signer.canonical_request(request))
        expected = signer.signature(text, request)
        self.assertEqual("session", seen["headers"]["x-amz-security-token"])
        self.assertTrue(seen["headers"]["authorization"].endswith(f"Signature={expected}"))
        self.assertIn("/us-east-1/execute-api/aws4_request", seen["headers"]["authorization"])


class JavaScript(SdkTestCase):
    def test_calls(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise SkipTest("node is not installed")
        source = self.unpack("javascript")
        script = self.folder / "run.js"
        script.write_text(
            f"""
            const factory = require({json.dumps(str(source))});
            const config = {{invokeUrl: {json.dumps(self.url)}, accessKey: 'AKID', secretKey: 'secret',
                             sessionToken: 'session'}};
            const client = factory.newClient(config);
            const keyed = factory.newClient({{invokeUrl: {json.dumps(self.url)}, apiKey: 'the-key'}});
            (async () => {{
              const out = [];
              out.push((await client.rootGet()).data);
              out.push((await keyed.petsPost({{}}, {{a: 1}})).status);
              const params = {{petId: 'a b/c', page: '2', 'X-Trace': 't'}};
              out.push((await client.petsPetIdGet(params, undefined, {{queryParams: {{z: '1&1'}}}})).status);
              out.push((await client.filesProxyPut({{proxy: 'a/b c'}}, 'text')).status);
              try {{ await client.filesProxyGet({{proxy: 'fail'}}); }}
              catch (error) {{ out.push(error.response.status); }}
              try {{ await client.petsPetIdGet({{}}); }} catch (error) {{ out.push(error.message); }}
              console.log(JSON.stringify(out));
            }})();
            """
        )
        done = subprocess.run([node, str(script)], capture_output=True, timeout=60, check=False)
        self.assertEqual(b"", done.stderr)
        out = json.loads(done.stdout)
        base = "/restapis/x/prod/_user_request_"
        self.assertEqual([{"you": base + "/"}, 200, 200, 200, 404, "Missing required path parameter: petId"], out)
        self.check_calls()

    def test_in_a_browser_the_factory_is_a_global(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise SkipTest("node is not installed")
        source = self.unpack("javascript")
        script = (
            "const page = {}; page.self = page; const vm = require('vm'), fs = require('fs');"
            f"vm.runInNewContext(fs.readFileSync({json.dumps(str(source))}, 'utf8'), page);"
            "console.log(Object.keys(page.apigClientFactory.newClient()).sort().join(' '));"
        )
        done = subprocess.run([node, "-e", script], capture_output=True, timeout=60, check=False)
        self.assertEqual(b"", done.stderr)
        names = done.stdout.decode().split()
        self.assertTrue({"rootGet", "petsPost", "petsPetIdGet", "filesProxyDelete", "filesProxyPatch"} <= set(names))
        self.assertIn(f"http://localhost:4566/restapis/{self.api_id}/prod/_user_request_", source.read_text())


class Python(SdkTestCase):
    def test_calls(self) -> None:
        source = self.unpack("python")
        spec = importlib.util.spec_from_file_location("generated_client", source)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        self.addCleanup(setattr, sys, "dont_write_bytecode", bytecode)
        spec.loader.exec_module(module)
        client = module.ApigClient(access_key="AKID", secret_key="secret", session_token="session", invoke_url=self.url)
        keyed = module.ApigClient(api_key="the-key", invoke_url=self.url)
        self.assertEqual({"you": "/restapis/x/prod/_user_request_/"}, client.root_get().data)
        self.assertEqual(200, keyed.pets_post(body={"a": 1}).status)
        client.pets_pet_id_get({"petId": "a b/c", "page": "2", "X-Trace": "t"}, query={"z": "1&1"})
        client.files_proxy_put({"proxy": "a/b c"}, body="text")
        with self.assertRaises(module.ApigError) as caught:
            client.files_proxy_get({"proxy": "fail"})
        self.assertEqual(404, caught.exception.answer.status)
        self.check_calls()
        self.assertRaises(ValueError, client.pets_pet_id_get, {})


class Types(SdkTestCase):
    def test_types(self) -> None:
        types = self.control("GetSdkTypes")["items"]
        self.assertEqual(
            ["android", "java", "javascript", "objectivec", "ruby", "swift"], sorted(each["id"] for each in types)
        )
        java = self.control("GetSdkType", id="java")
        required = [each["name"] for each in java["configurationProperties"] if each["required"]]
        self.assertEqual(["serviceName", "javaPackageName"], required)
        self.refused(404, "NotFoundException", "Invalid SDK type identifier specified", "GetSdkType", id="cobol")

    def test_refusals(self) -> None:
        where = {"restApiId": self.api_id, "stageName": "prod"}
        self.refused(
            400, "BadRequestException", "Invalid SDK type specified: cobol", "GetSdk", **where, sdkType="cobol"
        )
        self.refused(
            400,
            "BadRequestException",
            "Missing required parameter(s) for SDK type java: serviceName, javaPackageName",
            "GetSdk",
            **where,
            sdkType="java",
        )
        parameters = {"serviceName": "S", "javaPackageName": "p"}
        self.refused(501, "NotImplemented", None, "GetSdk", **where, sdkType="java", parameters=parameters)
        self.refused(
            404,
            "NotFoundException",
            "Invalid stage identifier specified",
            "GetSdk",
            restApiId=self.api_id,
            stageName="none",
            sdkType="javascript",
        )

    def test_the_same_api_gives_the_same_bytes(self) -> None:
        where = {"restApiId": self.api_id, "stageName": "prod", "sdkType": "javascript"}
        self.assertEqual(self.control("GetSdk", **where), self.control("GetSdk", **where))
