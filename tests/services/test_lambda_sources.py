"""What moto's other services do with functions: queues, streams, topics, rules, buckets, logs."""

from __future__ import annotations

import base64
import gzip
import json

from emulator.errors import ServiceError
from tests.lambda_runtime.support import archive
from tests.services.lambda_support import ACCOUNT, REGION, LambdaCase, arn


class QueueTests(LambdaCase):
    def setUp(self) -> None:
        super().setUp()
        self.create()
        attributes = {"VisibilityTimeout": "30"}
        self.queue = self.call("sqs", "CreateQueue", QueueName="q", Attributes=attributes)["QueueUrl"]
        self.source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"

    def map(self, **options: object) -> str:
        made = self.call(
            "lambda", "CreateEventSourceMapping", EventSourceArn=self.source, FunctionName="greet", **options
        )
        return str(made["UUID"])

    def send(self, body: str) -> None:
        attributes = {"k": {"DataType": "String", "StringValue": "v"}}
        self.call("sqs", "SendMessage", QueueUrl=self.queue, MessageBody=body, MessageAttributes=attributes)

    def left(self) -> tuple[int, int]:
        """Messages in the queue: visible ones and those in flight."""
        found = self.call("sqs", "GetQueueAttributes", QueueUrl=self.queue, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])

    def test_handled(self) -> None:
        self.map()
        self.send("hello")
        record = self.event()["Records"][0]
        self.assertEqual(
            (record["body"], record["eventSource"], record["eventSourceARN"]), ("hello", "aws:sqs", self.source)
        )
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(
            record["messageAttributes"],
            {"k": {"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"}},
        )
        self.assertEqual(self.left(), (0, 1))
        self.runtime().answer()
        self.assertEqual(self.left(), (0, 0))

    def test_what_was_there_before(self) -> None:
        for n in range(3):
            self.send(str(n))
        self.map()
        self.assertEqual([each["body"] for each in self.event()["Records"]], ["0", "1", "2"])

    def test_no_more_than_five_batches_at_once(self) -> None:
        for n in range(8):
            self.send(str(n))
        self.map(BatchSize=1)
        self.assertEqual((len(self.starter.runtimes), self.left()), (5, (3, 5)))
        runtime = self.starter.runtimes[0]
        runtime.ask()
        runtime.answer()
        self.assertEqual(self.left(), (2, 5))

    def test_disabled_and_deleted(self) -> None:
        mapping = self.map(Enabled=False)
        self.send("1")
        self.assertEqual(self.starter.runtimes, [])
        self.call("lambda", "UpdateEventSourceMapping", UUID=mapping, Enabled=True)
        self.assertEqual(self.event()["Records"][0]["body"], "1")
        self.call("lambda", "DeleteEventSourceMapping", UUID=mapping)
        self.send("2")
        self.assertEqual(len(self.starter.runtimes), 1)

    def test_an_alias_is_followed(self) -> None:
        self.call("lambda", "PublishVersion", FunctionName="greet")
        self.call("lambda", "CreateAlias", FunctionName="greet", Name="live", FunctionVersion="1")
        mapping = self.call(
            "lambda", "CreateEventSourceMapping", EventSourceArn=self.source, FunctionName="greet:live"
        )
        self.assertEqual(mapping["FunctionArn"], arn("greet:live"))
        self.send("1")
        self.assertEqual(self.runtime().worker.function.version, "1")
        self.runtime().answer()
        code = archive({"index.py": "def handler(event, context): return 2"})
        self.call("lambda", "UpdateFunctionCode", FunctionName="greet", ZipFile=code, Publish=True)
        self.call("lambda", "UpdateAlias", FunctionName="greet", Name="live", FunctionVersion="2")
        self.send("2")
        self.assertEqual(self.runtime().worker.function.version, "2")
        for name, found in (("greet", 0), ("greet:live", 1), (arn("greet:live"), 1)):
            listed = self.call("lambda", "ListEventSourceMappings", FunctionName=name)["EventSourceMappings"]
            self.assertEqual(len(listed), found, name)

    def test_refused(self) -> None:
        uuid = self.map()
        with self.assertRaises(ServiceError) as raised:
            self.map()
        told = f'An event source mapping with SQS arn (" {self.source} ") and function (" greet ") already exists. '
        self.assertEqual(raised.exception.code, "ResourceConflictException")
        rest = f"Please update or delete the existing mapping with UUID {uuid}"
        self.assertEqual(raised.exception.message, told + rest)
        self.call("lambda", "DeleteEventSourceMapping", UUID=uuid)
        self.map()
        self.source += "-not-there"
        with self.assertRaises(ServiceError) as raised:
            self.map()
        self.assertEqual(raised.exception.code, "InvalidParameterValueException")

    def test_failed_messages_come_again(self) -> None:
        """When their visibility timeout is over."""
        self.map()
        self.send("hello")
        runtime = self.runtime()
        runtime.worker.failed(runtime.request_id, b'{"errorType": "E"}', {})
        self.assertEqual(self.left(), (0, 1))
        # moto's queues go by the machine's clock: the message is made visible by hand, the poll by the clock.
        handle = self.event()["Records"][0]["receiptHandle"]
        self.call("sqs", "ChangeMessageVisibility", QueueUrl=self.queue, ReceiptHandle=handle, VisibilityTimeout=0)
        self.clock.advance(31)
        record = self.event()["Records"][0]
        self.assertEqual((record["body"], record["attributes"]["ApproximateReceiveCount"]), ("hello", "2"))

    def test_filters(self) -> None:
        pattern = json.dumps({"body": {"kind": ["wanted"]}})
        self.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
        self.send('{"kind": "other"}')
        self.send("no json")
        self.assertEqual((self.starter.runtimes, self.left()), ([], (0, 0)))
        self.send('{"kind": "wanted"}')
        self.assertEqual([each["body"] for each in self.event()["Records"]], ['{"kind": "wanted"}'])

    def test_partial_failures(self) -> None:
        self.send("0")
        self.send("1")
        self.map(FunctionResponseTypes=["ReportBatchItemFailures"])
        failed = self.event()["Records"][1]["messageId"]
        self.runtime().answer(json.dumps({"batchItemFailures": [{"itemIdentifier": failed}]}).encode())
        self.assertEqual(self.left(), (0, 1))


    def test_a_delayed_message_is_polled_when_it_is_due(self) -> None:
        self.map()
        self.call("sqs", "SendMessage", QueueUrl=self.queue, MessageBody="late", DelaySeconds=5)
        self.assertEqual(self.starter.runtimes, [])
        # moto's queues go by the machine's clock: the message is made visible by hand, the poll by the clock.
        from moto.sqs.models import sqs_backends

        sqs_backends[ACCOUNT][REGION].queues["q"]._messages[0].delayed_until = 0
        self.clock.advance(6)
        self.assertEqual(self.event()["Records"][0]["body"], "late")

    def test_a_batching_window(self) -> None:
        self.map(MaximumBatchingWindowInSeconds=5, BatchSize=3)
        self.send("0")
        self.clock.advance(4)
        self.send("1")
        self.assertEqual(self.starter.runtimes, [])
        self.clock.advance(1)
        self.assertEqual([each["body"] for each in self.event()["Records"]], ["0", "1"])
        self.runtime().answer()
        for body in ("2", "3", "4"):
            self.send(body)
        self.assertEqual([each["body"] for each in self.event()["Records"]], ["2", "3", "4"])
        self.clock.advance(5)


