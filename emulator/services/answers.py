"""What moto answers, made what the service itself answers: for those who read the bytes, as templates do.

The SDKs do not mind a null for an absent member or ``application/json`` for the protocol's own type; a mapping template
and a client of API Gateway do. Belongs here: what is the same for every operation of a protocol or service. Never here:
what one operation has wrong (``patches.py``), or the query protocol's JSON (``query_json.py``).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from emulator.services import dynamodb_checks
from emulator.services.model_errors import model_error
from emulator.services.protocols import Description, has_action
from emulator.wire import Headers, Request, Response

# Beyond this size bodies are left as they are: taking them apart would hold the reactor.
_READABLE = 1 << 20
# Services whose bodies are their users' own, to be given back as they came.
_OF_OTHERS = frozenset((
    "lambda", "iot-data", "sagemaker-runtime", "bedrock-runtime", "apigatewaymanagementapi", "mediastore-data",
    "s3-control", "apigateway", "lex-runtime",
))  # fmt: skip
# The namespaces of errors in the JSON 1.0 protocol, where the service's own is not the model's.
_NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "stepfunctions": "com.amazonaws.swf.service.v2.model",
    "sqs": "com.amazonaws.sqs",
}
# Members that DynamoDB answers with only when it was asked to, and the parameter that asks.
_ON_DEMAND = {
    "ConsumedCapacity": re.compile(rb'"ReturnConsumedCapacity"\s*:\s*"(?:TOTAL|INDEXES)"'),
    "ItemCollectionMetrics": re.compile(rb'"ReturnItemCollectionMetrics"\s*:\s*"SIZE"'),
}
# Headers of S3's requests that moto keeps with the object and gives back, and the request id it has of other services.
_NOT_OF_S3 = frozenset(("x-amz-sdk-checksum-algorithm", "x-amz-content-sha256", "x-amzn-requestid"))
# What boto3 puts before a service's own sentence; some of moto's have it in them.
_FROM_BOTO = re.compile(rb"An error occurred \(\w+\) when calling the \w+ operation: ")
# The APIs that the emulator answers itself; what moto answers of them has a __type.
_OURS = frozenset(("lambda", "apigateway"))
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_REQUEST_ID = re.compile(rb"<RequestId>[^<]*</RequestId>")


def tidied(description: Description, request: Request, response: Response, request_id: str) -> Response:
    """The answer as the service writes it. ``request_id`` is a UUID to name the request by, where S3 needs one."""
    if description.name == "s3":
        return _s3(response, request_id)
    if response.status >= 400 and b"An error occurred (" in response.body:
        response = Response(
            status=response.status, headers=response.headers, body=_FROM_BOTO.sub(b"", response.body, count=1)
        )
    if response.status == 501 or len(response.body) > _READABLE:
        return response
    if "x-amz-target" in request.headers:
        return _json(description, request, response)
    if response.status >= 400:
        return _failed(description, response)
    if description.name == "iot-data" and request.raw_path.startswith(b"/topics/") and request.method == "POST":
        return _with_json(response, {"message": "OK", "traceId": request_id})
    if "rest-json" in description.protocols and description.name not in _OF_OTHERS:
        return _rest_json(response)
    return response


def _failed(description: Description, response: Response) -> Response:
    """An error with the status of the service's model; in the REST protocol its type stands in a header."""
    if "rest-json" not in description.protocols:
        found = _CODE.search(response.body)
        error = None if found is None else model_error(description, found[1].decode("latin-1"))
        if error is None or error.status is None:
            return response
        return Response(status=error.status, headers=response.headers, body=response.body)
    if description.name in _OURS and b'"__type"' not in response.body:
        return response
    response = _rest_json(response)
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response
    if not isinstance(body, dict):
        return response
    headers = response.headers
    code = str(body.pop("__type", None) or headers.last("x-amzn-errortype") or "").rpartition("#")[2].partition(":")[0]
    if not code:
        return response
    error = model_error(description, code)
    messages = [body.pop(name) for name in ("message", "Message") if name in body]
    if description.name == "lambda":
        body = {"Type": "User", **body}
    if messages:
        body["message" if error is None else error.text] = messages[0]
    answered = _with_json(response, body)
    answered.headers.set("x-amzn-ErrorType", code)
    status = response.status if error is None or error.status is None else error.status
    return Response(status=status, headers=answered.headers, body=answered.body)


