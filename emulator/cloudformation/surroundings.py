"""More types of other services that stacks around an API have, in the terms of ``others.py``."""

from __future__ import annotations

import json

from emulator.cloudformation.managed import small
from emulator.cloudformation.others import Served
from emulator.store.records import Record

_GROUP = "logGroupName"


def _small(parameters: Record) -> Record:
    made: Record = small(parameters)
    return made


def _schedule(parameters: Record) -> Record:
    target = parameters.get("Target") or {}
    if isinstance(target.get("Input"), dict):
        target["Input"] = json.dumps(target["Input"])
    return parameters


def _inline_policy(parameters: Record) -> Record:
    document = parameters["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    return {"TopicArn": parameters["TopicArn"], "AttributeName": "Policy", "AttributeValue": text}


SURROUNDINGS: dict[str, Served] = {
    kind.type: kind
    for kind in (
        Served(
            type="AWS::Lambda::EventInvokeConfig", create="lambda:PutFunctionEventInvokeConfig", update="=",
            delete="lambda:DeleteFunctionEventInvokeConfig", id="=FunctionName",
            keep={"FunctionName": "=FunctionName", "Qualifier": "=Qualifier"},
            fixed=frozenset({"FunctionName", "Qualifier"}),
        ),
        Served(
            type="AWS::Lambda::Version", create="lambda:PublishVersion", delete="lambda:DeleteFunction", update="=",
            id="FunctionArn", keep={"FunctionName": "=FunctionName", "Qualifier": "Version"},
            attributes={"Version": "Version", "FunctionArn": "FunctionArn"},
            drop=("ProvisionedConcurrencyConfig", "RuntimePolicy", "FunctionScalingConfig"),
            fixed=frozenset({"FunctionName", "Description", "CodeSha256"}),
        ),
        Served(
            type="AWS::Logs::SubscriptionFilter", create="logs:PutSubscriptionFilter", update="=", shape=_small,
            delete="logs:DeleteSubscriptionFilter", named="FilterName", id="=filterName",
            drop=("ApplyOnTransformedLogs", "EmitSystemFields", "FieldSelectionCriteria"),
            keep={_GROUP: "=logGroupName", "filterName": "=filterName"},
            fixed=frozenset({"FilterName", "LogGroupName"}),
        ),
        Served(
            type="AWS::Logs::MetricFilter", create="logs:PutMetricFilter", update="=", shape=_small,
            delete="logs:DeleteMetricFilter", named="FilterName", id="=filterName",
            drop=("ApplyOnTransformedLogs", "EmitSystemFieldDimensions", "FieldSelectionCriteria"),
            keep={_GROUP: "=logGroupName", "filterName": "=filterName"},
            fixed=frozenset({"FilterName", "LogGroupName"}),
        ),
        Served(
            type="AWS::Scheduler::Schedule", create="scheduler:CreateSchedule", update="scheduler:UpdateSchedule",
            delete="scheduler:DeleteSchedule", named="Name", id="=Name",
            keep={"Name": "=Name", "GroupName": "=GroupName"},
            fixed=frozenset({"Name", "GroupName"}), attributes={"Arn": "ScheduleArn"}, shape=_schedule,
        ),
        Served(
            type="AWS::SNS::TopicInlinePolicy", create="sns:SetTopicAttributes", update="=", id="=TopicArn",
            shape=_inline_policy, fixed=frozenset({"TopicArn"}),
        ),
        # moto's CodeDeploy deletes nothing. An alias that is deployed gradually changes at once here.
        Served(
            type="AWS::CodeDeploy::Application", create="codedeploy:CreateApplication", id="=applicationName",
            named="applicationName", shape=_small, drop=("Tags",), rename={"ApplicationName": "applicationName"},
        ),
        Served(
            type="AWS::CodeDeploy::DeploymentGroup", create="codedeploy:CreateDeploymentGroup", shape=_small,
            id="=deploymentGroupName", named="deploymentGroupName", drop=("Tags", "Deployment"),
            rename={"DeploymentGroupName": "deploymentGroupName"},
        ),
        Served(
            type="AWS::ApplicationAutoScaling::ScalableTarget", update="=",
            create="application-autoscaling:RegisterScalableTarget", id="=ResourceId",
            delete="application-autoscaling:DeregisterScalableTarget", drop=("ScheduledActions",),
            keep={each: f"={each}" for each in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
            fixed=frozenset({"ServiceNamespace", "ResourceId", "ScalableDimension"}),
        ),
    )
}  # fmt: skip
