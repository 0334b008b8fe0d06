"""Who may call, and where what is observed goes: IAM's groups and inline policies, users of user pools, delivery
streams, log streams and WAF's logging, of which moto's CloudFormation knows nothing.

Sources: each type's page of the CloudFormation resource reference.
"""

from __future__ import annotations

import json
from typing import Any

from emulator.cloudformation.managed import Managed, differs, only, shortened, text
from emulator.cloudformation.others import Served
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record


def _policy(document: Any) -> str:
    """A policy's text. One without a version is taken by AWS, and refused by moto."""
    return text({"Version": "2012-10-17", **document} if isinstance(document, dict) else document)


def _inline(parameters: Record) -> Record:
    # CloudFormation takes a policy of nothing for none; such a resource holds its place only.
    return {**parameters, "PolicyDocument": _policy(parameters.get("PolicyDocument") or {"Statement": []})}


def _inline_policy(noun: str) -> Served:
    """AWS::IAM::RolePolicy and its like: one inline policy."""
    owner = f"{noun}Name"
    return Served(
        type=f"AWS::IAM::{noun}Policy",
        create=f"iam:Put{noun}Policy",
        delete=f"iam:Delete{noun}Policy",
        id="=PolicyName",
        update="=",
        shape=_inline,
        keep={owner: f"={owner}", "PolicyName": "=PolicyName"},
        fixed=frozenset({owner, "PolicyName"}),
    )


# -- Groups ------------------------------------------------------------------------------------------------------------


def _make_group(control: Control, properties: Record, name: str) -> Physical:
    group = properties.get("GroupName") or shortened(name, 128)
    made = control("iam:CreateGroup", {"GroupName": group, **only(properties, "Path")})["Group"]
    physical = Physical(group, {"Arn": made["Arn"]}, {"GroupName": group})
    _change_group(control, physical, {}, properties)
    return physical


def _change_group(control: Control, physical: Physical, old: Record, new: Record) -> None:
    before, after = (
        {each["PolicyName"]: _policy(each["PolicyDocument"]) for each in properties.get("Policies") or ()}
        for properties in (old, new)
    )
    for name, document in after.items():
        if before.get(name) != document:
            control("iam:PutGroupPolicy", {**physical.path, "PolicyName": name, "PolicyDocument": document})
    for name in before.keys() - after.keys():
        control("iam:DeleteGroupPolicy", {**physical.path, "PolicyName": name})
    had, wanted = (set(properties.get("ManagedPolicyArns") or ()) for properties in (old, new))
    for arn in sorted(wanted - had):
        control("iam:AttachGroupPolicy", {**physical.path, "PolicyArn": arn})
    for arn in sorted(had - wanted):
        control("iam:DetachGroupPolicy", {**physical.path, "PolicyArn": arn})


def _remove_group(control: Control, physical: Physical) -> None:
    for name in control("iam:ListGroupPolicies", physical.path).get("PolicyNames") or ():
        control("iam:DeleteGroupPolicy", {**physical.path, "PolicyName": name})
    for each in control("iam:ListAttachedGroupPolicies", physical.path).get("AttachedPolicies") or ():
        control("iam:DetachGroupPolicy", {**physical.path, "PolicyArn": each["PolicyArn"]})
    control("iam:DeleteGroup", physical.path)


def _make_addition(control: Control, properties: Record, name: str) -> Physical:
    physical = Physical(name, {"Id": name}, {"GroupName": properties["GroupName"], "Users": list(properties["Users"])})
    _join(control, physical, "AddUserToGroup", properties["Users"])
    return physical


def _change_addition(control: Control, physical: Physical, old: Record, new: Record) -> None:
    _join(control, physical, "AddUserToGroup", [user for user in new["Users"] if user not in old["Users"]])
    _join(control, physical, "RemoveUserFromGroup", [user for user in old["Users"] if user not in new["Users"]])
    if differs(old, new, "Users"):
        physical.path["Users"] = list(new["Users"])


def _remove_addition(control: Control, physical: Physical) -> None:
    _join(control, physical, "RemoveUserFromGroup", physical.path["Users"])


def _join(control: Control, physical: Physical, action: str, users: list[str]) -> None:
    for user in users:
        control(f"iam:{action}", {"GroupName": physical.path["GroupName"], "UserName": user})


TYPES = (
    Managed(
        type="AWS::IAM::Group", make=_make_group, change=_change_group, remove=_remove_group,
        replaces=frozenset({"GroupName", "Path"}),
    ),
    Managed(
        type="AWS::IAM::UserToGroupAddition", make=_make_addition, change=_change_addition, remove=_remove_addition,
        replaces=frozenset({"GroupName"}),
    ),
)  # fmt: skip


# -- What single calls make --------------------------------------------------------------------------------------------


def _logging(parameters: Record) -> Record:
    return {"LoggingConfiguration": parameters, "ResourceArn": parameters["ResourceArn"]}


def _provider(parameters: Record) -> Record:
    details = parameters.get("ProviderDetails")
    if isinstance(details, str):
        parameters["ProviderDetails"] = json.loads(details)
    return parameters


_MEMBER = {"UserPoolId": "=UserPoolId", "Username": "=Username"}

IDENTITIES: dict[str, Served] = {
    kind.type: kind
    for kind in (
        _inline_policy("Role"),
        _inline_policy("User"),
        _inline_policy("Group"),
        Served(
            type="AWS::Cognito::UserPoolUser", create="cognito-idp:AdminCreateUser",
            delete="cognito-idp:AdminDeleteUser", named="Username", id="=Username", keep=_MEMBER,
        ),
        Served(
            type="AWS::Cognito::UserPoolUserToGroupAttachment", create="cognito-idp:AdminAddUserToGroup",
            delete="cognito-idp:AdminRemoveUserFromGroup", id="=GroupName",
            keep={**_MEMBER, "GroupName": "=GroupName"},
        ),
        Served(
            type="AWS::Cognito::UserPoolIdentityProvider", create="cognito-idp:CreateIdentityProvider",
            delete="cognito-idp:DeleteIdentityProvider", id="=ProviderName", shape=_provider,
            update="cognito-idp:UpdateIdentityProvider", settled=("ProviderType",),
            keep={"UserPoolId": "=UserPoolId", "ProviderName": "=ProviderName"},
            fixed=frozenset({"UserPoolId", "ProviderName", "ProviderType"}),
        ),
        Served(
            type="AWS::KinesisFirehose::DeliveryStream", create="firehose:CreateDeliveryStream",
            delete="firehose:DeleteDeliveryStream", named="DeliveryStreamName", id="=DeliveryStreamName",
            keep={"DeliveryStreamName": "=DeliveryStreamName"}, attributes={"Arn": "DeliveryStreamARN"},
        ),
        Served(
            type="AWS::Logs::LogStream", create="logs:CreateLogStream", delete="logs:DeleteLogStream",
            rename={"LogGroupName": "logGroupName", "LogStreamName": "logStreamName"}, named="logStreamName",
            id="=logStreamName", keep={"logGroupName": "=logGroupName", "logStreamName": "=logStreamName"},
        ),
        Served(
            type="AWS::WAFv2::LoggingConfiguration", create="wafv2:PutLoggingConfiguration", update="=",
            delete="wafv2:DeleteLoggingConfiguration", id="=ResourceArn", shape=_logging,
            keep={"ResourceArn": "=ResourceArn"}, fixed=frozenset({"ResourceArn"}), drop=("ManagedByFirewallManager",),
        ),
    )
}  # fmt: skip
