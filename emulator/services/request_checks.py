"""Whether a service would take a request at all: operations it has, members of the right type, required ones there.

moto leaves these checks to the SDKs, which templates and mappings go round. Belongs here: what AWS's front does for
every service by its model, and the words it says so with. Never here: what only the service itself can know.
JSON of another type than the model's is a SerializationException; a member that is missing, too short or none of the
allowed ones a ValidationException that lists all of them. The JSON 1.0 protocol names errors with their namespace, 1.1
without (Smithy's specification of the two).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import orjson
from attrs import frozen

from emulator.services import dynamodb_checks
from emulator.services.model_errors import model_error
from emulator.services.protocols import Description, has_action, parameters
from emulator.services.rest_operations import missing_members
from emulator.wire import Headers, Request, Response

# Required all the same, though botocore's model has them optional (they were not always).
_ALSO_REQUIRED = {("kinesis", "PutRecord"): ("PartitionKey",)}
# Services that call their ValidationException by another name.
_INVALID = {"cognito-idp": "InvalidParameterException", "logs": "InvalidParameterException"}
# What AWS shows in a refusal, though the model has it for sensitive.
_SHOWN = frozenset(("ClientIdType",))
_MISPLACED = "Start of structure or map found where not expected"
_INTEGERS = {"integer": "Integer", "long": "Long", "float": "Float", "double": "Double"}
_POSTED = frozenset((b"uploads", b"uploadId", b"restore", b"select"))
_ATTRIBUTE_NAME = re.compile(r"((?:SendMessageBatchRequestEntry\.\d+\.)?MessageAttribute\.\d+)\.Name")
_QUEUE = re.compile(rb"/\d{12}/[^/]+$")


class _Mistyped(Exception):
    """JSON that is not of the model's type; the text is AWS's."""


@frozen
class Refusal:
    """What is wrong, as the service's front says it."""

    status: int
    code: str
    message: str | None


def refusal(description: Description, action: str | None, request: Request) -> Refusal | None:
    """The reason for which the service would refuse ``request`` unseen; None when it would look at it."""
    if description.name == "s3":
        return _of_s3(request)
    target = request.headers.last("x-amz-target")
    if target is not None and description.speaks_json:
        prefix, _, named = target.rpartition(".")
        here, there = _stem(prefix), _stem(description.target_prefix)
        if here != there:
            return Refusal(400, "UnknownOperationException", None)
        # Another version of the service (WAFv2 beside WAF) has a model of its own.
        return _of_json(description, named, request.body) if description.target_prefix.endswith(prefix) else None
    if description.speaks_query and "rest" not in description.protocols[0]:
        return _of_query(description, action or "", request)
    if description.speaks_json:
        return Refusal(404, "UnknownOperationException", None)
    if description.protocols[0] != "rest-json":
        return None
    absent = missing_members(description, request)
    if absent is None:
        return Refusal(400, "SerializationException", None)
    return _broken([_constraint("null", _lowered(name), "not be null") for name in absent], "ValidationException")


def _stem(prefix: str) -> str:
    """A target's prefix without its version and what stands before it."""
    return prefix.rpartition(".")[2].partition("_")[0]