def _with_json(response: Response, body: Any) -> Response:
    headers = response.headers.copy()
    headers.remove("content-length")
    headers.set("Content-Type", "application/json")
    return Response(status=response.status, headers=headers, body=orjson.dumps(body))


def _rest_json(response: Response) -> Response:
    """A REST protocol's answer, without spaces and nulls."""
    kind = response.headers.last("content-type")
    if kind is not None and not kind.startswith("application/json"):
        return response
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response
    return _with_json(response, _without_nulls(body) if b"null" in response.body else body)


def _json(description: Description, request: Request, response: Response) -> Response:
    """A JSON protocol's answer: its own media type, without spaces and nulls."""
    try:
        body = orjson.loads(response.body or b"{}")
    except orjson.JSONDecodeError:
        return response
    if not isinstance(body, dict):
        return response
    if b"null" in response.body:
        body = _without_nulls(body)
    if "__type" in body and response.status < 500:
        body = _error(description, dynamodb_checks.reworded(body) if description.name == "dynamodb" else body)
    elif description.name == "dynamodb":
        for member, asked_for in _ON_DEMAND.items():
            if member in body and not asked_for.search(request.body):
                del body[member]
    written = b"" if response.status < 300 and _answers_nothing(description, request) else orjson.dumps(body)
    lines = [
        line for line in response.headers if line[0].lower() not in ("content-type", "content-length", "x-amz-crc32")
    ]
    lines.append(("Content-Type", f"application/x-amz-json-{description.json_version}"))
    lines.append(("Content-Length", str(len(written))))
    if description.name == "dynamodb":
        lines.append(("x-amz-crc32", str(zlib.crc32(written))))
    return Response(status=response.status, headers=Headers(lines), body=written)


def _answers_nothing(description: Description, request: Request) -> bool:
    """Whether the operation has no output at all: not even an empty object is sent then (Kinesis's CreateStream)."""
    action = (request.headers.last("x-amz-target") or "").rpartition(".")[2]
    return has_action(description, action) and description.model.operation_model(action).output_shape is None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _error(description: Description, body: Mapping[str, Any]) -> dict[str, Any]:
    """One text, and the type with its namespace where the protocol has it."""
    made = dict(body)
    if "message" in made:
        made.pop("Message", None)
    if description.json_version == "1.0" and description.name in _NAMESPACES:
        code = str(made["__type"]).rpartition("#")[2]
        namespace = "com.amazon.coral.validate" if code == "ValidationException" else _NAMESPACES[description.name]
        made["__type"] = f"{namespace}#{code}"
    return made


def _s3(response: Response, request_id: str) -> Response:
    """With S3's own headers, and one request id in them and in an error."""
    digits = request_id.replace("-", "").upper()
    lines = [("x-amz-id-2", digits.lower() * 2), ("x-amz-request-id", digits[:16])]
    lines += [line for line in response.headers if line[0].lower() not in _NOT_OF_S3]
    lines.append(("Server", "AmazonS3"))
    body = response.body
    if response.status >= 400:
        body = _REQUEST_ID.sub(b"<RequestId>%b</RequestId>" % digits[:16].encode(), body)
        lines = [line for line in lines if line[0].lower() != "content-length" or not body]
    elif response.status == 304:
        lines = [line for line in lines if line[0].lower() not in ("content-type", "content-length")]
        body = b""
    return Response(status=response.status, headers=Headers(lines), body=body)
