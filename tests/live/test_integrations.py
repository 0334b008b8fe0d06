"""Integrations, whole: HTTP backends, AWS services, VPC links, streams, through a running emulator."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.backend import ACCOUNT, AWS, ROLE, Echo, echo, make_api, raw
from tests.live.daemon import Daemon, get


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    with echo() as port:
        yield port


def url(daemon: Daemon, api: str, path: str) -> str:
    return f"{daemon.url}/restapis/{api}/prod/_user_request_{path}"


def http_proxy(uri: str, **more: Any) -> dict[str, Any]:
    return {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": uri, **more}


def test_http_backends(shared: Daemon, clients: Any, backend: int) -> None:
    base = f"http://127.0.0.1:{backend}"
    api = make_api(
        clients("apigateway"),
        {
            "/p/{proxy+}": http_proxy(
                f"{base}/{{proxy}}", requestParameters={"integration.request.path.proxy": "method.request.path.proxy"}
            ),
            "/http": {
                "type": "HTTP",
                "integrationHttpMethod": "POST",
                "uri": "http://${stageVariables.host}/status/404",
                "responses": {"200": {}, "404": {"selectionPattern": "4\\d\\d"}},
            },
            "/refused": http_proxy("http://127.0.0.1:1/"),
            "/nowhere": http_proxy("http://nowhere.invalid/"),
        },
        variables={"host": f"127.0.0.1:{backend}"},
    )
    asked = json.loads(get(url(shared, api, "/p/a//b%2Fc?x=2&x=1&y=a%20b"), "POST", b"\x00hi", X_MiXed="1")[2])
    assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/a//b%2Fc?x=2&x=1&y=a%20b", "\x00hi")
    assert ["User-Agent", f"AmazonAPIGateway_{api}"] not in asked["headers"]  # urllib's own goes through
    assert ["X-Amzn-Apigateway-Api-Id", api] in asked["headers"]
    connection = http.client.HTTPConnection(urlsplit(shared.url).netloc)
    connection.request("GET", urlsplit(url(shared, api, "/p/cookies")).path)
    with connection.getresponse() as answer:
        assert answer.status == 302
        assert answer.msg.get_all("Set-Cookie") == ["a=1", "b=2"]
    connection.close()
    assert get(url(shared, api, "/http"), "POST", b"{}")[0] == 404
    status, _, body = get(url(shared, api, "/refused"))
    assert (status, json.loads(body)) == (504, {"message": "Network error communicating with endpoint"})
    status, _, body = get(url(shared, api, "/nowhere"))
    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b""])
def test_backends_that_break(shared: Daemon, clients: Any, said: bytes) -> None:
    with raw(said) as port:
        api = make_api(clients("apigateway"), {"/x": http_proxy(f"http://127.0.0.1:{port}/")})
        assert get(url(shared, api, "/x"), "POST", b"x")[0] == 504


def test_a_backend_that_hangs_and_a_caller_that_leaves(shared: Daemon, clients: Any) -> None:
    with raw(None) as port:
        api = make_api(clients("apigateway"), {"/x": http_proxy(f"http://127.0.0.1:{port}/", timeoutInMillis=100)})
        status, _, body = get(url(shared, api, "/x"))
        assert (status, json.loads(body)) == (504, {"message": "Endpoint request timed out"})
    left = threading.Event()
    with raw(None, left) as port:
        api = make_api(clients("apigateway"), {"/x": http_proxy(f"http://127.0.0.1:{port}/")})
        parts = urlsplit(url(shared, api, "/x"))
        with socket.create_connection((parts.hostname, parts.port)) as caller:
            caller.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert not left.wait(0.2)
        assert left.wait(5)


def test_the_emulators_own_pages_are_out_of_reach(shared: Daemon, clients: Any) -> None:
    api = make_api(
        clients("apigateway"),
        {
            "/reset": http_proxy(f"{shared.url}/_emulator/reset"),
            "/apis": http_proxy(f"{shared.url}/restapis"),
        },
    )
    assert get(url(shared, api, "/reset"), "POST", b"")[0] == 403
    assert get(url(shared, api, "/apis"))[0] == 403


def test_the_first_byte_of_a_stream(shared: Daemon, clients: Any, backend: int) -> None:
    api = make_api(
        clients("apigateway"),
        {"/s": http_proxy(f"http://127.0.0.1:{backend}/chunks", responseTransferMode="STREAM", timeoutInMillis=60000)},
    )
    Echo.hold.clear()
    connection = http.client.HTTPConnection(urlsplit(shared.url).netloc, timeout=20)
    connection.request("GET", urlsplit(url(shared, api, "/s")).path)
    with connection.getresponse() as answer:
        assert answer.read1(100) == b"first"
        Echo.hold.set()
        assert answer.read() == b"last"
    connection.close()


def test_a_stream_of_100_megabytes_needs_no_memory(shared: Daemon, clients: Any, backend: int) -> None:
    api = make_api(
        clients("apigateway"),
        {
            "/s": http_proxy(f"http://127.0.0.1:{backend}/big", responseTransferMode="STREAM"),
            "/b": http_proxy(f"http://127.0.0.1:{backend}/big"),
        },
    )

    def resident() -> int:
        status = Path(f"/proc/{shared.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    assert get(url(shared, api, "/b"))[0] == 500  # past 10 MB without streaming
    before = most = resident()
    connection = http.client.HTTPConnection(urlsplit(shared.url).netloc, timeout=60)
    connection.request("GET", urlsplit(url(shared, api, "/s")).path)
    total = 0
    with connection.getresponse() as answer:
        while part := answer.read(1 << 20):
            total += len(part)
            most = max(most, resident())
    connection.close()
    assert total == 100 << 20
    assert most - before < 10 * 1024


def service(rest: str, template: str = "", method: str = "POST", **more: Any) -> dict[str, Any]:
    made = {"type": "AWS", "integrationHttpMethod": method, "uri": AWS + rest, "credentials": ROLE, **more}
    made.setdefault("responses", {"200": {}, "400": {"selectionPattern": "4.."}})
    if template:
        made["requestTemplates"] = {"application/json": template}
    return made


def test_aws_services(shared: Daemon, clients: Any) -> None:
    queue = clients("sqs").create_queue(QueueName="integrations")["QueueUrl"]
    topic = clients("sns").create_topic(Name="integrations")["TopicArn"]
    clients("dynamodb").create_table(
        TableName="integrations",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    clients("ssm").put_parameter(Name="/integrations", Value="v", Type="String")
    machine = clients("stepfunctions").create_state_machine(
        name="integrations", type="EXPRESS", roleArn=ROLE,
        definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"x": 1}, "End": True}}}),
    )["stateMachineArn"]  # fmt: skip
    form = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
    api = make_api(
        clients("apigateway"),
        {
            "/sqs": service(
                f"sqs:path/{ACCOUNT}/integrations",
                "Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
                requestParameters=form,
            ),
            "/sns": service(
                "sns:action/Publish",
                requestParameters={
                    "integration.request.querystring.TopicArn": f"'{topic}'",
                    "integration.request.querystring.Message": "method.request.querystring.m",
                },
            ),
            "/put": service(
                "dynamodb:action/PutItem", """{"TableName":"integrations","Item":{"id":{"S":"$input.path('$.id')"}}}"""
            ),
            "/scan": service("dynamodb:action/Scan", '{"TableName":"nosuch"}'),
            "/ssm": service(
                "ssm:action/GetParameter", requestParameters={"integration.request.querystring.Name": "'/integrations'"}
            ),
            "/sync": service("states:action/StartSyncExecution", f'{{"stateMachineArn":"{machine}","input":"{{}}"}}'),
            "/who": service("sts:action/GetCallerIdentity"),
            "/refused": service("ssm:action/GetParameter", "{}"),
            "/apis": service("apigateway:path/restapis", method="GET"),
            "/none": service(
                "translate:action/TranslateText", '{"Text":"hi","SourceLanguageCode":"en","TargetLanguageCode":"de"}'
            ),
        },
    )
    sent = json.loads(get(url(shared, api, "/sqs"), "POST", b'{"a": "b & c"}', Content_Type="application/json")[2])
    assert sent["SendMessageResponse"]["SendMessageResult"]["SequenceNumber"] is None
    assert clients("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == '{"a": "b & c"}'
    assert "MessageId" in json.loads(get(url(shared, api, "/sns?m=hi"))[2])["PublishResponse"]["PublishResult"]
    assert get(url(shared, api, "/put"), "POST", b'{"id": "7"}', Content_Type="application/json")[2] == b"{}"
    assert clients("dynamodb").scan(TableName="integrations")["Items"] == [{"id": {"S": "7"}}]
    assert get(url(shared, api, "/scan"))[0] == 400
    got = json.loads(get(url(shared, api, "/ssm"))[2])
    assert got["GetParameterResponse"]["GetParameterResult"]["Parameter"]["Value"] == "v"
    ran = json.loads(get(url(shared, api, "/sync"))[2])
    assert (ran["status"], ran["output"]) == ("SUCCEEDED", '{"x":1}')
    who = json.loads(get(url(shared, api, "/who"))[2])["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE.rpartition('/')[2]}/BackplaneAssumeRoleSession"
    status, _, refused = get(url(shared, api, "/refused"))
    assert (status, json.loads(refused)["__type"]) == (400, "ValidationException")
    assert api in [each["id"] for each in json.loads(get(url(shared, api, "/apis"))[2])["item"]]
    assert get(url(shared, api, "/none"))[0] == 501


def test_objects_of_s3(shared: Daemon, clients: Any) -> None:
    clients("s3").create_bucket(Bucket="integrations")
    both = {
        "integration.request.path.bucket": "method.request.path.bucket",
        "integration.request.path.key": "method.request.path.key",
    }
    api = make_api(
        clients("apigateway"),
        {
            "/get/{bucket}/{key}": service("s3:path/{bucket}/{key}", method="GET", requestParameters=both),
            "/put/{bucket}/{key}": service(
                "s3:path/{bucket}/{key}",
                method="PUT",
                requestParameters={
                    **both, "integration.request.header.Content-Type": "method.request.header.Content-Type",
                },
            ),
        },
    )  # fmt: skip
    picture = bytes(range(256)) * 20
    assert get(url(shared, api, "/put/integrations/p.png"), "PUT", picture, Content_Type="image/png")[0] == 200
    stored = clients("s3").get_object(Bucket="integrations", Key="p.png")
    with stored["Body"] as body:
        assert (stored["ContentType"], body.read()) == ("image/png", picture)
    assert get(url(shared, api, "/get/integrations/p.png"), Accept="image/png")[2] == picture
    status, _, body = get(url(shared, api, "/get/integrations/..%2F..%2Fetc%2Fpasswd"))
    assert status == 400
    assert b"NoSuchKey" in body


def test_vpc_links(shared: Daemon, clients: Any, backend: int) -> None:
    network = clients("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = clients("ec2").create_subnet(VpcId=network, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    elb = clients("elbv2")
    balancer = elb.create_load_balancer(Name="inner", Type="network", Subnets=[subnet])["LoadBalancers"][0]
    group = elb.create_target_group(Name="inner", Protocol="TCP", Port=backend, VpcId=network, TargetType="ip")
    group_arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group_arn, Targets=[{"Id": "127.0.0.1", "Port": backend}])
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="TCP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group_arn}],
    )  # fmt: skip
    gateway = clients("apigateway")
    link = gateway.create_vpc_link(name="inner", targetArns=[balancer["LoadBalancerArn"]])["id"]
    through = {"connectionType": "VPC_LINK", "connectionId": "${stageVariables.link}"}
    api = make_api(
        gateway,
        {
            "/v": http_proxy("http://inside.example/path", **through),
            "/none": http_proxy("http://inside.example:81/path", **through),
        },
        variables={"link": link},
    )
    asked = json.loads(get(url(shared, api, "/v?a=1"))[2])
    assert asked["path"] == "/path?a=1"
    assert ["Host", "inside.example"] in asked["headers"]
    assert get(url(shared, api, "/none"))[0] == 500
