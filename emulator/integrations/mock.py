"""MOCK: answers without a backend, with the status the request template names.

Belongs here: reading that status. Never here: the template (rendered before) or the response's mapping (after).
AWS page: "Mock integrations for REST APIs in API Gateway".
"""

from __future__ import annotations

import orjson
from twisted.internet.defer import Deferred, fail, succeed

from emulator.errors import GatewayError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.mapping import json_smart
from emulator.mapping.errors import JsonError

# The common templates, so that no request parses them again.
_ANSWERS = {status: IntegrationAnswer(status=status) for status in range(100, 600)}


def mock_status(body: bytes) -> int | None:
    """The integer ``statusCode`` of the rendered template, or None when it names none."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        # AWS reads more than JSON here: CDK's CORS templates say {statusCode: 200}.
        try:
            parsed = json_smart.loads(body.decode("utf-8", "replace"))
        except JsonError:
            return None
    status = parsed.get("statusCode") if isinstance(parsed, dict) else None
    return status if isinstance(status, int) and not isinstance(status, bool) else None


class Mock:
    """The integration type MOCK."""

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Answer with an empty body and the template's status, any integer; without one, API_CONFIGURATION_ERROR."""
        status = mock_status(request.body)
        if status is None:
            return fail(
                GatewayError(
                    "API_CONFIGURATION_ERROR",
                    log="Execution failed due to configuration error: Unable to parse statusCode. "
                    "It should be an integer that is defined in the request template.",
                )
            )
        return succeed(_ANSWERS.get(status) or IntegrationAnswer(status=status))
