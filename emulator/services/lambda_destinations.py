"""Where the ends of asynchronous invocations go: queues, topics, functions, event buses.

Belongs here: delivering an ``Outgoing``. Never here: deciding that there is something to deliver
(``lambda_runtime/events.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.errors import EmulatorError
from emulator.lambda_runtime.events import Outgoing


class Calls(Protocol):
    """``services.calls.ServiceCalls``, as much of it as is needed here."""

    def call(
        self, service: str, action: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> Deferred[dict[str, Any]]: ...


class ServiceDestinations:
    """``lambda_runtime.events.Destinations`` on the other services."""

    log = Logger()

    def __init__(self, calls: Calls, invoke: Callable[[str, bytes], None]) -> None:
        self._calls = calls
        self._invoke = invoke

    def send(self, outgoing: Outgoing) -> None:
        self._send(outgoing).addErrback(self._failed, outgoing)

    def _send(self, outgoing: Outgoing) -> Deferred[Any]:
        service, region, account, name = _target(outgoing.target)
        text = outgoing.body.decode("utf-8", "replace")
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in outgoing.attributes}
        params: dict[str, Any]
        if service == "sqs":
            url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
            params = {"QueueUrl": url, "MessageBody": text, "MessageAttributes": attributes}
            return self._calls.call("sqs", "SendMessage", params, account=account, region=region)
        if service == "sns":
            params = {"TopicArn": outgoing.target, "Message": text, "MessageAttributes": attributes}
            return self._calls.call("sns", "Publish", params, account=account, region=region)
        if service == "events":
            kind = "Success" if outgoing.condition == "Success" else "Failure"
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {kind}",
                "Detail": text,
                "EventBusName": outgoing.target,
            }
            return self._calls.call("events", "PutEvents", {"Entries": [entry]}, account=account, region=region)
        if service == "lambda":
            self._invoke(outgoing.target, outgoing.body)
            return succeed(None)
        return fail(EmulatorError(f"{outgoing.target} is no destination Lambda knows"))

    def _failed(self, failure: Failure, outgoing: Outgoing) -> None:
        failure.trap(EmulatorError)
        self.log.warn(
            "The end of an invocation of {function} could not be sent to {target}: {problem}",
            function=outgoing.function.name,
            target=outgoing.target,
            problem=failure.value,
        )


def _target(arn: str) -> tuple[str, str, str, str]:
    """Service, region, account, resource of an ARN."""
    parts = (arn.split(":", 5) + [""] * 6)[:6]
    return parts[2], parts[3], parts[4], parts[5]
