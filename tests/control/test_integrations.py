"""Integrations: how long AWS lets one take, by the API's endpoint."""

from __future__ import annotations

from tests.control.support import ControlTestCase


class Timeouts(ControlTestCase):
    def test_regional_and_private_apis_may_take_longer(self) -> None:
        for endpoint, longest in (("EDGE", 29000), ("REGIONAL", 300000), ("PRIVATE", 300000)):
            made = self.control("CreateRestApi", name="a", endpointConfiguration={"types": [endpoint]})
            where = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
            self.control("PutMethod", **where, authorizationType="NONE")
            put = {**where, "type": "MOCK"}
            self.assertEqual(
                self.control("PutIntegration", **put, timeoutInMillis=longest)["timeoutInMillis"], longest
            )
            text = f"Timeout should be between 50 ms and {longest} ms"
            self.refused(400, "BadRequestException", text, "PutIntegration", **put, timeoutInMillis=longest + 1)
            patch = [{"op": "replace", "path": "/timeoutInMillis", "value": str(longest + 1)}]
            self.refused(400, "BadRequestException", text, "UpdateIntegration", **where, patchOperations=patch)
