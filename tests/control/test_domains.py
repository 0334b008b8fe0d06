"""Custom domain names of the three kinds, their base path mappings and access associations."""

from __future__ import annotations

import json
from typing import Any

from tests.control.making import deployed
from tests.control.support import ControlTestCase

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/abc"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


class DomainTestCase(ControlTestCase):
    def domain(self, name: str = "api.example.test", kind: str = "REGIONAL", **arguments: Any) -> Any:
        if kind == "REGIONAL":
            arguments.setdefault("regionalCertificateArn", CERTIFICATE)
        elif kind == "EDGE":
            arguments.setdefault("certificateArn", CERTIFICATE)
        return self.control("CreateDomainName", domainName=name, endpointConfiguration={"types": [kind]}, **arguments)

    def patch(self, name: str, *operations: tuple[str, ...], **where: str) -> Any:
        given = [dict(zip(("op", "path", "value"), each, strict=False)) for each in operations]
        return self.control("UpdateDomainName", domainName=name, patchOperations=given, **where)


class DomainNames(DomainTestCase):
    def test_regional(self) -> None:
        made = self.domain()
        self.assertRegex(made.pop("regionalDomainName"), r"\Ad-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com\Z")
        self.assertEqual(
            {
                "domainName": "api.example.test",
                "domainNameArn": "arn:aws:apigateway:us-east-1::/domainnames/api.example.test",
                "regionalCertificateArn": CERTIFICATE,
                "regionalHostedZoneId": "Z1UJRXOUMOOFQ8",
                "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
                "domainNameStatus": "AVAILABLE",
                "securityPolicy": "TLS_1_2",
                "routingMode": "BASE_PATH_MAPPING_ONLY",
            },
            made,
        )
        self.assertEqual({}, self.control("GetDomainName", domainName="API.example.test")["tags"])

    def test_edge(self) -> None:
        made = self.control("CreateDomainName", domainName="e.test", certificateArn=CERTIFICATE)
        self.assertEqual(["EDGE"], made["endpointConfiguration"]["types"])
        self.assertEqual("Z2FDTNDATAQYW2", made["distributionHostedZoneId"])
        self.assertTrue(made["distributionDomainName"].endswith(".cloudfront.net"))
        self.assertIn("certificateUploadDate", made)
        self.assertNotIn("regionalDomainName", made)

    def test_private(self) -> None:
        one = self.domain("p.test", "PRIVATE", policy=POLICY)
        two = self.domain("p.test", "PRIVATE")
        self.assertNotEqual(one["domainNameId"], two["domainNameId"])
        self.assertEqual(
            f"arn:aws:apigateway:us-east-1:000000000000:/domainnames/p.test+{one['domainNameId']}",
            one["domainNameArn"],
        )
        where = {"domainName": "p.test", "domainNameId": one["domainNameId"]}
        self.assertEqual(POLICY, self.control("GetDomainName", **where)["policy"])
        changed = self.patch("p.test", ("replace", "/managementPolicy", POLICY), domainNameId=one["domainNameId"])
        self.assertEqual(POLICY, changed["managementPolicy"])
        self.refused(404, "NotFoundException", None, "GetDomainName", domainName="p.test")
        self.control("DeleteDomainName", **where)
        self.refused(404, "NotFoundException", None, "GetDomainName", **where)

    def test_mutual_tls(self) -> None:
        made = self.domain(mutualTlsAuthentication={"truststoreUri": "s3://bucket/ca.pem"})
        self.assertEqual({"truststoreUri": "s3://bucket/ca.pem"}, made["mutualTlsAuthentication"])
        version = self.patch("api.example.test", ("add", "/mutualTlsAuthentication/truststoreVersion", "v2"))
        self.assertEqual("v2", version["mutualTlsAuthentication"]["truststoreVersion"])
        off = self.patch("api.example.test", ("remove", "/mutualTlsAuthentication/truststoreUri"))
        self.assertNotIn("mutualTlsAuthentication", off)

    def test_refusals(self) -> None:
        self.domain()
        self.refused(
            400,
            "BadRequestException",
            "The domain name you provided already exists.",
            "CreateDomainName",
            domainName="API.example.test",
        )
        regional = {"types": ["REGIONAL"]}
        for arguments in (
            {"domainName": "a b"},
            {"domainName": "-a.test"},
            {"domainName": "x" * 64 + ".test"},
            {"domainName": "c.test", "certificateArn": "nonsense"},
            {"domainName": "c.test", "policy": POLICY},
            {"domainName": "c.test", "endpointConfiguration": {"types": ["PRIVATE"]}, "policy": "{"},
            {"domainName": "c.test", "endpointConfiguration": {"types": ["PRIVATE", "REGIONAL"]}},
            {
                "domainName": "c.test",
                "endpointConfiguration": regional,
                "mutualTlsAuthentication": {"truststoreUri": "http://x"},
            },
        ):
            self.refused(400, "BadRequestException", None, "CreateDomainName", **arguments)
        for operation in ("GetDomainName", "DeleteDomainName", "UpdateDomainName", "GetBasePathMappings"):
            self.refused(
                404, "NotFoundException", "Invalid domain name identifier specified", operation, domainName="no.test"
            )

    def test_certificates_live_in_one_region(self) -> None:
        elsewhere = CERTIFICATE.replace("us-east-1", "eu-west-1")
        text = f"Invalid certificate ARN: {elsewhere}. Certificate must be in 'us-east-1'."
        for arguments in (
            {"certificateArn": elsewhere},
            {"regionalCertificateArn": elsewhere, "endpointConfiguration": {"types": ["REGIONAL"]}},
        ):
            self.refused(400, "BadRequestException", text, "CreateDomainName", domainName="c.test", **arguments)
        self.refused(
            400,
            "BadRequestException",
            "Cannot import certificates for EDGE while REGIONAL is active.",
            "CreateDomainName",
            domainName="c.test",
            certificateArn=CERTIFICATE,
            endpointConfiguration={"types": ["REGIONAL"]},
        )

    def test_migrating_from_edge_to_regional(self) -> None:
        self.domain("e.test", "EDGE")
        both = self.patch(
            "e.test",
            ("add", "/endpointConfiguration/types", "REGIONAL"),
            ("add", "/regionalCertificateArn", CERTIFICATE),
        )
        self.assertEqual(["EDGE", "REGIONAL"], both["endpointConfiguration"]["types"])
        self.assertIn("distributionDomainName", both)
        self.assertIn("regionalDomainName", both)
        after = self.patch("e.test", ("remove", "/endpointConfiguration/types", "EDGE"))
        self.assertEqual(both["regionalDomainName"], after["regionalDomainName"])
        self.assertNotIn("distributionDomainName", after)

    def test_every_other_patch(self) -> None:
        self.domain()
        for member, value in (
            ("certificateName", "c"),
            ("certificateArn", CERTIFICATE),
            ("regionalCertificateName", "r"),
            ("regionalCertificateArn", CERTIFICATE),
            ("ownershipVerificationCertificateArn", CERTIFICATE),
        ):
            for op in ("add", "replace"):
                self.assertEqual(value, self.patch("api.example.test", (op, f"/{member}", value))[member])
            self.assertNotIn(member, self.patch("api.example.test", ("remove", f"/{member}")))
        for member, value in (
            ("securityPolicy", "TLS_1_0"),
            ("routingMode", "ROUTING_RULE_ONLY"),
            ("endpointAccessMode", "STRICT"),
        ):
            self.assertEqual(value, self.patch("api.example.test", ("replace", f"/{member}", value))[member])
        changed = self.patch("api.example.test", ("replace", "/endpointConfiguration/ipAddressType", "dualstack"))
        self.assertEqual("dualstack", changed["endpointConfiguration"]["ipAddressType"])
        for operation in (
            ("replace", "/routingMode", "x"),
            ("replace", "/securityPolicy", "SSL"),
            ("replace", "/endpointConfiguration/ipAddressType", "ipv6"),
            ("remove", "/endpointConfiguration/types", "REGIONAL"),
            ("add", "/endpointConfiguration/types", "LOCAL"),
            ("replace", "/domainName", "x"),
        ):
            given = [dict(zip(("op", "path", "value"), operation, strict=True))]
            self.refused(
                400, "BadRequestException", None, "UpdateDomainName", domainName="api.example.test",
                patchOperations=given,
            )  # fmt: skip

    def test_the_emulators_own_hosts_are_no_domains(self) -> None:
        for name in ("localhost", "127.0.0.1", "host.docker.internal", "localhost.localstack.cloud", "*.amazonaws.com"):
            text = f"Invalid domain name specified: {name}"
            self.refused(400, "BadRequestException", text, "CreateDomainName", domainName=name)

    def test_mutual_tls_wants_tls_1_2(self) -> None:
        self.refused(
            400,
            "BadRequestException",
            None,
            "CreateDomainName",
            domainName="m.test",
            regionalCertificateArn=CERTIFICATE,
            endpointConfiguration={"types": ["REGIONAL"]},
            securityPolicy="TLS_1_0",
            mutualTlsAuthentication={"truststoreUri": "s3://bucket/key"},
        )

    def test_routing_rules_only_take_no_mapping(self) -> None:
        self.domain()
        api = self.control("CreateRestApi", name="a")["id"]
        self.patch("api.example.test", ("replace", "/routingMode", "ROUTING_RULE_ONLY"))
        wanted = {"domainName": "api.example.test", "restApiId": api}
        self.refused(400, "BadRequestException", None, "CreateBasePathMapping", **wanted)
        self.patch("api.example.test", ("replace", "/routingMode", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"))
        self.control("CreateBasePathMapping", **wanted)

    def test_pages(self) -> None:
        for number in range(30):
            self.domain(f"d{number}.test")
        first = self.control("GetDomainNames")
        rest = self.control("GetDomainNames", position=first["position"])
        names = [each["domainName"] for each in first["items"] + rest["items"]]
        self.assertEqual([f"d{number}.test" for number in range(30)], names)


class BasePathMappings(DomainTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api_id = deployed(self.control)
        self.domain()
        self.where = {"domainName": "api.example.test"}

    def put(self, **arguments: Any) -> Any:
        return self.control("CreateBasePathMapping", **self.where, restApiId=self.api_id, **arguments)

    def test_lifecycle(self) -> None:
        self.assertEqual({"basePath": "(none)", "restApiId": self.api_id}, self.put())
        self.assertEqual({"basePath": "v1", "restApiId": self.api_id, "stage": "s"}, self.put(basePath="v1", stage="s"))
        self.assertEqual("a/b/c", self.put(basePath="a/b/c")["basePath"])
        listed = self.control("GetBasePathMappings", **self.where)["items"]
        self.assertEqual(["(none)", "a/b/c", "v1"], [each["basePath"] for each in listed])
        self.assertEqual(self.api_id, self.control("GetBasePathMapping", **self.where, basePath="a/b/c")["restApiId"])
        self.control("DeleteBasePathMapping", **self.where, basePath="(none)")
        self.refused(
            404,
            "NotFoundException",
            "Invalid base path mapping identifier specified",
            "GetBasePathMapping",
            **self.where,
            basePath="(none)",
        )

    def test_patches(self) -> None:
        self.put(basePath="v1")
        self.put(basePath="v3")
        other = deployed(self.control, "other")

        def patch(path: str, value: str, at: str) -> Any:
            operation = {"op": "replace", "path": path, "value": value}
            return self.control("UpdateBasePathMapping", **self.where, basePath=at, patchOperations=[operation])

        self.assertEqual("v2", patch("/basePath", "v2", "v1")["basePath"])
        self.assertEqual(other, patch("/restapiId", other, "v2")["restApiId"])
        self.assertEqual("s", patch("/stage", "s", "v2")["stage"])
        self.assertNotIn("stage", patch("/stage", "", "v2"))
        self.assertEqual("(none)", patch("/basePath", "", "v2")["basePath"])
        for path, value, status in (
            ("/basePath", "v3", 409),
            ("/basePath", "a b", 400),
            ("/restapiId", "no", 400),
            ("/stage", "x", 400),
            ("/other", "x", 400),
        ):
            code = "ConflictException" if status == 409 else "BadRequestException"
            self.refused(
                status, code, None, "UpdateBasePathMapping", **self.where, basePath="(none)",
                patchOperations=[{"op": "replace", "path": path, "value": value}],
            )  # fmt: skip

    def test_refusals(self) -> None:
        self.put(basePath="v1")
        self.refused(
            409,
            "ConflictException",
            "Base path already exists for this domain name",
            "CreateBasePathMapping",
            **self.where,
            restApiId=self.api_id,
            basePath="v1",
        )
        for arguments, text in (
            ({"restApiId": "no"}, "Invalid REST API identifier specified"),
            ({"restApiId": self.api_id, "stage": "x"}, "Invalid stage identifier specified"),
            (
                {"restApiId": self.api_id, "basePath": "/v1"},
                "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level "
                "base path mapping, use API Gateway V2.",
            ),
            (
                {"restApiId": self.api_id, "basePath": "a b"},
                "API Gateway only allow a-zA-Z0-9$-_.+!*'() characters in path",
            ),
        ):
            self.refused(400, "BadRequestException", text, "CreateBasePathMapping", **self.where, **arguments)

    def test_a_deleted_domain_takes_its_mappings_along(self) -> None:
        self.put(basePath="v1")
        self.control("DeleteDomainName", **self.where)
        self.domain()
        self.assertEqual([], self.control("GetBasePathMappings", **self.where)["items"])


class AccessAssociations(DomainTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.private = self.domain("p.test", "PRIVATE")

    def associate(self, source: str = "vpce-1", **arguments: Any) -> Any:
        return self.control(
            "CreateDomainNameAccessAssociation",
            domainNameArn=self.private["domainNameArn"],
            accessAssociationSourceType="VPCE",
            accessAssociationSource=source,
            **arguments,
        )

    def test_lifecycle(self) -> None:
        made = self.associate(tags={"a": "b"})
        name = f"p.test+{self.private['domainNameId']}"
        arn = (
            "arn:aws:apigateway:us-east-1:000000000000:/domainnameaccessassociations/domainname/"
            f"{name}/vpcesource/vpce-1"
        )
        self.assertEqual(arn, made["domainNameAccessAssociationArn"])
        self.assertEqual({"a": "b"}, made["tags"])
        self.assertEqual([made], self.control("GetDomainNameAccessAssociations")["items"])
        others = self.control("GetDomainNameAccessAssociations", resourceOwner="OTHER_ACCOUNTS")
        self.assertEqual([], others["items"])
        self.control("DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=arn)
        self.assertEqual([], self.control("GetDomainNameAccessAssociations")["items"])
        self.refused(
            404, "NotFoundException", None, "DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=arn
        )

    def test_reject(self) -> None:
        arn = self.associate()["domainNameAccessAssociationArn"]
        for given, domain in (
            (arn, "arn:aws:apigateway:us-east-1::/domainnames/x"),
            (arn + "x", self.private["domainNameArn"]),
        ):
            self.refused(
                404,
                "NotFoundException",
                None,
                "RejectDomainNameAccessAssociation",
                domainNameAccessAssociationArn=given,
                domainNameArn=domain,
            )
        self.control(
            "RejectDomainNameAccessAssociation",
            domainNameAccessAssociationArn=arn,
            domainNameArn=self.private["domainNameArn"],
        )
        self.assertEqual([], self.control("GetDomainNameAccessAssociations")["items"])

    def test_refusals(self) -> None:
        self.associate()
        public = self.domain()
        for status, code, arn in (
            (409, "ConflictException", self.private["domainNameArn"]),
            (400, "BadRequestException", public["domainNameArn"]),
            (404, "NotFoundException", "arn:aws:apigateway:us-east-1:000000000000:/domainnames/none"),
        ):
            self.refused(
                status,
                code,
                None,
                "CreateDomainNameAccessAssociation",
                domainNameArn=arn,
                accessAssociationSourceType="VPCE",
                accessAssociationSource="vpce-1",
            )

    def test_gone_with_its_domain(self) -> None:
        self.associate()
        self.control("DeleteDomainName", domainName="p.test", domainNameId=self.private["domainNameId"])
        self.assertEqual([], self.control("GetDomainNameAccessAssociations")["items"])
