"""The trail: each call of the control plane as CloudTrail records a management event, and LookupEvents over them.

Belongs here: the events, their form, looking them up. Never here: data-plane traffic (CloudTrail records none of it),
trails and their buckets (moto has those).
AWS pages: "Logging calls to Amazon API Gateway APIs with AWS CloudTrail", "CloudTrail record contents", LookupEvents.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from emulator.effects import Effects
from emulator.wire import Headers, Request, Response

_KEPT = 10_000  # events per account and region
_DAYS_KEPT = 90
_PAGE = 50
_ATTRIBUTES = (
    "EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId",
)
_SOURCE = "apigateway.amazonaws.com"
_SECRET = "HIDDEN_DUE_TO_SECURITY_REASONS"

# What an operation is about: (member of input or output, the resource's type as CloudFormation names it).
_RESOURCES = (
    ("restApiId", "AWS::ApiGateway::RestApi"),
    ("stageName", "AWS::ApiGateway::Stage"),
    ("deploymentId", "AWS::ApiGateway::Deployment"),
    ("resourceId", "AWS::ApiGateway::Resource"),
    ("authorizerId", "AWS::ApiGateway::Authorizer"),
    ("requestValidatorId", "AWS::ApiGateway::RequestValidator"),
    ("modelName", "AWS::ApiGateway::Model"),
    ("apiKey", "AWS::ApiGateway::ApiKey"),
    ("usagePlanId", "AWS::ApiGateway::UsagePlan"),
    ("domainName", "AWS::ApiGateway::DomainName"),
    ("vpcLinkId", "AWS::ApiGateway::VpcLink"),
    ("clientCertificateId", "AWS::ApiGateway::ClientCertificate"),
)
_MADE = {
    "CreateRestApi": "AWS::ApiGateway::RestApi",
    "ImportRestApi": "AWS::ApiGateway::RestApi",
    "CreateApiKey": "AWS::ApiGateway::ApiKey",
    "CreateUsagePlan": "AWS::ApiGateway::UsagePlan",
    "CreateDeployment": "AWS::ApiGateway::Deployment",
    "CreateResource": "AWS::ApiGateway::Resource",
    "CreateVpcLink": "AWS::ApiGateway::VpcLink",
    "CreateAuthorizer": "AWS::ApiGateway::Authorizer",
}


# A finished call, ``control.call.CallEvent``: of a higher rank, hence not imported.
CallEvent = Any


@frozen(kw_only=True)
class Recorded:
    """One event: what LookupEvents filters by, and the event itself."""

    event_id: str
    name: str
    epoch: float
    read_only: bool
    user_name: str
    access_key: str
    resources: tuple[tuple[str, str], ...]  # (type, name)
    record: Mapping[str, Any]

    def matches(self, key: str, value: str) -> bool:
        """Whether the lookup attribute ``key`` has ``value``."""
        if key == "ResourceType":
            return any(kind == value for kind, _ in self.resources)
        if key == "ResourceName":
            return any(name == value for _, name in self.resources)
        mine = {
            "EventId": self.event_id,
            "EventName": self.name,
            "ReadOnly": "true" if self.read_only else "false",
            "Username": self.user_name,
            "EventSource": _SOURCE,
            "AccessKeyId": self.access_key,
        }
        return mine[key] == value

    def shown(self) -> dict[str, Any]:
        """The event as LookupEvents lists it."""
        answer: dict[str, Any] = {
            "EventId": self.event_id,
            "EventName": self.name,
            "ReadOnly": "true" if self.read_only else "false",
            "EventTime": int(self.epoch),
            "EventSource": _SOURCE,
            "Username": self.user_name,
            "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in self.resources],
            "CloudTrailEvent": json.dumps(self.record, separators=(",", ":")),
        }
        if self.access_key:
            answer["AccessKeyId"] = self.access_key
        return answer


class LookupRefused(Exception):
    """A LookupEvents request that AWS refuses; ``code`` is the error's name on the wire."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Trail:
    """Records calls, and finds them. ``body_members(operation)``: which members of its input come in the body."""

    def __init__(self, effects: Effects, body_members: Callable[[str], Collection[str]]) -> None:
        self._effects = effects
        self._body_members = body_members
        self._events: dict[tuple[str, str], deque[Recorded]] = {}

    def record(self, event: CallEvent) -> None:
        """Keep one call."""
        event_id = self._effects.uuid()
        principal = event.principal
        record = {
            "eventVersion": "1.10",
            "userIdentity": _identity(event),
            "eventTime": _text_of(event.epoch),
            "eventSource": _SOURCE,
            "eventName": event.operation,
            "awsRegion": event.region,
            "sourceIPAddress": event.source_ip,
            "userAgent": event.user_agent,
            **_failure(event.error),
            "requestParameters": self._parameters(event),
            "responseElements": None if event.read_only or event.answer is None else _plain(event.answer),
            "requestID": event.request_id,
            "eventID": event_id,
            "readOnly": event.read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": event.account,
            "eventCategory": "Management",
        }
        kept = self._events.setdefault((event.account, event.region), deque(maxlen=_KEPT))
        kept.append(
            Recorded(
                event_id=event_id,
                name=event.operation,
                epoch=event.epoch,
                read_only=event.read_only,
                user_name=getattr(principal, "user_name", "") or "root",
                access_key=getattr(principal, "access_key", "") or "",
                resources=_resources(event),
                record=record,
            )
        )

    def reset(self) -> None:
        """Forget everything."""
        self._events.clear()

    def _parameters(self, event: CallEvent) -> Any:
        """Input as API Gateway logs it: names in the path on top, the body's members under ``…Input``."""
        body_names = set(self._body_members(event.operation))
        top = {name: value for name, value in event.request.items() if name not in body_names}
        body = {name: value for name, value in event.request.items() if name in body_names}
        shown: dict[str, Any] = _plain(top)
        if body:
            shown[event.operation[0].lower() + event.operation[1:] + "Input"] = _plain(body)
        shown["template"] = False
        return shown

    # LookupEvents

    def serves(self, request: Request) -> bool:
        """Whether a request for CloudTrail is ours: moto has no LookupEvents."""
        return (request.headers.first("x-amz-target") or "").rpartition(".")[2] == "LookupEvents"

    def handle(self, request: Request, *, account: str, region: str) -> Response:
        """Answer LookupEvents."""
        request_id = self._effects.uuid()
        try:
            answer, status = self.lookup(_input(request.body), account, region), 200
        except LookupRefused as refused:
            answer, status = {"__type": refused.code, "message": str(refused)}, 400
        lines = [("x-amzn-RequestId", request_id), ("Content-Type", "application/x-amz-json-1.1")]
        return Response(status=status, headers=Headers(lines), body=json.dumps(answer).encode())

    def lookup(self, asked: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
        """The operation's output. Raises LookupRefused. Newest first, at most 50 a page, the last 90 days."""
        limit = asked.get("MaxResults", _PAGE)
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= _PAGE:
            raise LookupRefused("InvalidMaxResultsException", f"MaxResults must be between 1 and {_PAGE}.")
        start = asked.get("StartTime", self._effects.wall() - _DAYS_KEPT * 86400)
        end = asked.get("EndTime", float("inf"))
        if not all(isinstance(each, (int, float)) for each in (start, end)) or start > end:
            raise LookupRefused("InvalidTimeRangeException", "The start time must be before the end time.")
        wanted = _attribute(asked.get("LookupAttributes") or [])
        found = [
            event
            for event in reversed(self._events.get((account, region), ()))
            if start <= event.epoch <= end and (wanted is None or event.matches(*wanted))
        ]
        at = 0
        token = asked.get("NextToken")
        if token is not None:
            # The token names the last event shown, so that pages hold while new events come in.
            at = next((index + 1 for index, event in enumerate(found) if event.event_id == token), -1)
            if at < 0:
                raise LookupRefused("InvalidNextTokenException", "The token is invalid.")
        page = found[at : at + limit]
        answer: dict[str, Any] = {"Events": [event.shown() for event in page]}
        if at + limit < len(found):
            answer["NextToken"] = page[-1].event_id
        return answer


def _input(body: bytes) -> Mapping[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        raise LookupRefused("SerializationException", "The request is no JSON.") from None
    if not isinstance(asked, dict):
        raise LookupRefused("SerializationException", "The request is no JSON object.")
    return asked


def _attribute(attributes: Any) -> tuple[str, str] | None:
    if not attributes:
        return None
    if not isinstance(attributes, list) or len(attributes) > 1:
        raise LookupRefused("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if key not in _ATTRIBUTES or not isinstance(value, str):
        raise LookupRefused("InvalidLookupAttributesException", f"The lookup attribute {key} is not valid.")
    return key, value


def _identity(event: CallEvent) -> dict[str, Any]:
    principal = event.principal
    account = event.account
    user = getattr(principal, "user_name", "") or ""
    kind = (getattr(principal, "type", "") or "IAMUser") if user or getattr(principal, "arn", "") else "Root"
    identity: dict[str, Any] = {
        "type": kind,
        "principalId": account,
        "arn": getattr(principal, "arn", "") or f"arn:aws:iam::{account}:{f'user/{user}' if user else 'root'}",
        "accountId": account,
    }
    if getattr(principal, "access_key", ""):
        identity["accessKeyId"] = principal.access_key
    if user:
        identity["userName"] = user
    return identity


def _failure(error: Any) -> dict[str, str]:
    if error is None:
        return {}
    return {"errorCode": error.code, "errorMessage": error.message}


def _resources(event: CallEvent) -> tuple[tuple[str, str], ...]:
    found = [(kind, str(event.request[name])) for name, kind in _RESOURCES if event.request.get(name)]
    made = _MADE.get(event.operation)
    if made is not None and event.answer is not None and event.answer.get("id"):
        found.append((made, str(event.answer["id"])))
    return tuple(found)


def _plain(value: Any) -> Any:
    """Values as JSON has them; documents are not logged, key values are hidden (a patch's value is none)."""
    if isinstance(value, Mapping):
        return {
            str(name): _SECRET if name == "value" and isinstance(each, str) and "op" not in value else _plain(each)
            for name, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    return value


def _text_of(epoch: float) -> str:
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
