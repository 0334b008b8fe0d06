"""API Gateway V2's face of domain names: both APIs see the same names, and REST APIs get deep base paths."""

from __future__ import annotations

from typing import Any

import orjson
from twisted.internet.defer import Deferred, succeed

from emulator.control.api_mappings import ApiMappings
from emulator.wire import Headers, Request, Response
from tests.control.support import ACCOUNT, REGION, Control, ControlTestCase

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/x"


class ApiMappingsTest(ControlTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.control = Control()
        self.told: list[tuple[str, bytes]] = []
        self.theirs: dict[str, Any] = {}
        self.mappings = ApiMappings(self.control.app, self.tell)
        self.api = self.control("CreateRestApi", name="a")["id"]
        root = self.control("GetResources", restApiId=self.api)["items"][0]["id"]
        where = {"restApiId": self.api, "resourceId": root}
        self.control("PutMethod", **where, httpMethod="GET", authorizationType="NONE")
        self.control("PutIntegration", **where, httpMethod="GET", type="MOCK")
        self.control("CreateDeployment", restApiId=self.api, stageName="dev")

    def tell(self, request: Request, _account: str, _region: str) -> Deferred[Response]:
        self.told.append((request.method, request.raw_path))
        return succeed(Response(status=200, headers=Headers(), body=orjson.dumps(self.theirs)))

    def ask(self, verb: str, path: str, **body: Any) -> Any:
        """``(status, answer)``, or None when the request is not for us."""
        raw = f"/v2/domainnames{path}".encode()
        request = Request(method=verb, raw_path=raw, raw_query=b"", headers=Headers(), body=orjson.dumps(body))
        answered = self.mappings.serve(request, ACCOUNT, REGION)
        if answered is None:
            return None
        response = self.successResultOf(answered)
        return response.status, orjson.loads(response.body) if response.body else None

    def test_a_name_is_one_for_both(self) -> None:
        configuration = {"certificateArn": CERTIFICATE, "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2"}
        status, made = self.ask("POST", "", domainName="v2.test", domainNameConfigurations=[configuration])
        self.assertEqual(status, 201)
        shown = self.control("GetDomainName", domainName="v2.test")
        (there,) = made["domainNameConfigurations"]
        self.assertEqual(there["apiGatewayDomainName"], shown["regionalDomainName"])
        self.assertEqual(there["hostedZoneId"], shown["regionalHostedZoneId"])
        self.assertEqual(made["routingMode"], "API_MAPPING_ONLY")
        self.control("CreateDomainName", domainName="v1.test", certificateArn=CERTIFICATE)
        self.assertEqual(self.ask("GET", "/v1.test")[1]["domainNameConfigurations"][0]["endpointType"], "EDGE")
        self.assertEqual([each["domainName"] for each in self.ask("GET", "")[1]["items"]], ["v2.test", "v1.test"])
        _, changed = self.ask("PATCH", "/v2.test", routingMode="ROUTING_RULE_THEN_API_MAPPING")
        self.assertEqual(changed["routingMode"], "ROUTING_RULE_THEN_API_MAPPING")
        self.assertEqual(self.ask("DELETE", "/v2.test"), (204, None))
        self.assertIsNone(self.ask("GET", "/v2.test"))
        self.assertEqual([verb for verb, _path in self.told], ["POST", "PATCH", "DELETE"])

    def test_mappings_of_rest_apis(self) -> None:
        self.control(
            "CreateDomainName", domainName="*.d.test", regionalCertificateArn=CERTIFICATE,
            endpointConfiguration={"types": ["REGIONAL"]},
        )  # fmt: skip
        path = "/%2A.d.test/apimappings"
        status, made = self.ask("POST", path, apiId=self.api, stage="dev", apiMappingKey="orders/v1")
        self.assertEqual((status, made["apiMappingKey"]), (201, "orders/v1"))
        first = self.control("GetBasePathMappings", domainName="*.d.test")["items"]
        self.assertEqual(first, [{"basePath": "orders/v1", "restApiId": self.api, "stage": "dev"}])
        self.theirs = {"items": [{"apiId": "http1", "apiMappingId": "x"}]}
        listed = self.ask("GET", path)[1]["items"]
        self.assertEqual([each["apiMappingId"] for each in listed], [made["apiMappingId"], "x"])
        _, changed = self.ask("PATCH", f"{path}/{made['apiMappingId']}", apiMappingKey="")
        self.assertEqual(changed["apiMappingKey"], "")
        self.assertEqual(self.ask("GET", f"{path}/{changed['apiMappingId']}"), (200, changed))
        self.assertEqual(self.ask("DELETE", f"{path}/{changed['apiMappingId']}"), (204, None))
        self.assertEqual(self.control("GetBasePathMappings", domainName="*.d.test").get("items", []), [])

    def test_what_is_refused(self) -> None:
        self.control("CreateDomainName", domainName="d.test", certificateArn=CERTIFICATE)
        status, answer = self.ask("POST", "/d.test/apimappings", apiId=self.api, stage="none")
        self.assertEqual((status, answer), (400, {"message": "Invalid stage identifier specified"}))
        self.assertEqual(self.ask("PUT", "/d.test")[0], 404)

    def test_what_goes_on(self) -> None:
        self.control("CreateDomainName", domainName="d.test", certificateArn=CERTIFICATE)
        for verb, path, body in (
            ("GET", "/other.test", {}),
            ("POST", "/d.test/apimappings", {"apiId": "http1", "stage": "dev"}),
            ("GET", "/d.test/apimappings/zzz", {}),
            ("GET", "/d.test/routingrules", {}),
        ):
            self.assertIsNone(self.ask(verb, path, **body), (verb, path))
        request = Request(method="GET", raw_path=b"/v2/apis", raw_query=b"", headers=Headers())
        self.assertIsNone(self.mappings.serve(request, ACCOUNT, REGION))