def answer(description: Description, refused: Refusal, request: Request, request_id: str) -> Response:
    """The refusal in the protocol of the request."""
    if refused.code == "UnknownOperationException" and "x-amz-target" not in request.headers:
        return _written(404, "application/xml", b"<UnknownOperationException/>\n", request_id)
    if "x-amz-target" in request.headers:
        member = "Message" if refused.code == "SerializationException" else "message"
        body = {"__type": _named(description, refused.code)}
        if refused.message is not None:
            body[member] = refused.message
        kind = f"application/x-amz-json-{description.json_version}"
        return _written(refused.status, kind, orjson.dumps(body), request_id)
    if description.protocols[0] == "rest-json":
        error = model_error(description, refused.code)
        body = {"message" if error is None else error.text: refused.message or ""}
        answered = _written(refused.status, "application/json", orjson.dumps(body), request_id)
        answered.headers.set("x-amzn-ErrorType", refused.code)
        return answered
    code, message = escape(refused.code), escape(refused.message or "")
    if description.name == "s3":
        detail = ""
        if refused.status == 405:
            detail = f"<Method>{request.method}</Method><ResourceType>{_resource_type(request)}</ResourceType>"
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{detail}'
            f"<RequestId>{request_id}</RequestId></Error>"
        )
        return _written(refused.status, "application/xml", text.encode(), request_id)
    if "ec2" in description.protocols:
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    else:
        text = (
            f'<ErrorResponse xmlns="{_namespace(description)}"><Error><Type>Sender</Type><Code>{code}</Code>'
            f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return _written(refused.status, "text/xml", text.encode(), request_id)


def _written(status: int, kind: str, body: bytes, request_id: str) -> Response:
    lines = [("x-amzn-RequestId", request_id), ("Content-Type", kind), ("Content-Length", str(len(body)))]
    return Response(status=status, headers=Headers(lines), body=body)


def _named(description: Description, code: str) -> str:
    if description.json_version != "1.0":
        return code
    return f"com.amazon.coral.{'validate' if code == 'ValidationException' else 'service'}#{code}"


def _namespace(description: Description) -> str:
    given = description.model.metadata.get("xmlNamespace")
    return str(given or f"http://queue.amazonaws.com/doc/{description.api_version}/")


# -- S3: its verbs ----------------------------------------------------------------------------------------------------


def _of_s3(request: Request) -> Refusal | None:
    """POST is for what the query names, forms and bulk deletion aside; other verbs there are none."""
    named = {part.partition(b"=")[0] for part in request.raw_query.split(b"&")}
    if request.method == "OPTIONS" and "origin" not in request.headers:
        return Refusal(400, "BadRequest", "Insufficient information. Origin request header needed.")
    if request.method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        return None
    if request.method == "POST" and (_resource_type(request) == "BUCKET" or not named.isdisjoint(_POSTED)):
        return None
    return Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")


def _resource_type(request: Request) -> str:
    path = request.raw_path.strip(b"/")
    if request.host.lower().startswith("s3."):
        return "OBJECT" if b"/" in path else "BUCKET" if path else "SERVICE"
    return "OBJECT" if path else "BUCKET"


# -- JSON --------------------------------------------------------------------------------------------------------------


def _of_json(description: Description, action: str, body: bytes) -> Refusal | None:
    if not has_action(description, action):
        return Refusal(400, "UnknownOperationException", None)
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return Refusal(400, "SerializationException", None)
    if not isinstance(given, dict):
        return Refusal(400, "SerializationException", None)
    shape = description.model.operation_model(action).input_shape
    if shape is None:
        return None
    if description.name == "dynamodb" and "TableName" in shape.required_members and given.get("TableName") is None:
        text = "The parameter 'TableName' is required but was not present in the request"
        return Refusal(400, "ValidationException", text)
    try:
        broken = list(_structure(shape, given, "", _ALSO_REQUIRED.get((description.name, action), ())))
    except _Mistyped as error:
        return Refusal(400, "SerializationException", str(error))
    except RecursionError:
        # Only attribute values of DynamoDB nest without end.
        return Refusal(400, "ValidationException", dynamodb_checks.TOO_DEEP)
    if not broken and description.name == "dynamodb":
        wrong = dynamodb_checks.refusal(action, given)
        return None if wrong is None else Refusal(400, "ValidationException", wrong)
    return _broken(broken, _INVALID.get(description.name, "ValidationException"))


def _broken(broken: Sequence[str], code: str) -> Refusal | None:
    if not broken:
        return None
    many = "s" if len(broken) > 1 else ""
    return Refusal(400, code, f"{len(broken)} validation error{many} detected: {'; '.join(broken)}")


def _constraint(value: str, path: str, rule: str) -> str:
    """The complaint; of a secret, whose ``value`` is empty, without it."""
    return f"Value {value}{' ' if value else ''}at '{path}' failed to satisfy constraint: Member must {rule}"


def _structure(shape: Any, given: dict[str, Any], path: str, also: Sequence[str] = ()) -> Iterator[str]:
    members = shape.members
    for name in (*shape.required_members, *also):
        if given.get(name) is None:
            yield _constraint("null", path + _lowered(name), "not be null")
    for name, value in given.items():
        member = members.get(name)
        if member is not None and value is not None:
            yield from _value(member, value, path + _lowered(name), "Unexpected field type")


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _value(shape: Any, value: Any, path: str, unexpected: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "string":
        return _string(shape, value, path)
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return iter(())
        if not isinstance(value, dict):
            raise _Mistyped(unexpected)
        return _structure(shape, value, f"{path}.")
    if kind == "list":
        return _list(shape, value, path)
    if kind == "map":
        return _map(shape, value, path)
    return _scalar(shape, kind, value, path)


def _list(shape: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        raise _Mistyped(_MISPLACED)
    if not isinstance(value, list):
        raise _Mistyped("Unexpected field type")
    if not value and shape.metadata.get("min", 0) > 0:
        yield _constraint("'[]'", path, f"have length greater than or equal to {shape.metadata['min']}")
    for number, each in enumerate(value, 1):
        if each is not None:
            yield from _value(shape.member, each, f"{path}.{number}.member", "Unexpected value type in payload")


def _map(shape: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        raise _Mistyped("Unrecognized collection type java.util.Map")
    if not isinstance(value, dict):
        raise _Mistyped("Unexpected field type")
    if not value and shape.metadata.get("min", 0) > 0:
        yield _constraint("'{}'", path, f"have length greater than or equal to {shape.metadata['min']}")
    for key, each in value.items():
        if each is not None:
            yield from _value(shape.value, each, f"{path}.{key}.member", "Unexpected value type in payload")


def _string(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        raise _Mistyped(_not_convertible(value, "String"))
    metadata = shape.metadata
    choices = metadata.get("enum")
    shown = "" if metadata.get("sensitive") and shape.name not in _SHOWN else f"'{value}'"
    if choices is not None and value not in choices:
        yield _constraint(shown, path, f"satisfy enum value set: [{', '.join(choices)}]")
    size = len(value)
    if size < metadata.get("min", 0):
        yield _constraint(shown, path, f"have length greater than or equal to {metadata['min']}")
    elif size > metadata.get("max", size):
        yield _constraint(shown, path, f"have length less than or equal to {metadata['max']}")


def _not_convertible(value: Any, wanted: str) -> str:
    if isinstance(value, dict):
        return _MISPLACED
    if isinstance(value, list):
        return f"Unrecognized collection type class java.lang.{wanted}"
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE cannot be converted to {wanted}"
    if isinstance(value, str):
        return f"STRING_VALUE cannot be converted to {wanted}"
    return f"{'DECIMAL' if isinstance(value, float) else 'NUMBER'}_VALUE cannot be converted to {wanted}"


def _scalar(shape: Any, kind: str, value: Any, path: str) -> Iterator[str]:
    if kind == "boolean":
        if isinstance(value, str):
            raise _Mistyped("Unexpected token received from parser")
        if not isinstance(value, bool):
            raise _Mistyped(_not_convertible(value, "Boolean"))
    elif kind == "blob":
        _check_blob(value)
    elif kind in _INTEGERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _Mistyped(_not_convertible(value, _INTEGERS[kind]))
        metadata = shape.metadata
        if value < metadata.get("min", value):
            yield _constraint(f"'{value}'", path, f"have value greater than or equal to {metadata['min']}")
        elif value > metadata.get("max", value):
            yield _constraint(f"'{value}'", path, f"have value less than or equal to {metadata['max']}")


def _check_blob(value: Any) -> None:
    if isinstance(value, dict):
        raise _Mistyped(_MISPLACED)
    if isinstance(value, list):
        raise _Mistyped("Unrecognized collection type class java.nio.ByteBuffer")
    if not isinstance(value, str):
        raise _Mistyped("only base-64-encoded strings are convertible to bytes")
    if len(value) % 4:
        raise _Mistyped(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}")
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise _Mistyped("Invalid Base64 character detected") from error


# -- Query -------------------------------------------------------------------------------------------------------------


def _of_query(description: Description, action: str, request: Request) -> Refusal | None:
    pairs = parse_qsl(request.raw_query.decode("latin-1"), keep_blank_values=True)
    pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if not action:
        # SES has a REST protocol beside, on paths of its own.
        rest = description.name != "sqs" and request.raw_path != b"/"
        return None if rest else Refusal(404, "UnknownOperationException", None)
    if not has_action(description, action):
        return Refusal(400, "InvalidAction", _no_action(description, action, pairs))
    shape = description.model.operation_model(action).input_shape
    if shape is None:
        return None
    if description.name == "sqs" or "ec2" in description.protocols:
        return _missing_parameter(description, shape, pairs, bool(_QUEUE.search(request.raw_path)))
    given = parameters(description, action, pairs)
    if description.name == "sns" and (wrong := _topic(action, given)):
        return Refusal(400, "InvalidParameter", f"Invalid parameter: {wrong}")
    absent = [name for name in shape.required_members if name not in given and shape.members[name].type_name != "list"]
    return _broken([_constraint("null", _lowered(name), "not be null") for name in absent], "ValidationError")


def _topic(action: str, given: dict[str, Any]) -> str:
    """What is wrong with a topic's ARN, which SNS looks at before anything else."""
    if action == "Publish" and given.keys().isdisjoint(("TopicArn", "TargetArn", "PhoneNumber")):
        return "TopicArn or TargetArn Reason: no value for required parameter"
    elements = str(given.get("TopicArn", "arn:aws:sns:::")).count(":") + 1
    return f"TopicArn Reason: An ARN must have at least 6 elements, not {elements}" if elements < 6 else ""


def _no_action(description: Description, action: str, pairs: Sequence[tuple[str, str]]) -> str:
    if description.name == "sqs":
        return f"The action {action} is not valid for this endpoint."
    if "ec2" in description.protocols:
        return f"The action {action} is not valid for this web service."
    version = next((value for name, value in pairs if name == "Version"), "NO_VERSION_SPECIFIED")
    return f"Could not find operation {action} for version {version}"


def _missing_parameter(
    description: Description, shape: Any, pairs: Sequence[tuple[str, str]], queue_in_path: bool
) -> Refusal | None:
    """SQS and EC2 name the first parameter that is missing. Lists have other names in their query protocols."""
    given = {name for name, value in pairs if value or name != "MessageBody"}
    for name in shape.required_members:
        plain = shape.members[name].type_name not in ("list", "map", "structure")
        if plain and name not in given and not (name == "QueueUrl" and queue_in_path):
            stop = "." if description.name == "sqs" else ""
            return Refusal(400, "MissingParameter", f"The request must contain the parameter {name}{stop}")
    for name, value in pairs:
        found = _ATTRIBUTE_NAME.fullmatch(name)
        if found is not None and f"{found[1]}.Value.DataType" not in given:
            text = f"The message attribute '{value}' must contain non-empty message attribute type."
            return Refusal(400, "InvalidParameterValue", text)
    return None
