"""Types of other services: which calls make, change and remove them, and which changes ask for a new one."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation import (
    balancers,
    computing,
    global_tables,
    messaging,
    networks,
    parameters,
    records,
    storage,
)
from emulator.cloudformation.managed import Managed, shortened
from emulator.cloudformation.others import SERVED, Service
from emulator.cloudformation.resources import Physical
from emulator.errors import BadRequestException

MODULES = (storage, global_tables, messaging, computing, parameters, records, balancers, networks)
TYPES = {kind.type: kind for module in MODULES for kind in module.TYPES}
ANSWERS: dict[str, Any] = {
    "route53:CreateHostedZone": {
        "HostedZone": {"Id": "/hostedzone/Z9"},
        "DelegationSet": {"NameServers": ["ns"]},
    },
    "route53:ListHostedZonesByName": {"HostedZones": [{"Name": "e.test.", "Id": "/hostedzone/Z1"}]},
    "ec2:CreateVpcEndpoint": {"VpcEndpoint": {"VpcEndpointId": "vpce-1"}},
    "ec2:AllocateAddress": {"PublicIp": "1.2.3.4", "AllocationId": "eipalloc-1"},
    "elbv2:CreateLoadBalancer": {"LoadBalancers": [{"LoadBalancerArn": "arn:x:loadbalancer/net/n/1", "DNSName": "d"}]},
    "elbv2:CreateTargetGroup": {"TargetGroups": [{"TargetGroupArn": "arn:x:targetgroup/t/2"}]},
    "elbv2:CreateListener": {"Listeners": [{"ListenerArn": "arn:listener/3"}]},
    "dynamodb:CreateTable": {"TableDescription": {"TableName": "t", "TableArn": "arn:t"}},
    "dynamodb:UpdateTable": {"TableDescription": {"TableName": "t", "TableArn": "arn:t", "LatestStreamArn": "arn:s"}},
    "sqs:CreateQueue": {"QueueUrl": "http://q"},
    "sqs:GetQueueAttributes": {"Attributes": {"QueueArn": "arn:q"}},
    "sns:CreateTopic": {"TopicArn": "arn:topic"},
    "logs:DescribeLogGroups": {"logGroups": [{"logGroupName": "g", "arn": "arn:g"}]},
    "stepfunctions:CreateStateMachine": {"stateMachineArn": "arn:m"},
    "lambda:CreateFunction": {"FunctionName": "f", "FunctionArn": "arn:f"},
    "iam:CreateRole": {"Role": {"Arn": "arn:r", "RoleId": "AROA"}},
    "iam:ListRolePolicies": {"PolicyNames": ["inline"]},
    "iam:ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyArn": "arn:p"}]},
    "wafv2:GetIPSet": {"LockToken": "fresh"},
    "wafv2:CreateIPSet": {"Summary": {"ARN": "arn:ip", "Id": "1", "LockToken": "old"}},
    "cognito-idp:CreateUserPool": {"UserPool": {"Id": "us-east-1_p", "Arn": "arn:pool"}},
}


class TypesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def control(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, request))
        answer: dict[str, Any] = ANSWERS.get(operation, {})
        return answer

    def made(self, kind: Managed | Service, **properties: Any) -> Physical:
        physical = kind.create(self.control, properties, "stack-Name-ABC")
        self.first, self.calls = self.calls, []
        return physical

    def changed(self, kind: Managed | Service, physical: Physical, old: Any, new: Any) -> list[Any]:
        self.assertIsNotNone(kind.update(self.control, physical, old, new))
        calls, self.calls = self.calls, []
        return calls


class Storage(TypesTest):
    def test_a_table(self) -> None:
        kind, key = TYPES["AWS::DynamoDB::Table"], {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}
        old = {
            **key, "AttributeDefinitions": [], "BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"a": 1},
            "TimeToLiveSpecification": {"AttributeName": "x", "Enabled": True}, "Tags": [{"Key": "k", "Value": 1}],
        }  # fmt: skip
        physical = self.made(kind, **old)
        self.assertEqual(["dynamodb:CreateTable", "dynamodb:UpdateTimeToLive"], [name for name, _ in self.first])
        self.assertEqual([{"Key": "k", "Value": "1"}], self.first[0][1]["Tags"])
        self.assertNotIn("ProvisionedThroughput", self.first[0][1])
        index = {"IndexName": "i", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}, "ContributorInsights": 1}
        new = {
            **key, "AttributeDefinitions": [1], "BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexes": [index],
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }  # fmt: skip
        update, ttl, backups, untag = self.changed(kind, physical, old, new)
        created = {"IndexName": "i", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}}
        self.assertEqual([{"Create": created}], update[1]["GlobalSecondaryIndexUpdates"])
        self.assertEqual({"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, update[1]["StreamSpecification"])
        self.assertEqual("arn:s", physical.attributes["StreamArn"])
        self.assertEqual({"AttributeName": "x", "Enabled": False}, ttl[1]["TimeToLiveSpecification"])
        self.assertEqual("dynamodb:UpdateContinuousBackups", backups[0])
        self.assertEqual(["k"], untag[1]["TagKeys"])
        self.assertIsNone(kind.update(self.control, physical, old, {**old, "KeySchema": []}))

    def test_a_global_table(self) -> None:
        kind, reads = TYPES["AWS::DynamoDB::GlobalTable"], {"ReadCapacityUnits": 3}
        old = {
            "KeySchema": [], "__region__": "eu-west-1",
            "WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": {"MinCapacity": 2}},
            "Replicas": [
                {"Region": "us-east-1", "TableClass": "other"},
                {"Region": "eu-west-1", "DeletionProtectionEnabled": True, "ReadProvisionedThroughputSettings": reads},
            ],
        }  # fmt: skip
        physical = self.made(kind, **old)
        wanted = {
            "TableName": "stack-Name-ABC", "KeySchema": [], "DeletionProtectionEnabled": True,
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2},
        }  # fmt: skip
        self.assertEqual([("dynamodb:CreateTable", wanted)], self.first)
        changed = {**old, "Replicas": [{"Region": "eu-west-1", "DeletionProtectionEnabled": False}]}
        update = self.changed(kind, physical, old, changed)[0]
        self.assertIs(False, update[1]["DeletionProtectionEnabled"])

    def test_networks(self) -> None:
        kind = TYPES["AWS::EC2::VPCEndpoint"]
        old = {"VpcId": "v", "PolicyDocument": {}, "Tags": [{"Key": "k", "Value": "v"}]}
        physical = self.made(kind, **old)
        tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "k", "Value": "v"}]}]
        wanted = {"VpcId": "v", "PolicyDocument": "{}", "TagSpecifications": tags}
        self.assertEqual([("ec2:CreateVpcEndpoint", wanted)], self.first)
        (untag,) = self.changed(kind, physical, old, {"VpcId": "v", "PolicyDocument": {}})
        self.assertEqual(("ec2:DeleteTags", {"Resources": ["vpce-1"], "Tags": [{"Key": "k"}]}), untag)
        kind.delete(self.control, physical)
        self.assertEqual([("ec2:DeleteVpcEndpoints", {"VpcEndpointIds": ["vpce-1"]})], self.calls)
        physical = self.made(TYPES["AWS::EC2::EIP"], Domain="vpc")
        self.assertEqual(("1.2.3.4", {"AllocationId": "eipalloc-1"}), (physical.id, physical.path))
        kind = TYPES["AWS::EC2::VPCGatewayAttachment"]
        kind.delete(self.control, self.made(kind, VpcId="v", InternetGatewayId="igw"))
        self.assertEqual([("ec2:DetachInternetGateway", {"VpcId": "v", "InternetGatewayId": "igw"})], self.calls[-1:])

    def test_load_balancers(self) -> None:
        kind = TYPES["AWS::ElasticLoadBalancingV2::LoadBalancer"]
        settings = [{"Key": "k", "Value": 1}]
        old = {"Type": "network", "Subnets": ["s"], "LoadBalancerAttributes": settings}
        physical = self.made(kind, **old)
        create, modify = self.first
        self.assertEqual({"Name": "stack-Name-ABC", "Type": "network", "Subnets": ["s"]}, create[1])
        self.assertEqual([{"Key": "k", "Value": "1"}], modify[1]["Attributes"])
        self.assertEqual("net/n/1", physical.attributes["LoadBalancerFullName"])
        (subnets,) = self.changed(kind, physical, old, {**old, "Subnets": ["s", "t"]})
        self.assertEqual(("elbv2:SetSubnets", ["s", "t"]), (subnets[0], subnets[1]["Subnets"]))
        self.assertIsNone(kind.update(self.control, physical, old, {**old, "Type": "application"}))
        kind, old = TYPES["AWS::ElasticLoadBalancingV2::TargetGroup"], {"Port": 80, "Targets": [{"Id": "a"}]}
        physical = self.made(kind, **old)
        self.assertEqual("targetgroup/t/2", physical.attributes["TargetGroupFullName"])
        calls = self.changed(kind, physical, old, {"Port": 80, "Targets": [{"Id": "b"}], "HealthCheckPath": "/h"})
        wanted = ["elbv2:ModifyTargetGroup", "elbv2:DeregisterTargets", "elbv2:RegisterTargets"]
        self.assertEqual(wanted, [name for name, _ in calls])
        kind, old = TYPES["AWS::ElasticLoadBalancingV2::Listener"], {"LoadBalancerArn": "arn", "Port": 80}
        physical = self.made(kind, **old)
        (modify,) = self.changed(kind, physical, old, {**old, "Port": 81})
        self.assertEqual(("elbv2:ModifyListener", {"ListenerArn": "arn:listener/3", "Port": 81}), modify)

    def test_a_zone(self) -> None:
        kind = TYPES["AWS::Route53::HostedZone"]
        physical = self.made(kind, Name="e.test")
        self.assertEqual(("Z9", ["ns"]), (physical.id, physical.attributes["NameServers"]))
        (comment,) = self.changed(kind, physical, {}, {"HostedZoneConfig": {"Comment": "c"}})
        self.assertEqual(("route53:UpdateHostedZoneComment", {"Id": "Z9", "Comment": "c"}), comment)
        kind.delete(self.control, physical)
        self.assertEqual([("route53:DeleteHostedZone", {"Id": "Z9"})], self.calls)

    def test_records(self) -> None:
        kind = TYPES["AWS::Route53::RecordSetGroup"]
        alias = {"Name": "a.e.test", "Type": "A", "AliasTarget": {"DNSName": "d", "HostedZoneId": "Z2"}}
        plain = {"Name": "b.e.test", "Type": "A", "TTL": "60", "ResourceRecords": ["1.2.3.4"], "HostedZoneId": "Z3"}
        old = {"HostedZoneName": "e.test", "RecordSets": [alias, plain]}
        physical = self.made(kind, **old)
        asked = [request for name, request in self.first if name == "route53:ChangeResourceRecordSets"]
        self.assertEqual(["Z1", "Z3"], [request["HostedZoneId"] for request in asked])
        first, second = (request["ChangeBatch"]["Changes"][0]["ResourceRecordSet"] for request in asked)
        target = {"DNSName": "d", "HostedZoneId": "Z2", "EvaluateTargetHealth": False}
        self.assertEqual({"Name": "a.e.test", "Type": "A", "AliasTarget": target}, first)
        self.assertEqual(((60, [{"Value": "1.2.3.4"}])), (second["TTL"], second["ResourceRecords"]))
        longer = {**plain, "TTL": "90"}
        calls = self.changed(kind, physical, old, {**old, "RecordSets": [longer]})
        changes = [request["ChangeBatch"]["Changes"][0] for _, request in calls]
        self.assertEqual(["DELETE", "UPSERT"], [change["Action"] for change in changes])
        self.assertEqual(90, changes[1]["ResourceRecordSet"]["TTL"])
        kind.delete(self.control, physical)
        self.assertEqual(90, self.calls[0][1]["ChangeBatch"]["Changes"][0]["ResourceRecordSet"]["TTL"])
        nowhere = {"HostedZoneName": "f.test", "RecordSets": [alias]}
        error = self.assertRaises(BadRequestException, self.made, kind, **nowhere)
        self.assertEqual("No hosted zones named f.test found", error.message)

    def test_a_parameter(self) -> None:
        kind = TYPES["AWS::SSM::Parameter"]
        old = {"Type": "String", "Value": "1", "Tags": {"a": "b"}}
        physical = self.made(kind, **old)
        self.assertEqual("CFN-Name-ABC", physical.id)
        self.assertEqual([{"Key": "a", "Value": "b"}], self.first[0][1]["Tags"])
        put, untag = self.changed(kind, physical, old, {"Type": "String", "Value": "2"})
        wanted = {"Name": "CFN-Name-ABC", "Type": "String", "Value": "2", "Overwrite": True}
        self.assertEqual((("ssm:PutParameter", wanted), ["a"]), (put, untag[1]["TagKeys"]))
        self.assertEqual("2", physical.attributes["Value"])
        self.assertIsNone(kind.update(self.control, physical, old, {**old, "Name": "n"}))

    def test_a_bucket(self) -> None:
        kind = TYPES["AWS::S3::Bucket"]
        old = {
            "CorsConfiguration": {"CorsRules": [{"Id": "1", "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {
                "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": "arn:f"}],
                "QueueConfigurations": [
                    {
                        "Event": "s3:ObjectCreated:*",
                        "Queue": "arn:q",
                        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "a/"}]}},
                    }
                ],
            },
        }
        physical = self.made(kind, BucketName="b", __region__="eu-west-1", **old)
        puts = dict(self.first)
        self.assertEqual({"LocationConstraint": "eu-west-1"}, puts["s3:CreateBucket"]["CreateBucketConfiguration"])
        rule = {"ID": "1", "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
        self.assertEqual({"CORSRules": [rule]}, puts["s3:PutBucketCors"]["CORSConfiguration"])
        told = puts["s3:PutBucketNotificationConfiguration"]["NotificationConfiguration"]
        self.assertEqual("arn:f", told["LambdaFunctionConfigurations"][0]["LambdaFunctionArn"])
        rules = told["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"]
        self.assertEqual([{"Name": "prefix", "Value": "a/"}], rules)
        suspended, gone, silenced = self.changed(kind, physical, old, {})
        self.assertEqual({}, silenced[1]["NotificationConfiguration"])
        self.assertEqual({"Status": "Suspended"}, suspended[1]["VersioningConfiguration"])
        self.assertEqual("s3:DeleteBucketCors", gone[0])
        self.assertEqual("b.s3.eu-west-1.amazonaws.com", physical.attributes["RegionalDomainName"])


class Messaging(TypesTest):
    def test_a_queue(self) -> None:
        kind = TYPES["AWS::SQS::Queue"]
        physical = self.made(kind, VisibilityTimeout=5, RedrivePolicy={"a": 1}, FifoQueue="true")
        self.assertEqual("stack-Name-ABC.fifo", self.first[0][1]["QueueName"])
        wanted = {"VisibilityTimeout": "5", "RedrivePolicy": '{"a": 1}', "FifoQueue": "true"}
        self.assertEqual(wanted, self.first[0][1]["Attributes"])
        (update,) = self.changed(kind, physical, {"VisibilityTimeout": 5, "DelaySeconds": 1}, {"DelaySeconds": 2})
        self.assertEqual({"VisibilityTimeout": "30", "DelaySeconds": "2"}, update[1]["Attributes"])

    def test_a_topic_keeps_its_subscriptions(self) -> None:
        kind = TYPES["AWS::SNS::Topic"]
        one, two = ({"Protocol": "sqs", "Endpoint": f"arn:{each}"} for each in "ab")
        physical = self.made(kind, Subscription=[one])
        calls = self.changed(
            kind, physical, {"Subscription": [one]}, {"Subscription": [one, two], "DisplayName": "d"}
        )
        self.assertEqual(["sns:SetTopicAttributes", "sns:Subscribe"], [name for name, _ in calls])
        self.assertEqual("arn:b", calls[1][1]["Endpoint"])

    def test_a_log_group(self) -> None:
        kind = TYPES["AWS::Logs::LogGroup"]
        physical = self.made(kind, LogGroupName="g", RetentionInDays=3)
        self.assertEqual({"Arn": "arn:g:*"}, physical.attributes)
        calls = self.changed(kind, physical, {"RetentionInDays": 3}, {})
        self.assertEqual([("logs:DeleteRetentionPolicy", {"logGroupName": "g"})], calls)

    def test_a_state_machine(self) -> None:
        kind = TYPES["AWS::StepFunctions::StateMachine"]
        given = {
            "RoleArn": "r", "StateMachineType": "EXPRESS", "Definition": {"A": "${x}"},
            "DefinitionSubstitutions": {"x": 1}, "TracingConfiguration": {"Enabled": True},
        }  # fmt: skip
        self.made(kind, **given)
        request = self.first[0][1]
        self.assertEqual(("EXPRESS", '{"A": "1"}'), (request["type"], request["definition"]))
        self.assertEqual({"enabled": True}, request["tracingConfiguration"])


class Computing(TypesTest):
    def test_a_function(self) -> None:
        kind = TYPES["AWS::Lambda::Function"]
        old = {"Code": {"ZipFile": "x"}, "Handler": "index.h", "Runtime": "nodejs20.x", "Role": "r", "Timeout": "9"}
        physical = self.made(kind, ReservedConcurrentExecutions=2, Tags=[{"Key": "k", "Value": "v"}], **old)
        request = self.first[0][1]
        with zipfile.ZipFile(io.BytesIO(request["Code"]["ZipFile"])) as archive:
            self.assertEqual(b"x", archive.read("index.js"))
            self.assertIn(b"exports.send", archive.read("node_modules/cfn-response/index.js"))
        self.assertEqual({"k": "v"}, request["Tags"])
        self.assertEqual("lambda:PutFunctionConcurrency", self.first[1][0])
        new = {**old, "Code": {"ZipFile": "y"}, "Environment": {"Variables": {"AB": "1"}}}
        new.pop("Timeout")
        code, settings = self.changed(kind, physical, old, new)
        self.assertEqual("lambda:UpdateFunctionCode", code[0])
        wanted = {"FunctionName": "f", "Timeout": 3, "Environment": {"Variables": {"AB": "1"}}}
        self.assertEqual(wanted, settings[1])
        self.assertIsNone(kind.update(self.control, physical, old, {**old, "FunctionName": "other"}))

    def test_a_role(self) -> None:
        kind = TYPES["AWS::IAM::Role"]
        old = {
            "AssumeRolePolicyDocument": {"A": 1}, "ManagedPolicyArns": ["arn:p"],
            "Policies": [{"PolicyName": "a", "PolicyDocument": {}}],
        }  # fmt: skip
        physical = self.made(kind, RoleName="r", **old)
        self.assertEqual(
            ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"], [name for name, _ in self.first]
        )
        new = {"AssumeRolePolicyDocument": {"A": 2}, "ManagedPolicyArns": ["arn:q"], "Description": "d"}
        self.assertEqual(
            ["UpdateAssumeRolePolicy", "UpdateRole", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy"],
            [name.partition(":")[2] for name, _ in self.changed(kind, physical, old, new)],
        )
        kind.delete(self.control, physical)
        self.assertEqual("iam:DeleteRole", self.calls[-1][0])
        self.assertEqual({"RoleName": "r", "PolicyArn": "arn:p"}, dict(self.calls)["iam:DetachRolePolicy"])

    def test_a_name_within_its_limit(self) -> None:
        self.assertEqual("aaaaa-XYZ", shortened("aaaaaaaaaaaa-XYZ", 9))
        self.assertEqual("a-XYZ", shortened("a-XYZ", 9))


class Tables(TypesTest):
    def test_a_pool_is_changed_in_place(self) -> None:
        kind = Service(SERVED["AWS::Cognito::UserPool"])
        physical = self.made(kind, UserPoolName="n", Schema=[])
        new = {"UserPoolName": "n", "Schema": [], "MfaConfiguration": "OFF"}
        calls = self.changed(kind, physical, {"UserPoolName": "n", "Schema": []}, new)
        self.assertEqual(
            [("cognito-idp:UpdateUserPool", {"UserPoolId": "us-east-1_p", "MfaConfiguration": "OFF"})], calls
        )
        self.assertIsNone(kind.update(self.control, physical, {}, {"UsernameAttributes": ["email"]}))

    def test_what_is_locked_is_asked_for_its_token(self) -> None:
        kind = Service(SERVED["AWS::WAFv2::IPSet"])
        old = {"Name": "n", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": []}
        physical = self.made(kind, **old)
        _asked, update = self.changed(kind, physical, old, {**old, "Addresses": ["1.2.3.4/32"]})
        self.assertEqual(("fresh", ["1.2.3.4/32"]), (update[1]["LockToken"], update[1]["Addresses"]))
        kind.delete(self.control, physical)
        self.assertEqual("fresh", dict(self.calls)["wafv2:DeleteIPSet"]["LockToken"])
