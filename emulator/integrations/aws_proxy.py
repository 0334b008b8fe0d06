"""AWS_PROXY: a Lambda function gets the request as an event and writes the response.

Belongs here: that the backend must be a function, called with POST. Never here: the event (``execute_api``), the rules
for the function's reply (``execute_api``), the call itself (``lambda_calls.py``).
AWS page: "Set up Lambda proxy integrations in API Gateway".
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from emulator.errors import GatewayError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.lambda_calls import LambdaCalls, lambda_target, malformed_uri


class AwsProxy:
    """The integration type AWS_PROXY."""

    def __init__(self, calls: LambdaCalls) -> None:
        self._calls = calls

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Invoke the function of ``request.uri`` with ``request.event``."""
        target = lambda_target(request.uri, request.account, request.region)
        if target is None:
            return malformed_uri(request.uri)
        if request.http_method != "POST":
            # Lambda's Invoke is a POST; anything else reaches no function (AWS answers 500).
            return fail(
                GatewayError(
                    "API_CONFIGURATION_ERROR",
                    log="Execution failed due to configuration error: Malformed Lambda proxy response",
                )
            )
        return self._calls.call(request, target, request.event)
