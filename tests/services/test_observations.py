"""What the data plane's observations become in the services that show them."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.services.moto_services import MotoServices
from emulator.services.observations import Observations
from emulator.settings import Settings

ACCOUNT = "111122223333"


class Firehose(SynchronousTestCase):
    def setUp(self) -> None:
        from moto.firehose.models import firehose_backends
        from moto.s3.models import s3_backends

        effects = Effects.fake(Clock())
        self.observations = Observations(effects, MotoServices(effects, Settings()))
        self.firehose = firehose_backends[ACCOUNT]["us-east-1"]
        self.s3 = s3_backends[ACCOUNT]["aws"]
        self.addCleanup(self.firehose.reset)
        self.addCleanup(self.s3.reset)
        self.observations.put_records(ACCOUNT, "us-east-1", "amazon-apigateway-x", [b"one\n", b"two\n"])

    def stream(self) -> None:
        destination = {"RoleARN": "arn:aws:iam::111122223333:role/r", "BucketARN": "arn:aws:s3:::logs"}
        self.firehose.create_delivery_stream(
            "us-east-1", "amazon-apigateway-x", "DirectPut", {}, {}, {}, destination, {}, {}, {}, {}, {}, {}, []
        )

    def test_lines_reach_the_bucket_as_they_are(self) -> None:
        self.s3.create_bucket("logs", "us-east-1")
        self.stream()
        self.observations.hand_over("firehose")
        (key,) = self.s3.buckets["logs"].keys.values()
        self.assertEqual(key.value, b"one\ntwo\n")

    def test_a_bucket_or_stream_that_is_not_there(self) -> None:
        self.observations.hand_over("firehose")
        self.observations.put_records(ACCOUNT, "us-east-1", "amazon-apigateway-x", [b"three\n"])
        self.stream()
        self.observations.hand_over("firehose")
        self.assertEqual(self.s3.buckets, {})
