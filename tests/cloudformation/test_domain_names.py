"""Custom domain names of stacks: what changes in place, and private names with their mappings."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation.domain_names import DOMAIN_NAMES
from emulator.cloudformation.moto_models import _OTHERS
from tests.control.support import Control

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/x"


class DomainNamesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Control()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.control(operation, **request)
        return answer

    def test_they_are_the_ones_that_stacks_use(self) -> None:
        self.assertEqual({name: _OTHERS[name] for name in DOMAIN_NAMES}, DOMAIN_NAMES)

    def test_truststore_and_endpoint_change_in_place(self) -> None:
        kind = DOMAIN_NAMES["AWS::ApiGateway::DomainName"]
        before = {
            "DomainName": "a.test",
            "RegionalCertificateArn": CERTIFICATE,
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
        }
        made = kind.create(self.call, before, "a")
        trusting = {**before, "MutualTlsAuthentication": {"TruststoreUri": "s3://b/k", "TruststoreVersion": "1"}}
        self.assertEqual(kind.update(self.call, made, before, trusting), made)
        shown = self.control("GetDomainName", domainName="a.test")
        self.assertEqual(
            shown["mutualTlsAuthentication"], {"truststoreUri": "s3://b/k", "truststoreVersion": "1"}
        )
        newer = {**before, "MutualTlsAuthentication": {"TruststoreUri": "s3://b/k", "TruststoreVersion": "2"}}
        kind.update(self.call, made, trusting, newer)
        shown = self.control("GetDomainName", domainName="a.test")
        self.assertEqual(shown["mutualTlsAuthentication"]["truststoreVersion"], "2")
        plain = {**before, "EndpointConfiguration": {"Types": ["EDGE"], "IpAddressType": "dualstack"}}
        plain["CertificateArn"] = CERTIFICATE
        kind.update(self.call, made, newer, plain)
        shown = self.control("GetDomainName", domainName="a.test")
        self.assertNotIn("mutualTlsAuthentication", shown)
        self.assertEqual(shown["endpointConfiguration"], {"types": ["EDGE"], "ipAddressType": "dualstack"})

    def test_the_second_apis_name_and_mapping(self) -> None:
        names, mappings = DOMAIN_NAMES["AWS::ApiGatewayV2::DomainName"], DOMAIN_NAMES["AWS::ApiGatewayV2::ApiMapping"]
        configuration = {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
        old = {"DomainName": "a.test", "DomainNameConfigurations": [configuration]}
        domain = names.create(self.call, old, "d")
        shown = self.control("GetDomainName", domainName="a.test")
        self.assertEqual((domain.id, shown["regionalCertificateArn"]), ("a.test", CERTIFICATE))
        self.assertEqual(domain.attributes["RegionalDomainName"], shown["regionalDomainName"])
        changed = {**old, "DomainNameConfigurations": [{**configuration, "CertificateArn": f"{CERTIFICATE}2"}]}
        self.assertEqual(names.update(self.call, domain, old, changed), domain)
        shown = self.control("GetDomainName", domainName="a.test")
        self.assertEqual(shown["regionalCertificateArn"], f"{CERTIFICATE}2")
        api = self.control("CreateRestApi", name="a")["id"]
        root = self.control("GetResources", restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        self.control("PutMethod", **method, authorizationType="NONE")
        self.control("PutIntegration", **method, type="MOCK")
        for stage in ("one", "two"):
            self.control("CreateDeployment", restApiId=api, stageName=stage)
        given = {"DomainName": "a.test", "ApiId": api, "Stage": "one", "ApiMappingKey": "deep/er"}
        mapping = mappings.create(self.call, given, "m")
        self.assertEqual(mappings.update(self.call, mapping, given, {**given, "Stage": "two"}), mapping)
        found = self.control("GetBasePathMapping", domainName="a.test", basePath="deep/er")
        self.assertEqual((found["restApiId"], found["stage"]), (api, "two"))
        mappings.delete(self.call, mapping)
        names.delete(self.call, domain)

    def test_a_private_name_with_its_mapping(self) -> None:
        names = DOMAIN_NAMES["AWS::ApiGateway::DomainNameV2"]
        mappings = DOMAIN_NAMES["AWS::ApiGateway::BasePathMappingV2"]
        domain = names.create(
            self.call,
            {
                "DomainName": "p.test",
                "CertificateArn": CERTIFICATE,
                "EndpointConfiguration": {"Types": ["PRIVATE"]},
            },
            "p",
        )
        where = {"domainName": "p.test", "domainNameId": domain.attributes["DomainNameId"]}
        self.assertEqual(domain.path, where)
        first, second = (self.control("CreateRestApi", name=name)["id"] for name in "ab")
        old = {"DomainNameArn": domain.id, "BasePath": "v1", "RestApiId": first}
        mapping = mappings.create(self.call, old, "m")
        self.assertEqual(mapping.path, {**where, "basePath": "v1"})
        self.assertEqual(mappings.update(self.call, mapping, old, {**old, "RestApiId": second}), mapping)
        shown = self.control("GetBasePathMapping", **where, basePath="v1")
        self.assertEqual(shown["restApiId"], second)
        self.assertIsNone(mappings.update(self.call, mapping, old, {**old, "BasePath": "v2"}))
        mappings.delete(self.call, mapping)
        self.assertEqual(self.control("GetBasePathMappings", **where).get("items", []), [])
        names.delete(self.call, domain)
        self.assertEqual(self.control("GetDomainNames").get("items", []), [])
