"""AWS::SQS::Queue, AWS::SNS::Topic, AWS::Logs::LogGroup and AWS::StepFunctions::StateMachine."""

from __future__ import annotations

import json
from typing import Any

from emulator.cloudformation.managed import (
    Managed,
    differs,
    listed,
    only,
    shortened,
    small,
    tag_changes,
    tag_map,
    text,
)
from emulator.cloudformation.resources import Control, Physical, boolean
from emulator.errors import BadRequestException
from emulator.store.records import Record

# -- SQS ---------------------------------------------------------------------------------------------------------------

_QUEUE = (
    "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled",
    "VisibilityTimeout",
)  # fmt: skip
_DEFAULTS = {
    "DelaySeconds": "0", "MaximumMessageSize": "262144", "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "RedrivePolicy": "", "RedriveAllowPolicy": "",
}  # fmt: skip


def _attribute(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _make_queue(control: Control, properties: Record, name: str) -> Physical:
    fifo = boolean(properties.get("FifoQueue")) is True
    queue = properties.get("QueueName") or (shortened(name, 75) + ".fifo" if fifo else shortened(name, 80))
    attributes = {key: _attribute(value) for key, value in only(properties, *_QUEUE).items()}
    if fifo:
        attributes["FifoQueue"] = "true"
    request: Record = {"QueueName": queue, "Attributes": attributes}
    if properties.get("Tags"):
        request["tags"] = tag_map(properties)
    url = control("sqs:CreateQueue", request)["QueueUrl"]
    asked = control("sqs:GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]})
    shown = {"Arn": asked["Attributes"]["QueueArn"], "QueueName": queue, "QueueUrl": url}
    return Physical(url, shown, {"QueueUrl": url})


def _change_queue(control: Control, physical: Physical, old: Record, new: Record) -> None:
    changed = [each for each in _QUEUE if differs(old, new, each)]
    attributes = {
        each: _attribute(new[each]) if new.get(each) is not None else _DEFAULTS[each]
        for each in changed
        if new.get(each) is not None or each in _DEFAULTS
    }
    if attributes:
        control("sqs:SetQueueAttributes", {**physical.path, "Attributes": attributes})
    added, gone = tag_changes(old, new)
    if added:
        control("sqs:TagQueue", {**physical.path, "Tags": added})
    if gone:
        control("sqs:UntagQueue", {**physical.path, "TagKeys": gone})


def _remove_queue(control: Control, physical: Physical) -> None:
    control("sqs:DeleteQueue", physical.path)


# -- SNS ---------------------------------------------------------------------------------------------------------------

_TOPIC = (
    "ArchivePolicy", "ContentBasedDeduplication", "DataProtectionPolicy", "DisplayName", "FifoThroughputScope",
    "KmsMasterKeyId", "SignatureVersion", "TracingConfig",
)  # fmt: skip


def _make_topic(control: Control, properties: Record, name: str) -> Physical:
    fifo = boolean(properties.get("FifoTopic")) is True
    topic = properties.get("TopicName") or (shortened(name, 251) + ".fifo" if fifo else name)
    attributes = {key: _attribute(value) for key, value in only(properties, *_TOPIC).items()}
    if fifo:
        attributes["FifoTopic"] = "true"
    request: Record = {"Name": topic, "Attributes": attributes}
    if properties.get("Tags"):
        request["Tags"] = listed(tag_map(properties))
    arn = control("sns:CreateTopic", request)["TopicArn"]
    for each in properties.get("Subscription") or ():
        control("sns:Subscribe", {"TopicArn": arn, **only(each, "Protocol", "Endpoint")})
    return Physical(arn, {"TopicArn": arn, "TopicName": topic}, {"TopicArn": arn})


def _change_topic(control: Control, physical: Physical, old: Record, new: Record) -> None:
    for each in _TOPIC:
        if differs(old, new, each):
            value = _attribute(new[each]) if new.get(each) is not None else ""
            request = {**physical.path, "AttributeName": each, "AttributeValue": value}
            control("sns:SetTopicAttributes", request)
    for each in new.get("Subscription") or ():
        if each not in (old.get("Subscription") or ()):
            control("sns:Subscribe", {**physical.path, **only(each, "Protocol", "Endpoint")})
    added, gone = tag_changes(old, new)
    if added:
        control("sns:TagResource", {"ResourceArn": physical.id, "Tags": listed(added)})
    if gone:
        control("sns:UntagResource", {"ResourceArn": physical.id, "TagKeys": gone})


def _remove_topic(control: Control, physical: Physical) -> None:
    control("sns:DeleteTopic", physical.path)


# -- CloudWatch Logs ---------------------------------------------------------------------------------------------------


def _make_group(control: Control, properties: Record, name: str) -> Physical:
    group = properties.get("LogGroupName") or name
    request: Record = {"logGroupName": group}
    for member, each in (("KmsKeyId", "kmsKeyId"), ("LogGroupClass", "logGroupClass")):
        if properties.get(member):
            request[each] = properties[member]
    if properties.get("Tags"):
        request["tags"] = tag_map(properties)
    control("logs:CreateLogGroup", request)
    if properties.get("RetentionInDays"):
        control("logs:PutRetentionPolicy", {"logGroupName": group, "retentionInDays": properties["RetentionInDays"]})
    found = control("logs:DescribeLogGroups", {"logGroupNamePrefix": group})["logGroups"]
    arn = next(each["arn"] for each in found if each["logGroupName"] == group)
    return Physical(group, {"Arn": arn if arn.endswith(":*") else f"{arn}:*"}, {"logGroupName": group})


def _change_group(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if differs(old, new, "RetentionInDays"):
        if new.get("RetentionInDays"):
            control("logs:PutRetentionPolicy", {**physical.path, "retentionInDays": new["RetentionInDays"]})
        else:
            control("logs:DeleteRetentionPolicy", physical.path)
    added, gone = tag_changes(old, new)
    if added:
        control("logs:TagLogGroup", {**physical.path, "tags": added})
    if gone:
        control("logs:UntagLogGroup", {**physical.path, "tags": gone})


def _remove_group(control: Control, physical: Physical) -> None:
    control("logs:DeleteLogGroup", physical.path)


# -- Step Functions ----------------------------------------------------------------------------------------------------


def _definition(properties: Record) -> str:
    if properties.get("DefinitionS3Location"):
        raise BadRequestException("DefinitionS3Location is not read here: give the definition in the template.")
    written = text(properties.get("DefinitionString") or properties.get("Definition") or {})
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        written = written.replace("${" + name + "}", str(value))
    return written


def _machine(properties: Record) -> Record:
    request: Record = {"definition": _definition(properties), "roleArn": properties["RoleArn"]}
    for member in ("LoggingConfiguration", "TracingConfiguration"):
        if properties.get(member):
            request[member[:1].lower() + member[1:]] = small(properties[member])
    return request


def _make_machine(control: Control, properties: Record, name: str) -> Physical:
    machine = properties.get("StateMachineName") or shortened(name, 80)
    request = {"name": machine, "type": properties.get("StateMachineType") or "STANDARD", **_machine(properties)}
    if properties.get("Tags"):
        request["tags"] = small(listed(tag_map(properties)))
    arn = control("stepfunctions:CreateStateMachine", request)["stateMachineArn"]
    return Physical(arn, {"Arn": arn, "Name": machine}, {"stateMachineArn": arn})


def _change_machine(control: Control, physical: Physical, old: Record, new: Record) -> None:
    control("stepfunctions:UpdateStateMachine", {**physical.path, **_machine(new)})
    added, gone = tag_changes(old, new)
    if added:
        control("stepfunctions:TagResource", {"resourceArn": physical.id, "tags": small(listed(added))})
    if gone:
        control("stepfunctions:UntagResource", {"resourceArn": physical.id, "tagKeys": gone})


def _remove_machine(control: Control, physical: Physical) -> None:
    control("stepfunctions:DeleteStateMachine", physical.path)


TYPES = (
    Managed(
        type="AWS::SQS::Queue", make=_make_queue, change=_change_queue, remove=_remove_queue,
        replaces=frozenset({"QueueName", "FifoQueue"}),
    ),
    Managed(
        type="AWS::SNS::Topic", make=_make_topic, change=_change_topic, remove=_remove_topic,
        replaces=frozenset({"TopicName", "FifoTopic"}),
    ),
    Managed(
        type="AWS::Logs::LogGroup", make=_make_group, change=_change_group, remove=_remove_group,
        replaces=frozenset({"LogGroupName", "LogGroupClass"}),
    ),
    Managed(
        type="AWS::StepFunctions::StateMachine", make=_make_machine, change=_change_machine, remove=_remove_machine,
        replaces=frozenset({"StateMachineName", "StateMachineType"}),
    ),
)  # fmt: skip
