"""Records as functions get them from queues, streams, topics: the shapes of AWS's event sources.

Belongs here: pure functions from moto's objects to JSON. Never here: sending them.

Follows https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, with-kinesis.html, with-ddb.html, with-sns.html.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus


def sqs_record(message: Any, queue_arn: str, region: str) -> dict[str, Any]:
    """A message as SQS hands it to a function."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": str(message.sender_id),
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    trace = (message.system_attributes or {}).get("AWSTraceHeader")
    if trace:
        attributes["AWSTraceHeader"] = trace.get("string_value") or trace.get("StringValue") or ""
    if queue_arn.endswith(".fifo"):
        attributes["SequenceNumber"] = str(message.sequence_number or f"{int(message.sent_timestamp) * 1000:020d}")
        attributes["MessageGroupId"] = str(message.group_id)
        attributes["MessageDeduplicationId"] = str(message.deduplication_id)
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {}
    if value.get("StringValue") is not None:
        shaped["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        binary = value["BinaryValue"]
        shaped["binaryValue"] = base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary
    return {**shaped, "stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType", "String")}


def kinesis_record(
    *, stream: str, shard: str, partition_key: str, sequence: str, data: str, region: str, at: float
) -> dict[str, Any]:
    """A record of a Kinesis stream; ``data`` is base64 already."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": sequence,
            "data": data,
            "approximateArrivalTimestamp": round(at, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "",
        "awsRegion": region,
        "eventSourceARN": stream,
    }


def stream_record(item: Any, source: str, region: str) -> dict[str, Any]:
    """A change of a DynamoDB table."""
    record = item.to_json()
    change = dict(record["dynamodb"])
    made = change.get("ApproximateCreationDateTime")
    if isinstance(made, datetime):
        change["ApproximateCreationDateTime"] = int(made.timestamp())
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": record["eventSource"],
        "awsRegion": region,
        "dynamodb": change,
        "eventSourceARN": source,
    }


def s3_record(short: dict[str, Any], bucket: Any, key: Any) -> dict[str, Any]:
    """An object's event, from what moto tells of it: who and whence, and the key escaped but for its slashes."""
    at, account = short["eventTime"], bucket.account_id
    shown: dict[str, Any] = {"key": quote_plus(key.name, safe="/")}
    if not short["eventName"].startswith("ObjectRemoved"):
        shown |= {"size": short["s3"]["object"]["size"], "eTag": short["s3"]["object"]["eTag"]}
    if bucket.is_versioned and key.version_id:
        shown["versionId"] = key.version_id
    # Only its order among the events of one key counts.
    shown["sequencer"] = f"{int(datetime.fromisoformat(at.replace('Z', '+00:00')).timestamp() * 1000):018X}"
    place = short["s3"]
    named = {**place["bucket"], "ownerIdentity": {"principalId": account}}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": short["awsRegion"],
        "eventTime": at,
        "eventName": short["eventName"],
        "userIdentity": {"principalId": f"AWS:{account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": shown["sequencer"], "x-amz-id-2": shown["sequencer"]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": place["configurationId"],
            "bucket": {"name": named["name"], "ownerIdentity": named["ownerIdentity"], "arn": named["arn"]},
            "object": shown,
        },
    }


def sns_record(
    subscription_arn: str, topic_arn: str, post: dict[str, Any], attributes: dict[str, Any] | None
) -> dict[str, Any]:
    """A topic's message; ``post`` is what an HTTP subscriber would get."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": post["MessageId"],
            "TopicArn": topic_arn,
            "Subject": post.get("Subject"),
            "Message": post["Message"],
            "Timestamp": post["Timestamp"],
            "SignatureVersion": post.get("SignatureVersion", "1"),
            "Signature": post.get("Signature", ""),
            "SigningCertUrl": post.get("SigningCertURL", ""),
            "UnsubscribeUrl": post.get("UnsubscribeURL", ""),
            "MessageAttributes": {
                name: {"Type": value["Type"], "Value": _plain(value["Value"])}
                for name, value in (attributes or {}).items()
            },
        },
    }


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
