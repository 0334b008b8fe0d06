"""HTTP_PROXY: the backend's answer as it is, whole or as it comes.

Belongs here: that a proxy may stream. Never here: the call itself (``http.py``).
AWS page: "Set up an HTTP proxy integration", "Stream the integration response".
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.http import HttpCalls


class HttpProxy:
    """The integration type HTTP_PROXY."""

    def __init__(self, calls: HttpCalls) -> None:
        self._calls = calls

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call the backend; with ``request.stream`` the answer comes once its head is there, its body as a stream."""
        return self._calls.send(request, stream=request.stream)
