"""Runs in the worker: what awslambdaric's C extension offers, in plain Python over one socket.

Offers ``initialize_client``, ``next``, ``post_invocation_result`` and ``post_error``, as
awslambdaric.lambda_runtime_client calls them. Runs on every Python from 3.8 on, and costs less than libcurl does: an
small answer waits until the runtime asks for its next call, which it does at once, and both go out together.
"""

import os
import socket

_PATH = "/2018-06-01/runtime/invocation/"

_SMALL = 1024 * 1024

_connection = None
_received = b""  # what came behind the last answer read
_answering = b""  # an answer that goes out with the next question
_answering_what = ""
_next = b""
_agent = ""


def initialize_client(user_agent):
    global _agent, _next
    _agent = "Host: {}\r\nUser-Agent: {}\r\n".format(os.environ.get("AWS_LAMBDA_RUNTIME_API", ""), user_agent)
    _next = f"GET {_PATH}next HTTP/1.1\r\n{_agent}\r\n".encode("latin-1", "replace")


def _connect():
    global _connection
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    _connection = socket.create_connection((host, int(port)))
    _connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _receive():
    data = _connection.recv(262144)
    if not data:
        raise RuntimeError("The Lambda Runtime API closed the connection")
    return data


def _answer():
    """One answer off the connection: status, headers as they are spelled, body."""
    global _received
    data = _received
    end = data.find(b"\r\n\r\n")
    while end < 0:
        data += _receive()
        end = data.find(b"\r\n\r\n")
    lines = data[:end].decode("utf-8", "replace").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    start = end + 4
    stop = start + int(headers.get("Content-Length", "0"))
    if len(data) < stop:
        parts = [data]
        size = len(data)
        while size < stop:
            parts.append(_receive())
            size += len(parts[-1])
        data = b"".join(parts)
    _received = data[stop:]
    return int(lines[0].split(" ", 2)[1]), headers, data[start:stop]


def _check(answer, what):
    if not 200 <= answer[0] < 300:
        raise RuntimeError(f"Failed to {what}. Http response code: {answer[0]}.")


def next():
    global _answering
    if _connection is None:
        _connect()
    answering, _answering = _answering, b""
    _connection.sendall(answering + _next)
    if answering:
        _check(_answer(), _answering_what)
    answer = _answer()
    _check(answer, "get next invocation")
    headers = answer[1]
    # As the extension has it: a number.
    headers["Lambda-Runtime-Deadline-Ms"] = int(headers.get("Lambda-Runtime-Deadline-Ms") or "0")
    return answer[2], headers


def _post(path, headers, body, what):
    global _answering, _answering_what
    head = f"POST {_PATH}{path} HTTP/1.1\r\n{_agent}Content-Length: {len(body)}\r\n"
    for name, value in headers:
        head += "{}: {}\r\n".format(name, value.replace("\r", " ").replace("\n", " "))
    message = head.encode("utf-8") + b"\r\n" + body
    if len(body) > _SMALL:
        # This one may be refused for its size, and then the runtime must not have asked for more.
        _connection.sendall(message)
        _check(_answer(), what)
    else:
        _answering = message
        _answering_what = what


def post_invocation_result(invoke_id, result_data, content_type="application/json", invocation_id=None):
    _post(invoke_id + "/response", (("Content-Type", content_type),), result_data, "post handler success response")


def post_error(invoke_id, error_response_data, xray_fault, invocation_id=None):
    if isinstance(error_response_data, str):
        error_response_data = error_response_data.encode("utf-8")
    headers = (("Content-Type", "application/json"), ("Lambda-Runtime-Function-Xray-Error-Cause", xray_fault))
    _post(invoke_id + "/error", headers, error_response_data, "post handler error response")
