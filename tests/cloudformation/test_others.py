"""Types of other services: what their properties become in the calls that make them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation.others import SERVED


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
