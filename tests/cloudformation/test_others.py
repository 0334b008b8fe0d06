"""Types of other services: what their properties become in the calls that make them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation.others import SERVED, Service


class IdentityPools(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, request))
        return {"UserPool": {"Id": "us-east-1_x", "Arn": "arn:pool"}, "IdentityPoolId": "us-east-1:1"}

    def test_a_user_pools_provider(self) -> None:
        made = SERVED["AWS::Cognito::UserPool"].make(self.call, {"UserPoolName": "n"}, "name")
        self.assertEqual(made.attributes["ProviderName"], "cognito-idp.us-east-1.amazonaws.com/us-east-1_x")
        self.assertEqual(
            made.attributes["ProviderURL"], "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x"
        )

    def test_an_identity_pool(self) -> None:
        properties = {
            "AllowUnauthenticatedIdentities": "true",
            "CognitoStreams": {},
            "CognitoIdentityProviders": [{"ProviderName": "p", "ClientId": "c", "ServerSideTokenCheck": "false"}],
        }
        made = SERVED["AWS::Cognito::IdentityPool"].make(self.call, properties, "generated")
        self.assertEqual((made.id, made.path), ("us-east-1:1", {"IdentityPoolId": "us-east-1:1"}))
        expected = {
            "AllowUnauthenticatedIdentities": True,
            "CognitoIdentityProviders": [{"ProviderName": "p", "ClientId": "c", "ServerSideTokenCheck": False}],
            "IdentityPoolName": "generated",
        }
        self.assertEqual(self.asked, [("cognito-identity:CreateIdentityPool", expected)])

    def test_its_roles(self) -> None:
        properties = {
            "IdentityPoolId": "us-east-1:1",
            "Roles": {"authenticated": "arn:a"},
            "RoleMappings": {"mine": {"IdentityProvider": "p:c", "Type": "Token"}, "q": {"Type": "Rules"}},
        }
        made = SERVED["AWS::Cognito::IdentityPoolRoleAttachment"].make(self.call, properties, "generated")
        self.assertEqual(made.id, "us-east-1:1")
        mappings = {"p:c": {"Type": "Token"}, "q": {"Type": "Rules"}}
        self.assertEqual(
            self.asked, [("cognito-identity:SetIdentityPoolRoles", {**properties, "RoleMappings": mappings})]
        )


class Firewalls(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, request))
        return {"Summary": {"Id": "i", "ARN": "arn:i"}, "LockToken": f"t{len(self.asked)}"}

    def test_a_web_acl_that_guards_a_stage_is_changed_in_place(self) -> None:
        # WAF deletes none that is associated: made anew it could not be.
        kind = Service(SERVED["AWS::WAFv2::WebACL"])
        old = {"Scope": "REGIONAL", "Name": "n", "Rules": [], "Tags": [{"Key": "k", "Value": "v"}]}
        made = kind.create(self.call, old, "generated")
        self.assertEqual((made.id, made.attributes["Arn"]), ("n|i|REGIONAL", "arn:i"))
        self.assertIs(kind.update(self.call, made, old, {**old, "Rules": [1]}), made)
        named = {"Name": "n", "Scope": "REGIONAL", "Id": "i"}
        self.assertEqual(
            self.asked[1:],
            [("wafv2:GetWebACL", named), ("wafv2:UpdateWebACL", {**named, "Rules": [1], "LockToken": "t2"})],
        )
        self.assertIsNone(kind.update(self.call, made, old, {**old, "Name": "other"}))

    def test_search_strings_and_patterns(self) -> None:
        match = {"ByteMatchStatement": {"SearchStringBase64": "d29yc2U="}}
        shown = {"MetricName": "m", "SampledRequestsEnabled": "true", "CloudWatchMetricsEnabled": "false"}
        properties = {"Scope": "REGIONAL", "Rules": [{"Statement": match, "VisibilityConfig": shown}]}
        SERVED["AWS::WAFv2::WebACL"].make(self.call, properties, "generated")
        rule = self.asked[0][1]["Rules"][0]
        self.assertEqual(rule["Statement"], {"ByteMatchStatement": {"SearchString": b"worse"}})
        flags = tuple(rule["VisibilityConfig"][each] for each in ("SampledRequestsEnabled", "CloudWatchMetricsEnabled"))
        self.assertEqual(flags, (True, False))
        properties = {"Scope": "REGIONAL", "RegularExpressionList": ["^a"]}
        SERVED["AWS::WAFv2::RegexPatternSet"].make(self.call, properties, "generated")
        self.assertEqual(self.asked[1][1]["RegularExpressionList"], [{"RegexString": "^a"}])
