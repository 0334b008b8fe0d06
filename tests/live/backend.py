"""An HTTP backend in threads, for live tests of integrations, and a way to make an API of one integration a path.

Belongs here: what the tests of integrations call and build. Never here: assertions.
"""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
AWS = "arn:aws:apigateway:us-east-1:"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, as JSON; some paths do something else."""

    protocol_version = "HTTP/1.1"
    hold = threading.Event()  # /chunks waits for it before its last chunk

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        if path == "/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nfirst\r\n")
            self.hold.wait(10)
            self.wfile.write(b"4\r\nlast\r\n0\r\n\r\n")
        elif path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", str(100 << 20))
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x" * (1 << 20))
        elif path == "/cookies":
            self.reply(302, b"", ("Location", "/there"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
        elif path.startswith("/status/"):
            self.reply(int(path.rpartition("/")[2]), b"{}", ("Content-Type", "application/json"))
        else:
            asked = {
                "method": self.command, "path": self.path, "headers": self.headers.items(),
                "body": body.decode("latin-1"),
            }  # fmt: skip
            self.reply(200, json.dumps(asked).encode(), ("Content-Type", "application/json"))

    def reply(self, status: int, body: bytes, *lines: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in lines:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer


class Quiet(http.server.ThreadingHTTPServer):
    """A server that takes a reader's leaving for granted."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The emulator drops connections on purpose: nothing to report."""


@contextmanager
def echo() -> Iterator[int]:
    """A backend's port."""
    with Quiet(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def raw(answer: bytes | None, hung_up: threading.Event | None = None) -> Iterator[int]:
    """A port that takes one connection, says ``answer`` (None: nothing, ever) and notes when the caller leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                if answer is not None:
                    connection.sendall(answer)
                    return
                try:
                    gone = connection.recv(1) == b""
                except ConnectionError:
                    gone = True
                if gone and hung_up is not None:
                    hung_up.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def make_api(gateway: Any, methods: dict[str, dict[str, Any]], **deployment: Any) -> str:
    """An API with an ANY method per path, deployed as ``prod``; answers its id.

    A method's members are those of PutIntegration; ``responses`` are integration responses by status.
    """
    api = str(gateway.create_rest_api(name="integrations", binaryMediaTypes=["image/png"])["id"])
    known = {"/": gateway.get_resources(restApiId=api)["items"][0]["id"]}
    for path, integration in methods.items():
        at = ""
        for part in path.strip("/").split("/"):
            if f"{at}/{part}" not in known:
                made = gateway.create_resource(restApiId=api, parentId=known[at or "/"], pathPart=part)
                known[f"{at}/{part}"] = made["id"]
            at = f"{at}/{part}"
        where = {"restApiId": api, "resourceId": known[path], "httpMethod": "ANY"}
        responses = integration.pop("responses", {})
        parameters = {
            source: False
            for source in integration.get("requestParameters", {}).values()
            if source.startswith("method.")
        }
        gateway.put_method(authorizationType="NONE", requestParameters=parameters, **where)
        gateway.put_integration(**where, **integration)
        for status, response in responses.items():
            gateway.put_method_response(statusCode=status, **where)
            gateway.put_integration_response(statusCode=status, **where, **response)
    gateway.create_deployment(restApiId=api, stageName="prod", **deployment)
    return api
