"""What the functions of CloudFormation's custom resources answer: they put it to an address of ours.

Belongs here: handing out the addresses, calling the function (or publishing to the topic), waiting, and taking in what
comes. Never here: what the answer means (``cloudformation/custom_resources.py``).

On AWS the address is a presigned one of S3; here it is ``/_emulator/cloudformation/{token}``, over plain HTTP. The
client of Node functions sends what goes there over TLS to it (``bootstrap.mjs``), since AWS's own helpers know no
other way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from emulator import wire
from emulator.effects import Effects
from emulator.errors import ServiceError

PATH = b"/_emulator/cloudformation/"
_LONGEST = 4096  # bytes of an answer, AWS's limit
_SECONDS = 3600.0
_NONE = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{id}]. "
    "If you are using the Python cfn-response module, you may need to update your Lambda function code so that "
    "CloudFormation can attach the updated version."
)


class Functions(Protocol):
    """Runs functions by ARN."""

    def invoke(self, arn: str, payload: bytes) -> Deferred[Any]: ...


class Calls(Protocol):
    """The other AWS services."""

    def call(
        self, service: str, action: str, params: dict[str, Any], *, account: str, region: str
    ) -> Deferred[dict[str, Any]]: ...


class CustomAnswers:
    """The answers that are waited for, by their tokens. ``endpoint_url`` is where functions find us."""

    def __init__(
        self, effects: Effects, functions: Functions, calls: Calls, endpoint_url: Callable[[], str]
    ) -> None:
        self._effects = effects
        self._functions = functions
        self._calls = calls
        self._endpoint_url = endpoint_url
        self._awaited: dict[str, Deferred[dict[str, Any]]] = {}

    def ask(self, account: str, region: str, event: dict[str, Any]) -> Deferred[dict[str, Any]]:
        """Send the event to its ServiceToken; fires with the answer. Fails with ServiceError when there is none."""
        token, request_id = self._effects.hex(40), self._effects.uuid()
        awaited: Deferred[dict[str, Any]] = Deferred()
        self._awaited[token] = awaited
        given = event["ResourceProperties"].get("ServiceTimeout")
        seconds = float(given) if str(given).isdigit() else _SECONDS
        late = self._effects.clock.callLater(seconds, self._give_up, token, request_id)

        def settled(result: Any) -> Any:
            if late.active():
                late.cancel()
            self._awaited.pop(token, None)
            return result

        awaited.addBoth(settled)
        url = f"{self._endpoint_url()}{PATH.decode()}{token}"
        whole = {**event, "RequestId": request_id, "ResponseURL": url}
        self._send(account, region, whole).addCallbacks(
            self._ran, self._not_sent, callbackArgs=(token, request_id), errbackArgs=(token,)
        )
        return awaited

    def _send(self, account: str, region: str, event: dict[str, Any]) -> Deferred[Any]:
        target = str(event["ServiceToken"])
        if ":sns:" in target:
            message = {"TopicArn": target, "Message": json.dumps(event), "Subject": "AWS CloudFormation"}
            return self._calls.call("sns", "Publish", message, account=account, region=region)
        return self._functions.invoke(target, json.dumps(event).encode())

    def _ran(self, result: Any, token: str, request_id: str) -> None:
        """The function came to its end; one that failed will put nothing any more."""
        if getattr(result, "function_error", None):
            self._give_up(token, request_id)

    def _not_sent(self, failure: Failure, token: str) -> None:
        awaited = self._awaited.get(token)
        if awaited is not None:
            awaited.errback(ServiceError("ValidationError", failure.getErrorMessage(), 400))

    def _give_up(self, token: str, request_id: str) -> None:
        awaited = self._awaited.get(token)
        if awaited is not None:
            awaited.errback(ServiceError("ValidationError", _NONE.format(id=request_id), 400))

    def take(self, request: wire.Request) -> wire.Response:
        """A function's answer. Each address takes one, and no others are known."""
        awaited = self._awaited.get(request.raw_path[len(PATH) :].decode("latin-1"))
        if request.method != "PUT" or awaited is None:
            return wire.Response(status=404)
        if len(request.body) > _LONGEST:
            awaited.callback({"Status": "FAILED", "Reason": "Response object is too long."})
            return wire.Response(status=200)
        try:
            answer = json.loads(request.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            answer = {"Status": "FAILED", "Reason": "Invalid response from custom resource: not a JSON object"}
        awaited.callback(answer)
        return wire.Response(status=200)
