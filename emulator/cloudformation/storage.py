"""AWS::DynamoDB::Table and AWS::S3::Bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.cloudformation.managed import Managed, differs, listed, only, tag_changes, tag_map
from emulator.cloudformation.resources import Control, Physical, boolean
from emulator.store.records import Record

# -- DynamoDB ----------------------------------------------------------------------------------------------------------

_TABLE = (
    "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode",
    "ProvisionedThroughput", "TableClass", "DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput",
)  # fmt: skip
_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput")
_CHANGEABLE = (
    "AttributeDefinitions", "BillingMode", "ProvisionedThroughput", "TableClass", "DeletionProtectionEnabled",
)  # fmt: skip


def make_table(control: Control, properties: Record, name: str) -> Physical:
    table = properties.get("TableName") or name
    request = {"TableName": table, **only(properties, *_TABLE), **_stream(properties), **_encryption(properties)}
    if "GlobalSecondaryIndexes" in request:
        request["GlobalSecondaryIndexes"] = [only(each, *_INDEX) for each in request["GlobalSecondaryIndexes"]]
    if request.get("BillingMode") == "PAY_PER_REQUEST":
        request.pop("ProvisionedThroughput", None)
    if properties.get("Tags"):
        request["Tags"] = listed(tag_map(properties))
    made = control("dynamodb:CreateTable", request)["TableDescription"]
    _table_settings(control, table, {}, properties)
    return _table(made)


def _table(description: Record) -> Physical:
    attributes = {"Arn": description["TableArn"], "StreamArn": description.get("LatestStreamArn", "")}
    return Physical(description["TableName"], attributes, {"TableName": description["TableName"]})


def _stream(properties: Record) -> Record:
    given = properties.get("StreamSpecification")
    if not given:
        return {}
    return {"StreamSpecification": {"StreamEnabled": True, **only(given, "StreamViewType")}}


def _encryption(properties: Record) -> Record:
    given = properties.get("SSESpecification")
    if not given:
        return {}
    enabled = boolean(given.get("SSEEnabled"))
    return {"SSESpecification": {"Enabled": enabled, **only(given, "SSEType", "KMSMasterKeyId")}}


def _table_settings(control: Control, table: str, old: Record, new: Record) -> None:
    """What CreateTable does not take."""
    if differs(old, new, "TimeToLiveSpecification"):
        given = new.get("TimeToLiveSpecification") or {**old["TimeToLiveSpecification"], "Enabled": False}
        control("dynamodb:UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": given})
    if differs(old, new, "PointInTimeRecoverySpecification"):
        given = new.get("PointInTimeRecoverySpecification") or {"PointInTimeRecoveryEnabled": False}
        control("dynamodb:UpdateContinuousBackups", {"TableName": table, "PointInTimeRecoverySpecification": given})


def change_table(control: Control, physical: Physical, old: Record, new: Record) -> None:
    request = {each: new[each] for each in _CHANGEABLE if differs(old, new, each) and new.get(each) is not None}
    if new.get("BillingMode") == "PAY_PER_REQUEST":
        request.pop("ProvisionedThroughput", None)
    elif differs(old, new, "BillingMode") and new.get("ProvisionedThroughput"):
        request["BillingMode"] = "PROVISIONED"
        request["ProvisionedThroughput"] = new["ProvisionedThroughput"]
    if differs(old, new, "StreamSpecification"):
        request.update(_stream(new) or {"StreamSpecification": {"StreamEnabled": False}})
    if differs(old, new, "SSESpecification"):
        request.update(_encryption(new) or {"SSESpecification": {"Enabled": False}})
    indexes = _index_changes(old, new)
    if indexes:
        request["AttributeDefinitions"] = new["AttributeDefinitions"]
        request["GlobalSecondaryIndexUpdates"] = indexes
    if request and set(request) != {"AttributeDefinitions"}:
        made = control("dynamodb:UpdateTable", {**physical.path, **request})["TableDescription"]
        physical.attributes["StreamArn"] = made.get("LatestStreamArn", "")
    _table_settings(control, physical.id, old, new)
    added, gone = tag_changes(old, new)
    if added:
        control("dynamodb:TagResource", {"ResourceArn": physical.attributes["Arn"], "Tags": listed(added)})
    if gone:
        control("dynamodb:UntagResource", {"ResourceArn": physical.attributes["Arn"], "TagKeys": gone})


def _index_changes(old: Record, new: Record) -> list[Record]:
    before, after = (
        {each["IndexName"]: each for each in properties.get("GlobalSecondaryIndexes") or ()}
        for properties in (old, new)
    )
    gone: list[Record] = [{"Delete": {"IndexName": name}} for name in before if name not in after]
    return gone + [{"Create": only(index, *_INDEX)} for name, index in after.items() if name not in before]


def remove_table(control: Control, physical: Physical) -> None:
    control("dynamodb:DeleteTable", physical.path)


# -- S3 ----------------------------------------------------------------------------------------------------------------


def _make_bucket(control: Control, properties: Record, name: str) -> Physical:
    bucket = properties.get("BucketName") or name
    request: Record = {"Bucket": bucket, **only(properties, "ObjectOwnership")}
    region = properties["__region__"]
    if region != "us-east-1":
        request["CreateBucketConfiguration"] = {"LocationConstraint": region}
    if boolean(properties.get("ObjectLockEnabled")):
        request["ObjectLockEnabledForBucket"] = True
    if properties.get("AccessControl"):
        request["ACL"] = _acl(properties["AccessControl"])
    control("s3:CreateBucket", request)
    _bucket_settings(control, bucket, {}, properties)
    attributes = {
        "Arn": f"arn:aws:s3:::{bucket}",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "RegionalDomainName": f"{bucket}.s3.{region}.amazonaws.com",
        "DualStackDomainName": f"{bucket}.s3.dualstack.{region}.amazonaws.com",
        "WebsiteURL": f"http://{bucket}.s3-website-{region}.amazonaws.com",
    }
    return Physical(bucket, attributes, {"Bucket": bucket})


def _acl(name: str) -> str:
    """``PublicRead`` is ``public-read``."""
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in name).lstrip("-")


def _change_bucket(control: Control, physical: Physical, old: Record, new: Record) -> None:
    _bucket_settings(control, physical.id, old, new)


def _remove_bucket(control: Control, physical: Physical) -> None:
    control("s3:DeleteBucket", physical.path)


def _bucket_settings(control: Control, bucket: str, old: Record, new: Record) -> None:
    for name, (put, member, removal, convert) in _BUCKET.items():
        if not differs(old, new, name):
            continue
        if new.get(name) or not removal:
            control(f"s3:{put}", {"Bucket": bucket, member: convert(new.get(name) or {})})
        else:
            control(f"s3:{removal}", {"Bucket": bucket})


def _cors(given: Record) -> Record:
    rules = [
        {
            **only(rule, "AllowedHeaders", "AllowedMethods", "AllowedOrigins"),
            **({"ID": rule["Id"]} if rule.get("Id") else {}),
            **({"ExposeHeaders": rule["ExposedHeaders"]} if rule.get("ExposedHeaders") else {}),
            **({"MaxAgeSeconds": rule["MaxAge"]} if rule.get("MaxAge") is not None else {}),
        }
        for rule in given.get("CorsRules") or ()
    ]
    return {"CORSRules": rules}


def _bucket_encryption(given: Record) -> Record:
    rules = []
    for rule in given.get("ServerSideEncryptionConfiguration") or ():
        default = rule.get("ServerSideEncryptionByDefault")
        rules.append(
            {
                **only(rule, "BucketKeyEnabled"),
                **({"ApplyServerSideEncryptionByDefault": default} if default else {}),
            }
        )
    return {"Rules": rules}


def _website(given: Record) -> Record:
    site: Record = {}
    if given.get("IndexDocument"):
        site["IndexDocument"] = {"Suffix": given["IndexDocument"]}
    if given.get("ErrorDocument"):
        site["ErrorDocument"] = {"Key": given["ErrorDocument"]}
    if given.get("RedirectAllRequestsTo"):
        site["RedirectAllRequestsTo"] = given["RedirectAllRequestsTo"]
    return site


def _notifications(given: Record) -> Record:
    told: Record = {
        whole: [
            {
                arn: each[source],
                "Events": [each["Event"]],
                **({"Filter": _filter(each["Filter"])} if each.get("Filter") else {}),
            }
            for each in given[written]
        ]
        for written, whole, arn, source in (
            ("LambdaConfigurations", "LambdaFunctionConfigurations", "LambdaFunctionArn", "Function"),
            ("QueueConfigurations", "QueueConfigurations", "QueueArn", "Queue"),
            ("TopicConfigurations", "TopicConfigurations", "TopicArn", "Topic"),
        )
        if given.get(written)
    }
    if boolean((given.get("EventBridgeConfiguration") or {}).get("EventBridgeEnabled", False)):
        told["EventBridgeConfiguration"] = {}
    return told


def _filter(given: Record) -> Record:
    return {"Key": {"FilterRules": (given.get("S3Key") or {}).get("Rules") or []}}


def _lifecycle(given: Record) -> Record:
    rules = []
    for rule in given.get("Rules") or ():
        made: Record = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        if rule.get("Id"):
            made["ID"] = rule["Id"]
        expiration = {
            **({"Days": rule["ExpirationInDays"]} if rule.get("ExpirationInDays") is not None else {}),
            **({"Date": rule["ExpirationDate"]} if rule.get("ExpirationDate") else {}),
        }
        if expiration:
            made["Expiration"] = expiration
        transitions = rule.get("Transitions") or ([rule["Transition"]] if rule.get("Transition") else [])
        if transitions:
            made["Transitions"] = [
                {"StorageClass": each["StorageClass"], "Days": each.get("TransitionInDays", 0)} for each in transitions
            ]
        if rule.get("NoncurrentVersionExpiration"):
            made["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
        if rule.get("AbortIncompleteMultipartUpload"):
            made["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
        rules.append(made)
    return {"Rules": rules}


def _versioning(given: Record) -> Record:
    return given or {"Status": "Suspended"}  # what was versioned cannot be otherwise again


def _as_it_is(given: Record) -> Record:
    return given


def _tagging(given: list[Record]) -> Record:
    return {"TagSet": [{"Key": each["Key"], "Value": str(each["Value"])} for each in given]}


#: Property -> the call that puts it, the member it goes in, the call that takes it away, and what it is there.
_BUCKET: dict[str, tuple[str, str, str, Callable[[Any], Record]]] = {
    "VersioningConfiguration": ("PutBucketVersioning", "VersioningConfiguration", "", _versioning),
    "CorsConfiguration": ("PutBucketCors", "CORSConfiguration", "DeleteBucketCors", _cors),
    "BucketEncryption": (
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", "DeleteBucketEncryption", _bucket_encryption,
    ),
    "WebsiteConfiguration": ("PutBucketWebsite", "WebsiteConfiguration", "DeleteBucketWebsite", _website),
    "LifecycleConfiguration": (
        "PutBucketLifecycleConfiguration", "LifecycleConfiguration", "DeleteBucketLifecycle", _lifecycle,
    ),
    "NotificationConfiguration": (
        "PutBucketNotificationConfiguration", "NotificationConfiguration", "", _notifications,
    ),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", "DeletePublicAccessBlock", _as_it_is,
    ),
    "OwnershipControls": (
        "PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls", _as_it_is,
    ),
    "Tags": ("PutBucketTagging", "Tagging", "DeleteBucketTagging", _tagging),
}  # fmt: skip

TYPES = (
    Managed(
        type="AWS::DynamoDB::Table", make=make_table, change=change_table, remove=remove_table,
        replaces=frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}),
    ),
    Managed(
        type="AWS::S3::Bucket", make=_make_bucket, change=_change_bucket, remove=_remove_bucket,
        replaces=frozenset({"BucketName", "ObjectLockEnabled"}),
    ),
)  # fmt: skip
