"""Lines, tails and the platform's own words."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from emulator.lambda_runtime import logs
from tests.lambda_runtime.support import function


class LineTests(SynchronousTestCase):
    @given(text=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
    def test_wherever_output_is_cut(self, text: bytes, cuts: list[int]) -> None:
        whole, cut = logs.LineCutter(), logs.LineCutter()
        expected = whole.feed(text) + whole.flush()
        places = sorted({min(each, len(text)) for each in cuts} | {0, len(text)})
        lines = [line for a, b in zip(places, places[1:], strict=False) for line in cut.feed(text[a:b])]
        self.assertEqual(lines + cut.flush(), expected)

    def test_carriage_returns_join(self) -> None:
        self.assertEqual(logs.LineCutter().feed(b"a\rb\r\nc\n"), ["a\rb\n", "c\n"])

    def test_lines_that_are_one_event(self) -> None:
        self.assertEqual(logs.LineCutter().feed(b"a\x1eb\nc\n"), ["a\nb\n", "c\n"])

    def test_endless_line(self) -> None:
        cutter = logs.LineCutter()
        self.assertEqual(len(cutter.feed(b"x" * (logs.MAX_EVENT + 1))), 1)
        self.assertEqual(cutter.flush(), [])


class WordingTests(SynchronousTestCase):
    def test_init_start(self) -> None:
        for runtime, shown in (
            ("python3.12", "python:3.12"),
            ("nodejs20.x", "nodejs:20"),
            ("provided.al2023", "provided:al2023"),
        ):
            line = logs.init_start(function(runtime=runtime), 0.0)
            self.assertTrue(
                line.startswith(f"INIT_START Runtime Version: {shown}\tRuntime Version ARN: arn:aws:lambda:")
            )

    def test_as_json(self) -> None:
        called = function(log_format="JSON", version="3")
        start = json.loads(logs.init_start(called, 1.5))
        self.assertEqual((start["time"], start["type"]), ("1970-01-01T00:00:01.500Z", "platform.initStart"))
        self.assertEqual(
            (start["record"]["phase"], start["record"]["runtimeVersion"]), ("init", "python:3.11")
        )
        self.assertEqual(
            json.loads(logs.start_line(called, "r", 0.0)),
            {
                "time": "1970-01-01T00:00:00.000Z",
                "type": "platform.start",
                "record": {"requestId": "r", "version": "3"},
            },
        )
        report = logs.Report(0, "r", 1.2345, 2, 128, 30, 12.5, "error", "Runtime.ExitError", as_json=True)
        metrics = {"durationMs": 1.234, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 30}
        metrics["initDurationMs"] = 12.5
        record = {"requestId": "r", "metrics": metrics, "status": "error", "errorType": "Runtime.ExitError"}
        self.assertEqual(json.loads(report.message)["record"], record)
        fine = logs.Report(0, "r", 1.0, 1, 128, 30, as_json=True)
        self.assertEqual(json.loads(fine.message)["record"]["status"], "success")

    def test_stream_name(self) -> None:
        self.assertEqual(
            logs.stream_name(function(version="3"), 1_700_000_000, "0f" * 16), f"2023/11/14/[3]{'0f' * 16}"
        )

    def test_timestamp(self) -> None:
        self.assertEqual(logs.timestamp(1_700_000_000.9996), "2023-11-14T22:13:20.999Z")

    def test_tail(self) -> None:
        log = logs.InvocationLog(lambda: 0.0)
        for n in range(1000):
            log.add(f"line {n}\n")
        tail = log.tail()
        self.assertEqual(len(tail), 4096)
        self.assertTrue(tail.endswith(b"line 998\nline 999\n"))
