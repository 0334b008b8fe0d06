"""AWS::Lambda::Function, and AWS::IAM::Role that it runs as."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from emulator.cloudformation.managed import Managed, differs, listed, only, shortened, tag_changes, tag_map, text
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record

# What code in a template can require: ``send(event, context, status, data, physicalResourceId, noEcho)``.
CFN_RESPONSE = """
exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';
exports.send = (event, context, status, data, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: status,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const url = new URL(event.ResponseURL);
  const client = require(url.protocol === 'http:' ? 'http' : 'https');
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
  const request = client.request(url, { method: 'PUT', headers }, () => context.done());
  request.on('error', (error) => {
    console.log(`The response could not be sent: ${error}`);
    context.done();
  });
  request.end(body);
};
"""


def zipped(code: str) -> bytes:
    """The archive of code written in a template: ``index``, in the language the runtime reads, and AWS's helper."""
    from moto.utilities.utils import load_resource_as_str

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.py", code)
        archive.writestr("index.js", code)
        archive.writestr("cfnresponse.py", load_resource_as_str("awslambda/resources/cfnresponse.py.txt"))
        archive.writestr("node_modules/cfn-response/index.js", CFN_RESPONSE)
    return target.getvalue()


# -- Lambda ------------------------------------------------------------------------------------------------------------

_SETTINGS: dict[str, Any] = {  # and what each is when a template leaves it out
    "Role": None, "Handler": None, "Runtime": None, "Description": "", "Timeout": 3, "MemorySize": 128,
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}, "Environment": {"Variables": {}},
    "DeadLetterConfig": {"TargetArn": ""}, "TracingConfig": {"Mode": "PassThrough"}, "KMSKeyArn": "", "Layers": [],
    "FileSystemConfigs": [], "ImageConfig": None, "EphemeralStorage": {"Size": 512}, "LoggingConfig": None,
    "SnapStart": None,
}  # fmt: skip
_NAMES = {"KmsKeyArn": "KMSKeyArn"}


def _spelled(properties: Record) -> Record:
    return {_NAMES.get(name, name): value for name, value in properties.items()}


