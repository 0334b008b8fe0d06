"""Runs in the worker: what awslambdaric's C extension offers, in plain Python over one socket.

For interpreters the extension was not built for. Offers ``initialize_client``, ``next``, ``post_invocation_result``
and ``post_error``, as awslambdaric.lambda_runtime_client calls them. Runs on every Python from 3.8 on.
"""

import os
import socket

_connection = None
_reader = None
_user_agent = "aws-lambda-python"


def initialize_client(user_agent):
    global _user_agent
    _user_agent = user_agent


def _connect():
    global _connection, _reader
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    _connection = socket.create_connection((host, int(port)))
    _connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _reader = _connection.makefile("rb")


def _call(method, path, headers, body):
    if _connection is None:
        _connect()
    head = f"{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nHost: lambda\r\nUser-Agent: {_user_agent}\r\n"
    for name, value in headers.items():
        head += "{}: {}\r\n".format(name, value.replace("\n", " "))
    if body is not None:
        head += f"Content-Length: {len(body)}\r\n"
    _connection.sendall(head.encode("utf-8") + b"\r\n" + (body or b""))
    return _answer()


def _answer():
    line = _reader.readline()
    if not line:
        raise RuntimeError("The Lambda Runtime API closed the connection")
    status = int(line.split(None, 2)[1])
    headers = {}
    while True:
        line = _reader.readline().rstrip(b"\r\n")
        if not line:
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip()] = value.strip()
    return status, headers, _reader.read(int(headers.get("Content-Length", "0")))


def next():
    status, headers, body = _call("GET", "next", {}, None)
    if status != 200:
        raise RuntimeError(f"Failed to get next invocation. Http response code: {status}.")
    return body, headers


def post_invocation_result(invoke_id, result_data, content_type="application/json", invocation_id=None):
    status, _, _ = _call("POST", invoke_id + "/response", {"Content-Type": content_type}, result_data)
    if status != 202:
        raise RuntimeError(f"Failed to post handler success response. Http response code: {status}.")


def post_error(invoke_id, error_response_data, xray_fault, invocation_id=None):
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Xray-Error-Cause": xray_fault}
    if isinstance(error_response_data, str):
        error_response_data = error_response_data.encode("utf-8")
    status, _, _ = _call("POST", invoke_id + "/error", headers, error_response_data)
    if status != 202:
        raise RuntimeError(f"Failed to post handler error response. Http response code: {status}.")
