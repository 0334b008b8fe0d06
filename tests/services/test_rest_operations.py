"""Operations of the REST protocols by their methods and paths."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.services.protocols import describe
from emulator.services.rest_operations import missing_members, operation_at
from emulator.wire import Headers, Request


class Operations(SynchronousTestCase):
    def test_by_method_and_path(self) -> None:
        for service, method, path, query, action in (
            ("scheduler", "GET", b"/schedules", b"", "ListSchedules"),
            ("scheduler", "GET", b"/schedules/a", b"", "GetSchedule"),
            ("scheduler", "GET", b"/schedules/a/b", b"", None),
            ("scheduler", "PATCH", b"/schedules/a", b"", None),
            ("iotdata", "POST", b"/topics/a/b", b"qos=1", None),
            ("iotdata", "POST", b"/topics/a%2Fb", b"qos=1", "Publish"),
            ("lambda", "GET", b"/2015-03-31/functions/", b"", "ListFunctions"),
            ("lambda", "GET", b"/2015-03-31/functions", b"", "ListFunctions"),
            ("apigateway", "POST", b"/restapis", b"mode=import", "ImportRestApi"),
            ("apigateway", "POST", b"/restapis", b"", "CreateRestApi"),
        ):
            description = describe(service)
            assert description is not None
            made = Request(method=method, raw_path=path, raw_query=query, headers=Headers())
            self.assertEqual(operation_at(description, made), action, path)

    def test_what_a_body_lacks(self) -> None:
        description = describe("scheduler")
        assert description is not None
        for body, absent in ((b"", ["ScheduleExpression", "Target", "FlexibleTimeWindow"]), (b"{", None)):
            made = Request(method="PUT", raw_path=b"/schedules/a", raw_query=b"", headers=Headers(), body=body)
            self.assertEqual(missing_members(description, made), absent)
