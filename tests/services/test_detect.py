"""Whom a request is for, when no signature says so."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.services.detect import locate
from emulator.wire import Headers, Request


class Hosts(SynchronousTestCase):
    def test_hosts(self) -> None:
        for host, service in (
            ("abc.lambda-url.eu-west-1.on.aws", "lambda-url"),
            ("abc.lambda-url.eu-west-1.localhost:4566", "lambda-url"),
            ("bucket.s3.eu-west-1.amazonaws.com", "s3"),
            ("sqs.eu-west-1.amazonaws.com", "sqs"),
            ("localhost:4566", "s3"),
        ):
            request = Request(method="GET", raw_path=b"/", raw_query=b"", headers=Headers(), host=host)
            self.assertEqual(locate(request, "000000000000", "us-east-1").service, service, host)
