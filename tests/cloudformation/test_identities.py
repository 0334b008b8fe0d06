"""IAM's groups and inline policies, users of pools, where logs go: what stacks ask of the services for them."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation import identities
from emulator.cloudformation.others import Service

DOCUMENT = {"Statement": [{"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}]}
TEXT = json.dumps({"Version": "2012-10-17", **DOCUMENT})


class Asking(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, request))
        return self.answers.get(operation, {})

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        told, self.asked = self.asked, []
        return told


class Groups(Asking):
    kind, addition = identities.TYPES

    def test_a_groups_life(self) -> None:
        self.answers["iam:CreateGroup"] = {"Group": {"Arn": "arn:g"}}
        old = {"Policies": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}], "ManagedPolicyArns": ["arn:a"]}
        made = self.kind.create(self.call, old, "generated")
        self.assertEqual((made.id, made.attributes), ("generated", {"Arn": "arn:g"}))
        named = {"GroupName": "generated"}
        self.assertEqual(
            self.told(),
            [
                ("iam:CreateGroup", named),
                ("iam:PutGroupPolicy", {**named, "PolicyName": "p", "PolicyDocument": TEXT}),
                ("iam:AttachGroupPolicy", {**named, "PolicyArn": "arn:a"}),
            ],
        )
        self.assertIs(self.kind.update(self.call, made, old, {"ManagedPolicyArns": ["arn:b"]}), made)
        self.assertEqual(
            self.told(),
            [
                ("iam:DeleteGroupPolicy", {**named, "PolicyName": "p"}),
                ("iam:AttachGroupPolicy", {**named, "PolicyArn": "arn:b"}),
                ("iam:DetachGroupPolicy", {**named, "PolicyArn": "arn:a"}),
            ],
        )
        self.answers["iam:ListAttachedGroupPolicies"] = {"AttachedPolicies": [{"PolicyArn": "arn:b"}]}
        self.kind.delete(self.call, made)
        self.assertEqual(
            self.told()[-2:],
            [("iam:DetachGroupPolicy", {**named, "PolicyArn": "arn:b"}), ("iam:DeleteGroup", named)],
        )

    def test_its_users(self) -> None:
        old = {"GroupName": "g", "Users": ["a", "b"]}
        made = self.addition.create(self.call, old, "generated")
        self.told()
        self.addition.update(self.call, made, old, {"GroupName": "g", "Users": ["b", "c"]})
        self.assertEqual(
            self.told(),
            [
                ("iam:AddUserToGroup", {"GroupName": "g", "UserName": "c"}),
                ("iam:RemoveUserFromGroup", {"GroupName": "g", "UserName": "a"}),
            ],
        )
        self.addition.delete(self.call, made)
        self.assertEqual([request["UserName"] for _, request in self.told()], ["b", "c"])
        self.assertIsNone(self.addition.update(self.call, made, old, {**old, "GroupName": "h"}))


class Single(Asking):
    def test_an_inline_policy(self) -> None:
        kind = Service(identities.IDENTITIES["AWS::IAM::RolePolicy"])
        old = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": DOCUMENT}
        made = kind.create(self.call, old, "generated")
        kind.update(self.call, made, old, {**old, "PolicyDocument": TEXT})
        kind.delete(self.call, made)
        named = {"RoleName": "r", "PolicyName": "p"}
        put = ("iam:PutRolePolicy", {**named, "PolicyDocument": TEXT})
        self.assertEqual(self.told(), [put, put, ("iam:DeleteRolePolicy", named)])

    def test_a_delivery_stream(self) -> None:
        self.answers["firehose:CreateDeliveryStream"] = {"DeliveryStreamARN": "arn:f"}
        kind = Service(identities.IDENTITIES["AWS::KinesisFirehose::DeliveryStream"])
        made = kind.create(self.call, {"DeliveryStreamName": "amazon-apigateway-x"}, "generated")
        self.assertEqual((made.id, made.attributes), ("amazon-apigateway-x", {"Arn": "arn:f"}))

    def test_wafs_logging(self) -> None:
        kind = Service(identities.IDENTITIES["AWS::WAFv2::LoggingConfiguration"])
        made = kind.create(self.call, {"ResourceArn": "arn:w", "LogDestinationConfigs": ["arn:l"]}, "generated")
        self.assertEqual(made.id, "arn:w")
        self.assertEqual(self.told()[0][1]["LoggingConfiguration"]["LogDestinationConfigs"], ["arn:l"])

    def test_a_pools_user_and_provider(self) -> None:
        kinds = identities.IDENTITIES
        made = Service(kinds["AWS::Cognito::UserPoolUser"]).create(self.call, {"UserPoolId": "p"}, "generated")
        self.assertEqual((made.id, made.path), ("generated", {"UserPoolId": "p", "Username": "generated"}))
        named = {"UserPoolId": "p", "ProviderName": "n"}
        given = {**named, "ProviderType": "SAML", "ProviderDetails": '{"MetadataURL": "u"}'}
        kind = Service(kinds["AWS::Cognito::UserPoolIdentityProvider"])
        made = kind.create(self.call, given, "generated")
        kind.update(self.call, made, given, {**given, "AttributeMapping": {}})
        asked = {**named, "ProviderDetails": {"MetadataURL": "u"}, "AttributeMapping": {}}
        self.assertEqual(self.told()[-1], ("cognito-idp:UpdateIdentityProvider", asked))