def _code(properties: Record) -> Record:
    code = dict(properties.get("Code") or {})
    if "ZipFile" in code:
        return {"ZipFile": zipped(str(code["ZipFile"]))}
    return only(code, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")


def _make_function(control: Control, properties: Record, name: str) -> Physical:
    given = _spelled(properties)
    request = {
        "FunctionName": properties.get("FunctionName") or shortened(name, 64),
        "Code": _code(properties),
        **only(given, *_SETTINGS, "Architectures", "PackageType", "CodeSigningConfigArn"),
    }
    if properties.get("Tags"):
        request["Tags"] = tag_map(properties)
    made = control("lambda:CreateFunction", request)
    physical = Physical(
        made["FunctionName"], {"Arn": made["FunctionArn"]}, {"FunctionName": made["FunctionName"]}
    )
    _concurrency(control, physical, {}, properties)
    return physical


def _change_function(control: Control, physical: Physical, old: Record, new: Record) -> None:
    before, after = _spelled(old), _spelled(new)
    if differs(before, after, "Code", "Architectures"):
        control("lambda:UpdateFunctionCode", {**physical.path, **_code(new), **only(after, "Architectures")})
    request = {
        name: after[name] if after.get(name) is not None else default
        for name, default in _SETTINGS.items()
        if differs(before, after, name) and (after.get(name) is not None or default is not None)
    }
    if request:
        control("lambda:UpdateFunctionConfiguration", {**physical.path, **request})
    _concurrency(control, physical, old, new)
    added, gone = tag_changes(old, new)
    if added:
        control("lambda:TagResource", {"Resource": physical.attributes["Arn"], "Tags": added})
    if gone:
        control("lambda:UntagResource", {"Resource": physical.attributes["Arn"], "TagKeys": gone})


def _concurrency(control: Control, physical: Physical, old: Record, new: Record) -> None:
    name = "ReservedConcurrentExecutions"
    if not differs(old, new, name):
        return
    if new.get(name) is None:
        control("lambda:DeleteFunctionConcurrency", physical.path)
    else:
        control("lambda:PutFunctionConcurrency", {**physical.path, name: new[name]})


def _remove_function(control: Control, physical: Physical) -> None:
    control("lambda:DeleteFunction", physical.path)


# -- IAM ---------------------------------------------------------------------------------------------------------------


def _make_role(control: Control, properties: Record, name: str) -> Physical:
    role = properties.get("RoleName") or shortened(name, 64)
    request = {
        "RoleName": role,
        "AssumeRolePolicyDocument": text(properties["AssumeRolePolicyDocument"]),
        **only(properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary"),
    }
    if properties.get("Tags"):
        request["Tags"] = listed(tag_map(properties))
    made = control("iam:CreateRole", request)["Role"]
    physical = Physical(role, {"Arn": made["Arn"], "RoleId": made["RoleId"]}, {"RoleName": role})
    _role_policies(control, physical, {}, properties)
    return physical


def _policy(document: Any) -> str:
    """A policy's text. One without a version (SAM's are) is taken by AWS, and refused by moto."""
    return text({"Version": "2012-10-17", **document} if isinstance(document, dict) else document)


def _role_policies(control: Control, physical: Physical, old: Record, new: Record) -> None:
    before, after = (
        {each["PolicyName"]: _policy(each["PolicyDocument"]) for each in properties.get("Policies") or ()}
        for properties in (old, new)
    )
    for name, document in after.items():
        if before.get(name) != document:
            control("iam:PutRolePolicy", {**physical.path, "PolicyName": name, "PolicyDocument": document})
    for name in before:
        if name not in after:
            control("iam:DeleteRolePolicy", {**physical.path, "PolicyName": name})
    had, wanted = (list(properties.get("ManagedPolicyArns") or ()) for properties in (old, new))
    for arn in wanted:
        if arn not in had:
            control("iam:AttachRolePolicy", {**physical.path, "PolicyArn": arn})
    for arn in had:
        if arn not in wanted:
            control("iam:DetachRolePolicy", {**physical.path, "PolicyArn": arn})


def _change_role(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if differs(old, new, "AssumeRolePolicyDocument"):
        document = text(new["AssumeRolePolicyDocument"])
        control("iam:UpdateAssumeRolePolicy", {**physical.path, "PolicyDocument": document})
    if differs(old, new, "Description", "MaxSessionDuration"):
        given = {"Description": new.get("Description") or "", "MaxSessionDuration": new.get("MaxSessionDuration", 3600)}
        control("iam:UpdateRole", {**physical.path, **given})
    if differs(old, new, "PermissionsBoundary"):
        if new.get("PermissionsBoundary"):
            control("iam:PutRolePermissionsBoundary", {**physical.path, **only(new, "PermissionsBoundary")})
        else:
            control("iam:DeleteRolePermissionsBoundary", physical.path)
    _role_policies(control, physical, old, new)
    added, gone = tag_changes(old, new)
    if added:
        control("iam:TagRole", {**physical.path, "Tags": listed(added)})
    if gone:
        control("iam:UntagRole", {**physical.path, "TagKeys": gone})


def _remove_role(control: Control, physical: Physical) -> None:
    for name in control("iam:ListRolePolicies", physical.path).get("PolicyNames") or ():
        control("iam:DeleteRolePolicy", {**physical.path, "PolicyName": name})
    for each in control("iam:ListAttachedRolePolicies", physical.path).get("AttachedPolicies") or ():
        control("iam:DetachRolePolicy", {**physical.path, "PolicyArn": each["PolicyArn"]})
    control("iam:DeleteRole", physical.path)


TYPES = (
    Managed(
        type="AWS::Lambda::Function", make=_make_function, change=_change_function, remove=_remove_function,
        replaces=frozenset({"FunctionName", "PackageType"}),
    ),
    Managed(
        type="AWS::IAM::Role", make=_make_role, change=_change_role, remove=_remove_role,
        replaces=frozenset({"RoleName", "Path"}),
    ),
)  # fmt: skip
