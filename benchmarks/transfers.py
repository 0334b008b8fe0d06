"""What large bodies cost: an object of 1 MB from S3 through an AWS integration, and 100 MB through a streaming proxy.

Belongs here: measuring a running daemon. Never here: small requests (``bench.py``, which calls this).
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

MEGABYTE = 1_000_000
STREAMED = 100 * MEGABYTE


def s3_speed(url: str, session: Any, seconds: float) -> dict[str, float]:
    """MB/s of one connection's GETs of 1 MB: through the gateway, and from S3 itself (the ceiling: moto's own get)."""
    store = session.client("s3", endpoint_url=url)
    store.create_bucket(Bucket="bench")
    store.put_object(Bucket="bench", Key="mega", Body=os.urandom(MEGABYTE), ContentType="application/octet-stream")
    gateway = session.client("apigateway", endpoint_url=url)
    api = gateway.create_rest_api(name="s3", binaryMediaTypes=["*/*"])["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(authorizationType="NONE", **where)
    gateway.put_integration(
        **where,
        type="AWS",
        integrationHttpMethod="GET",
        uri="arn:aws:apigateway:us-east-1:s3:path/bench/mega",
        credentials="arn:aws:iam::000000000000:role/bench",
    )
    gateway.put_method_response(statusCode="200", **where)
    gateway.put_integration_response(statusCode="200", **where)
    gateway.create_deployment(restApiId=api, stageName="b")
    signed = store.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": "mega"})
    return {
        "s3_through_gateway_mb_s": _speed(f"{url}/restapis/{api}/b/_user_request_/", seconds),
        "s3_itself_mb_s": _speed(signed, seconds),
    }


def _speed(url: str, seconds: float) -> float:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    size, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200 and len(body) == MEGABYTE, (answer.status, body[:200])
        size += len(body)
    return size / (time.perf_counter() - began) / 1e6


def stream_growth(url: str, session: Any, resident: Callable[[], float]) -> dict[str, float]:
    """How much the daemon grows, in MiB, while a client takes 100 MB from a fast backend; and the rate, in MB/s."""
    backend = _Fountain()
    gateway = session.client("apigateway", endpoint_url=url)
    api = gateway.create_rest_api(name="stream")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(authorizationType="NONE", **where)
    gateway.put_integration(
        **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri=backend.url, responseTransferMode="STREAM"
    )
    gateway.create_deployment(restApiId=api, stageName="b")
    parts = urlsplit(f"{url}/restapis/{api}/b/_user_request_/")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    before = most = resident()
    size, began = 0, time.perf_counter()
    while piece := answer.read(MEGABYTE):
        size += len(piece)
        most = max(most, resident())
    took = time.perf_counter() - began
    backend.close()
    assert size == STREAMED, size
    return {"stream_growth_mib": most - before, "stream_mb_s": size / took / 1e6}


class _Fountain:
    """A backend that sends 100 MB as fast as it is taken."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % STREAMED)
            piece = b"x" * MEGABYTE
            for _ in range(STREAMED // MEGABYTE):
                connection.sendall(piece)

    def close(self) -> None:
        self._listening.close()