class ShardTests(LambdaCase):
    """Kinesis: what becomes of a batch that fails."""

    def setUp(self) -> None:
        super().setUp()
        self.create()
        self.call("kinesis", "CreateStream", StreamName="s", ShardCount=1)
        self.source = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"

    def map(self, name: str = "greet", **options: object) -> None:
        settings = {"EventSourceArn": self.source, "FunctionName": name, "StartingPosition": "LATEST", **options}
        self.call("lambda", "CreateEventSourceMapping", **settings)

    def put(self, *data: bytes) -> None:
        records = [{"Data": each, "PartitionKey": "p"} for each in data]
        self.call("kinesis", "PutRecords", StreamName="s", Records=records)

    def batch(self, name: str = "greet") -> list[bytes]:
        return [base64.b64decode(each["kinesis"]["data"]) for each in self.event(name)["Records"]]

    def broke(self) -> None:
        runtime = self.runtime()
        runtime.worker.failed(runtime.request_id, b'{"errorType": "E"}', {})

    def test_from_the_beginning(self) -> None:
        self.put(b"a", b"b")
        self.map(StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": [{"Pattern": '{"data": ["b"]}'}]})
        self.assertEqual(self.batch(), [b"b"])

    def test_two_functions(self) -> None:
        self.create("other")
        self.map()
        self.map("other")
        self.put(b"0")
        self.assertEqual((self.batch(), self.batch("other")), ([b"0"], [b"0"]))

    def test_bisected_and_given_up(self) -> None:
        self.call("sqs", "CreateQueue", QueueName="lost")
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"
        self.map(
            BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, BatchSize=2,
            DestinationConfig={"OnFailure": {"Destination": queue}},
        )  # fmt: skip
        self.put(b"bad")
        self.broke()
        self.put(b"good", b"more")
        self.assertEqual(self.batch(), [b"bad"])
        self.clock.advance(1)
        self.broke()
        self.assertEqual(self.batch(), [b"good", b"more"])
        self.broke()
        self.assertEqual(self.batch(), [b"good"])
        self.runtime().answer()
        self.assertEqual(self.batch(), [b"more"])
        url = self.call("sqs", "GetQueueUrl", QueueName="lost")["QueueUrl"]
        (message,) = self.call("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
        told = json.loads(message["Body"])
        self.assertEqual(told["requestContext"]["condition"], "RetryAttemptsExhausted")
        self.assertEqual(told["requestContext"]["approximateInvokeCount"], 2)
        where = told["KinesisBatchInfo"]
        self.assertEqual((where["batchSize"], where["streamArn"]), (1, self.source))
        self.assertEqual(where["startSequenceNumber"], where["endSequenceNumber"])

    def test_partial_failures(self) -> None:
        self.put(b"0", b"1", b"2")
        self.map(FunctionResponseTypes=["ReportBatchItemFailures"], StartingPosition="TRIM_HORIZON")
        self.assertEqual(self.batch(), [b"0", b"1", b"2"])
        number = self.event()["Records"][1]["kinesis"]["sequenceNumber"]
        self.runtime().answer(json.dumps({"batchItemFailures": [{"itemIdentifier": number}]}).encode())
        self.clock.advance(1)
        self.assertEqual(self.batch(), [b"1", b"2"])
        self.runtime().answer(b'{"batchItemFailures": []}')
        self.put(b"3")
        self.assertEqual(self.batch(), [b"3"])

    def test_a_batching_window(self) -> None:
        self.map(MaximumBatchingWindowInSeconds=5)
        self.put(b"0")
        self.clock.advance(4)
        self.put(b"1")
        self.assertEqual(self.starter.runtimes, [])
        self.clock.advance(1)
        self.assertEqual(self.batch(), [b"0", b"1"])


class StreamTests(LambdaCase):
    def test_kinesis(self) -> None:
        self.create()
        self.call("kinesis", "CreateStream", StreamName="s", ShardCount=1)
        source = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
        self.call(
            "lambda", "CreateEventSourceMapping", EventSourceArn=source, FunctionName="greet", StartingPosition="LATEST"
        )
        for data in (b"0", b"1", b"2"):
            self.call("kinesis", "PutRecord", StreamName="s", Data=data, PartitionKey="p")
        record = self.event()["Records"][0]
        self.assertEqual(base64.b64decode(record["kinesis"]["data"]), b"0")
        self.assertEqual((record["eventSource"], record["eventSourceARN"]), ("aws:kinesis", source))
        # One batch of a shard at a time, in order; an error holds the others back.
        runtime = self.runtime()
        runtime.worker.failed(runtime.request_id, b"{}", {})
        runtime.ask()
        self.assertEqual(len(runtime.connection.sent), 1)
        self.clock.advance(1)
        self.assertEqual(self.event()["Records"][0]["kinesis"]["data"], base64.b64encode(b"0").decode())

    def test_table(self) -> None:
        self.create()
        made = self.call(
            "dynamodb", "CreateTable", TableName="t", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )  # fmt: skip
        source = made["TableDescription"]["LatestStreamArn"]
        self.call(
            "lambda", "CreateEventSourceMapping", EventSourceArn=source, FunctionName="greet", StartingPosition="LATEST"
        )
        self.call("dynamodb", "PutItem", TableName="t", Item={"id": {"S": "1"}})
        self.call("dynamodb", "DeleteItem", TableName="t", Key={"id": {"S": "1"}})
        record = self.event()["Records"][0]
        self.assertEqual((record["eventName"], record["dynamodb"]["NewImage"]), ("INSERT", {"id": {"S": "1"}}))
        self.runtime().answer()
        self.assertEqual(self.event()["Records"][0]["eventName"], "REMOVE")


class PushTests(LambdaCase):
    def test_topic(self) -> None:
        self.create()
        topic = self.call("sns", "CreateTopic", Name="t")["TopicArn"]
        self.call("sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=arn("greet"))
        attributes = {"k": {"DataType": "String", "StringValue": "v"}}
        self.call("sns", "Publish", TopicArn=topic, Message="hello", Subject="s", MessageAttributes=attributes)
        message = self.event()["Records"][0]["Sns"]
        self.assertEqual(
            {name: message[name] for name in ("TopicArn", "Subject", "Message", "MessageAttributes")},
            {
                "TopicArn": topic,
                "Subject": "s",
                "Message": "hello",
                "MessageAttributes": {"k": {"Type": "String", "Value": "v"}},
            },
        )

    def test_bucket(self) -> None:
        self.create()
        self.call("lambda", "PublishVersion", FunctionName="greet")
        self.call("lambda", "CreateAlias", FunctionName="greet", Name="live", FunctionVersion="1")
        place = {"LocationConstraint": REGION}
        self.call("s3", "CreateBucket", Bucket="bucket", CreateBucketConfiguration=place)
        self.call(
            "s3", "PutBucketNotificationConfiguration", Bucket="bucket",
            NotificationConfiguration={
                "LambdaFunctionConfigurations": [
                    {"LambdaFunctionArn": arn("greet:live"), "Events": ["s3:ObjectCreated:*"]}
                ]
            },
        )  # fmt: skip
        self.call("s3", "PutObject", Bucket="bucket", Key="a/b c é", Body=b"1")
        record = self.event()["Records"][0]
        _, headers = self.runtime().connection.sent[-1]
        self.assertEqual(headers["Lambda-Runtime-Invoked-Function-Arn"], arn("greet:live"))
        self.assertEqual(record["eventName"], "ObjectCreated:Put")
        told = record["s3"]["object"]
        self.assertEqual(list(told), ["key", "size", "eTag", "sequencer"])
        self.assertEqual((told["key"], told["size"]), ("a/b+c+%C3%A9", 1))
        self.assertEqual(record["userIdentity"], {"principalId": f"AWS:{ACCOUNT}"})


class LogTests(LambdaCase):
    def test_events(self) -> None:
        self.create()
        self.invoke("greet")
        self.runtime().worker.output(1, "é\n".encode())
        self.runtime().answer()
        found = self.call("logs", "FilterLogEvents", logGroupName="/aws/lambda/greet")["events"]
        messages = [each["message"] for each in found]
        self.assertEqual([each.split()[0] for each in messages], ["INIT_START", "START", "é", "END", "REPORT"])
        self.assertRegex(found[0]["logStreamName"], r"^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$")

    def test_group_of_ones_own(self) -> None:
        self.create(LoggingConfig={"LogGroup": "mine"})
        self.invoke("greet")
        self.runtime().answer()
        self.assertEqual(len(self.call("logs", "FilterLogEvents", logGroupName="mine")["events"]), 4)

    def test_subscription(self) -> None:
        """A group with a filter is fed at once."""
        self.create()
        self.create("reader")
        self.call("logs", "CreateLogGroup", logGroupName="/aws/lambda/greet")
        self.call(
            "logs", "PutSubscriptionFilter", logGroupName="/aws/lambda/greet", filterName="f", filterPattern="",
            destinationArn=arn("reader"),
        )  # fmt: skip
        self.invoke("greet")
        self.runtime().answer()
        data = json.loads(gzip.decompress(base64.b64decode(self.event("reader")["awslogs"]["data"])))
        self.assertEqual(data["logGroup"], "/aws/lambda/greet")
