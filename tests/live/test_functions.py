"""Functions that fail, through API Gateway and through Lambda's own API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.live.daemon import Daemon, get
from tests.live.functions import ROLE, zipped

_CODE = """
import json, os, sys, time
def raises(event, context):
    raise ValueError("boom")
def loops(event, context):
    time.sleep(60)
def exits(event, context):
    os._exit(7)
def nonsense(event, context):
    return ["no", "reply"]
def works(event, context):
    print("hello from works")
    return {"statusCode": 201, "headers": {"X-Mine": "yes"}, "body": json.dumps(event["path"])}
"""
_NAMES = ("raises", "loops", "exits", "nonsense", "works")


@pytest.fixture(scope="module")
def api(shared: Daemon) -> str:
    """An API with a path for each function."""
    import boto3

    session = boto3.session.Session("test", "test", region_name="us-east-1")
    functions = session.client("lambda", endpoint_url=shared.url)
    gateway = session.client("apigateway", endpoint_url=shared.url)
    api = str(gateway.create_rest_api(name="functions")["id"])
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    for name in _NAMES:
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Handler=f"index.{name}", Role=ROLE, Timeout=1,
            Code={"ZipFile": zipped(_CODE)},
        )
        made = gateway.create_resource(restApiId=api, parentId=root, pathPart=name)
        where = {"restApiId": api, "resourceId": made["id"], "httpMethod": "ANY"}
        gateway.put_method(authorizationType="NONE", **where)
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
        gateway.put_integration(
            type="AWS_PROXY", integrationHttpMethod="POST", **where,
            uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
    gateway.create_deployment(restApiId=api, stageName="prod")
    functions.close()
    gateway.close()
    return api


@pytest.mark.parametrize(("name", "status"), [("raises", 502), ("exits", 502), ("nonsense", 502), ("loops", 502)])
def test_a_function_that_fails_is_a_502(shared: Daemon, api: str, name: str, status: int) -> None:
    answered, headers, body = get(f"{shared.url}/restapis/{api}/prod/_user_request_/{name}")
    assert answered == status
    assert json.loads(body) == {"message": "Internal server error"}
    assert headers["x-amzn-ErrorType"] == "InternalServerErrorException"


def test_a_function_that_works(shared: Daemon, api: str) -> None:
    status, headers, body = get(f"{shared.url}/restapis/{api}/prod/_user_request_/works")
    assert (status, headers["X-Mine"], json.loads(body)) == (201, "yes", "/works")


def test_no_such_things(shared: Daemon, api: str) -> None:
    status, headers, body = get(f"{shared.url}/restapis/{api}/prod/_user_request_/nothing")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})
    assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    for path in (f"/restapis/{api}/nostage/_user_request_/works", "/restapis/nosuchapi1/prod/_user_request_/works"):
        status, headers, body = get(shared.url + path)
        assert (status, json.loads(body)) == (403, {"message": "Forbidden"})


def test_invoke_by_boto3(clients: Any, api: str) -> None:
    functions = clients("lambda")
    answer = functions.invoke(FunctionName="works", Payload=b'{"path": "/x"}', LogType="Tail")
    assert json.loads(answer["Payload"].read())["statusCode"] == 201
    assert "FunctionError" not in answer
    answer = functions.invoke(FunctionName="raises", Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "boom"
    answer = functions.invoke(FunctionName="loops", Payload=b"{}")
    assert "Task timed out after 1.00 seconds" in json.loads(answer["Payload"].read())["errorMessage"]
    logs = clients("logs").filter_log_events(logGroupName="/aws/lambda/works")["events"]
    assert any("hello from works" in event["message"] for event in logs)
    with pytest.raises(functions.exceptions.InvalidParameterValueException):
        functions.create_function(
            FunctionName="bad", Runtime="python3.11", Handler="index.x", Role=ROLE, Code={"ZipFile": b"no zip"}
        )


def test_the_trail(clients: Any, api: str) -> None:
    gateway = clients("apigateway")
    made = gateway.create_rest_api(name="trailed")
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.get_rest_api(restApiId="nosuchapi1")
    trail = clients("cloudtrail")
    found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": made["id"]}])
    (event,) = found["Events"]
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventName"] == event["EventName"] == "CreateRestApi"
    assert record["requestParameters"] == {"createRestApiInput": {"name": "trailed"}, "template": False}
    assert record["responseElements"]["id"] == made["id"]
    page = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetRestApi"}])
    assert json.loads(page["Events"][0]["CloudTrailEvent"])["errorCode"] == "NotFoundException"
    first = trail.lookup_events(MaxResults=1)
    second = trail.lookup_events(MaxResults=1, NextToken=first["NextToken"])
    assert first["Events"][0]["EventId"] != second["Events"][0]["EventId"]


def test_other_services(clients: Any) -> None:
    queues = clients("sqs")
    queue = queues.create_queue(QueueName="live")["QueueUrl"]
    queues.send_message(QueueUrl=queue, MessageBody="hi")
    (message,) = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "hi"
    buckets = clients("s3")
    buckets.create_bucket(Bucket="live-bucket")
    buckets.put_object(Bucket="live-bucket", Key="a b/c%20d", Body=b"\x00\xff")
    assert buckets.get_object(Bucket="live-bucket", Key="a b/c%20d")["Body"].read() == b"\x00\xff"
    tables = clients("dynamodb")
    tables.create_table(
        TableName="live", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    tables.put_item(TableName="live", Item={"k": {"S": "v"}})
    assert tables.get_item(TableName="live", Key={"k": {"S": "v"}})["Item"] == {"k": {"S": "v"}}
    with pytest.raises(tables.exceptions.ResourceNotFoundException):
        tables.get_item(TableName="nope", Key={"k": {"S": "v"}})
