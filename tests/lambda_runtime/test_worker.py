"""The table of a worker's states: every way in, every way out."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from emulator.lambda_runtime.functions import InvokeThrottled, ServiceException
from emulator.lambda_runtime.invocations import MAX_RESPONSE
from emulator.lambda_runtime.runtime_api import Refusal
from emulator.lambda_runtime.worker import TRANSITIONS, State
from tests.lambda_runtime.support import Bench, FakeConnection, FakeTransport, function, payload_of


class CallTests(SynchronousTestCase):
    """One call on one worker."""

    def setUp(self) -> None:
        self.bench = Bench(concurrency=4)
        self.addCleanup(self.finish)

    def finish(self) -> None:
        stopped = self.bench.pool.stopService()
        for runtime in self.bench.starter.runtimes:
            runtime.die(None, 9)
        self.successResultOf(stopped)
        self.assertEqual(self.bench.clock.getDelayedCalls(), [])

    def test_answer(self) -> None:
        called = function(timeout=7, memory_mb=512, qualifier="prod")
        result = self.bench.pool.invoke(called, b'{"a":1}', request_id="r-1", trace_id="Root=1-a", client_context=b"{}")
        runtime = self.bench.runtime()
        self.bench.clock.advance(0.25)
        runtime.ask()
        payload, headers = runtime.connection.sent[0]
        self.assertEqual(payload, b'{"a":1}')
        self.assertEqual(
            dict(headers),
            {
                "Lambda-Runtime-Aws-Request-Id": "r-1",
                "Lambda-Runtime-Deadline-Ms": str(1_700_000_000_250 + 7_000),
                "Lambda-Runtime-Invoked-Function-Arn": f"{called.arn}:prod",
                "Lambda-Runtime-Trace-Id": "Root=1-a",
                "Lambda-Runtime-Client-Context": "{}",
            },
        )
        self.bench.clock.advance(0.0105)
        runtime.answer(b'{"b":2}')
        got = self.successResultOf(result)
        self.assertEqual((got.payload, got.function_error, got.executed_version), (b'{"b":2}', None, "$LATEST"))
        self.assertAlmostEqual(got.duration_ms, 10.5)
        self.assertEqual((got.billed_ms, got.init_ms), (261, 250.0))
        self.assertEqual(
            got.log_tail.decode(),
            "START RequestId: r-1 Version: $LATEST\nEND RequestId: r-1\n"
            "REPORT RequestId: r-1\tDuration: 10.50 ms\tBilled Duration: 261 ms\tMemory Size: 512 MB\t"
            "Max Memory Used: 42 MB\tInit Duration: 250.00 ms\t\n",
        )

    def test_warm_call_has_no_init(self) -> None:
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        runtime.answer()
        got = self.successResultOf(result)
        self.assertIsNone(got.init_ms)
        self.assertNotIn(b"Init Duration", got.log_tail)
        self.assertEqual(len(self.bench.starter.runtimes), 1)

    def test_output_seen_after_the_answer_is_in_the_tail(self) -> None:
        """The socket may be read before the pipes: they are drained first."""
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        runtime.process.on_drain.append(lambda: runtime.worker.output(1, b"late\nwithout an end"))
        runtime.answer()
        tail = self.successResultOf(result).log_tail
        self.assertIn(b"late\nwithout an end\nEND RequestId", tail)

    def test_error_of_the_function(self) -> None:
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        body = b'{"errorType":"ValueError","errorMessage":"no","stackTrace":["/state/task/index.py"]}'
        self.assertIsNone(runtime.worker.failed(runtime.request_id, body, {}))
        got = self.successResultOf(result)
        self.assertEqual(got.function_error, "Unhandled")
        self.assertEqual(payload_of(got)["stackTrace"], ["/var/task/index.py"])
        self.assertNotIn(b"Status", got.log_tail)
        runtime.ask()
        self.assertIs(runtime.worker.state, State.IDLE)

    def test_timeout(self) -> None:
        runtime = self.bench.ready(function(timeout=2))
        result = self.bench.pool.invoke(function(timeout=2), b"{}", request_id="r-2")
        self.bench.clock.advance(1.99)
        self.assertNoResult(result)
        self.bench.clock.advance(0.01)
        got = self.successResultOf(result)
        self.assertEqual(
            payload_of(got),
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: r-2 Error: Task timed out after 2.00 seconds",
            },
        )
        self.assertEqual(got.function_error, "Unhandled")
        self.assertIn(b"Z r-2 Task timed out after 2.00 seconds", got.log_tail)
        self.assertIn(b"Duration: 2000.00 ms\tBilled Duration: 2000 ms", got.log_tail)
        self.assertTrue(got.log_tail.endswith(b"Status: timeout\t\n"))
        self.assertTrue(runtime.process.killed)
        self.assertIs(runtime.worker.state, State.DYING)
        runtime.die(None, 9)
        self.assertIs(runtime.worker.state, State.DEAD)

    def test_answer_after_the_timeout_is_refused(self) -> None:
        runtime = self.bench.ready(function(timeout=1))
        self.bench.pool.invoke(function(timeout=1), b"{}")
        self.bench.clock.advance(1)
        refusal = runtime.worker.answered(runtime.request_id, b"{}", {})
        assert isinstance(refusal, Refusal)
        self.assertEqual((refusal.status, refusal.error_type), (403, "InvalidStateTransition"))

    def test_exit(self) -> None:
        for code, signal, text in (
            (7, None, "Runtime exited with error: exit status 7"),
            (0, None, "Runtime exited without providing a reason"),
            (None, 11, "Runtime exited with error: signal: segmentation fault"),
            (None, 9, "Runtime exited with error: signal: killed"),
            (None, 64, "Runtime exited with error: signal: signal 64"),
        ):
            runtime = self.bench.ready(function())
            result = self.bench.pool.invoke(function(), b"{}", request_id="r-3")
            runtime.die(code, signal)
            got = self.successResultOf(result)
            self.assertEqual(
                payload_of(got), {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r-3 Error: {text}"}
            )
            self.assertIn(b"Status: error\tError Type: Runtime.ExitError", got.log_tail)

    def test_too_large(self) -> None:
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        refusal = runtime.worker.answered(runtime.request_id, b"x" * (MAX_RESPONSE + 1), {})
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.status, 413)
        self.assertEqual(
            payload_of(self.successResultOf(result)),
            {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed payload size "
                "(6291556 bytes).",
            },
        )

    def test_wrong_request_id_and_second_answer(self) -> None:
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        refusal = runtime.worker.answered("another", b"{}", {})
        assert isinstance(refusal, Refusal)
        self.assertEqual((refusal.status, refusal.error_type), (400, "InvalidRequestID"))
        self.assertNoResult(result)
        request_id = runtime.request_id
        runtime.answer()
        refusal = runtime.worker.answered(request_id, b"{}", {})
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.status, 403)

    def test_asking_while_it_has_a_call(self) -> None:
        runtime = self.bench.ready(function())
        self.bench.pool.invoke(function(), b"{}")
        refusal = runtime.worker.next_asked(FakeConnection())  # type: ignore[arg-type]
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.status, 403)
        runtime.answer()

    def test_never_asking_again_is_overdue_too(self) -> None:
        runtime = self.bench.ready(function(timeout=3))
        result = self.bench.pool.invoke(function(timeout=3), b"{}")
        runtime.answer()
        self.assertEqual(self.successResultOf(result).payload, b'"ok"')
        self.bench.clock.advance(3)
        self.assertTrue(runtime.process.killed)

    def test_lost_line_of_an_idle_worker(self) -> None:
        runtime = self.bench.ready(function())
        runtime.worker.connection_lost(runtime.connection)  # type: ignore[arg-type]
        self.assertTrue(runtime.process.killed)
        runtime.die(None, 9)
        result = self.bench.pool.invoke(function(), b"{}")
        self.bench.runtime().ask()
        self.bench.runtime().answer()
        self.successResultOf(result)

    def test_caller_hangs_up(self) -> None:
        """Cancelling tells the caller so; the function runs on, and its worker is used again."""
        runtime = self.bench.ready(function())
        result = self.bench.pool.invoke(function(), b"{}")
        result.cancel()
        self.failureResultOf(result)
        self.assertIs(runtime.worker.state, State.BUSY)
        runtime.answer()
        self.assertEqual(self.bench.pool.open_calls, 0)
        runtime.ask()
        self.assertIs(runtime.worker.state, State.IDLE)


class StartTests(SynchronousTestCase):
    """Workers that do not get as far as a call."""

    def setUp(self) -> None:
        self.bench = Bench(concurrency=4)

    def tearDown(self) -> None:
        stopped = self.bench.pool.stopService()
        for runtime in self.bench.starter.runtimes:
            runtime.die(None, 9)
        self.successResultOf(stopped)
        self.assertEqual(self.bench.clock.getDelayedCalls(), [])

    def test_init_error(self) -> None:
        result = self.bench.pool.invoke(function(), b"{}", request_id="r-4")
        runtime = self.bench.runtime()
        runtime.worker.output(1, b"[ERROR] Runtime.ImportModuleError\n")
        body = b'{"errorType":"Runtime.ImportModuleError","errorMessage":"no module","requestId":"","stackTrace":[]}'
        headers = {b"lambda-runtime-function-error-type": b"Runtime.ImportModuleError"}
        self.assertIsNone(runtime.worker.init_failed(body, headers))
        self.assertNoResult(result)
        runtime.die(1)
        got = self.successResultOf(result)
        self.assertEqual(got.payload, body)
        self.assertEqual(got.function_error, "Unhandled")
        lines = got.log_tail.decode().splitlines()
        self.assertEqual(lines[0], "START RequestId: r-4 Version: $LATEST")
        self.assertEqual(lines[1], "[ERROR] Runtime.ImportModuleError")
        self.assertIn("Status: error\tError Type: Runtime.ImportModuleError", lines[-1])
        self.assertTrue(self.bench.sink.messages[0].startswith("INIT_START Runtime Version: python:3.11\t"))

    def test_init_error_without_an_end(self) -> None:
        result = self.bench.pool.invoke(function(), b"{}")
        runtime = self.bench.runtime()
        runtime.worker.init_failed(b'{"errorType":"Runtime.X"}', {})
        self.bench.clock.advance(2)
        self.assertTrue(runtime.process.killed)
        self.assertEqual(payload_of(self.successResultOf(result)), {"errorType": "Runtime.X"})

    def test_init_error_when_it_is_no_time_for_one(self) -> None:
        runtime = self.bench.ready(function())
        refusal = runtime.worker.init_failed(b"{}", {})
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.status, 403)

    def test_exit_during_init(self) -> None:
        result = self.bench.pool.invoke(function(), b"{}", request_id="r-5")
        self.bench.runtime().die(3)
        got = self.successResultOf(result)
        said = "RequestId: r-5 Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n"
        self.assertEqual(got.log_tail.decode().splitlines()[1:3], said.splitlines())
        self.assertEqual(
            payload_of(got),
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: r-5 Error: Runtime exited with error: exit status 3",
            },
        )

    def test_slow_init(self) -> None:
        """Ten seconds, or the function's timeout when that is longer."""
        for timeout, limit in ((3, 10), (30, 30)):
            called = function(f"slow{timeout}", timeout=timeout)
            result = self.bench.pool.invoke(called, b"{}", request_id="r-6")
            self.bench.clock.advance(limit - 0.1)
            self.assertNoResult(result)
            self.bench.clock.advance(0.1)
            self.assertTrue(self.bench.runtime().process.killed)
            got = self.successResultOf(result)
            message = payload_of(got)["errorMessage"]
            self.assertEqual(message, f"RequestId: r-6 Error: Task timed out after {timeout}.00 seconds")
            self.assertIn(f"r-6 Task timed out after {timeout}.00 seconds\n", got.log_tail.decode())
            self.bench.runtime().die(None, 9)

    def test_no_place_for_the_code(self) -> None:
        self.bench.starter.refusal = ServiceException("No space left on device")
        refused = self.failureResultOf(self.bench.pool.invoke(function(), b"{}"), ServiceException)
        self.assertEqual(refused.value.status, 500)
        self.bench.starter.refusal = None
        self.bench.ready(function())

    def test_no_process_to_be_had(self) -> None:
        self.bench.starter.start_refusal = ServiceException("No worker could be started")
        self.failureResultOf(self.bench.pool.invoke(function(), b"{}"), ServiceException)
        self.assertEqual(self.bench.pool.worker_count, 0)

    def test_reserved_concurrency(self) -> None:
        none = function("none", reserved_concurrency=0)
        refused = self.failureResultOf(self.bench.pool.invoke(none, b"{}"), InvokeThrottled)
        self.assertEqual((refused.value.status, refused.value.code), (429, "TooManyRequestsException"))
        one = function("one", reserved_concurrency=1)
        first = self.bench.pool.invoke(one, b"{}")
        self.failureResultOf(self.bench.pool.invoke(one, b"{}"), InvokeThrottled)
        self.bench.runtime().ask()
        self.bench.runtime().answer()
        self.successResultOf(first)
        self.bench.runtime().ask()
        self.assertNoResult(self.bench.pool.invoke(one, b"{}"))
        self.bench.runtime().answer()


class StreamTests(SynchronousTestCase):
    """Streamed answers, from the worker's side."""

    def setUp(self) -> None:
        self.bench = Bench(concurrency=4)
        self.runtime = self.bench.ready(function(timeout=5))
        self.called = function(timeout=5)

    def tearDown(self) -> None:
        self.bench.clock.advance(5)
        stopped = self.bench.pool.stopService()
        self.runtime.die(None, 9)
        self.successResultOf(stopped)

    def source(self) -> FakeTransport:
        return FakeTransport()

    def begin(self, content_type: bytes = b"text/plain") -> object:
        return self.runtime.worker.streaming(
            self.runtime.request_id,
            {b"content-type": content_type},
            self.source(),  # type: ignore[arg-type]
        )

    def test_prelude_then_body(self) -> None:
        result = self.bench.pool.invoke_streaming(self.called, b"{}", prelude=True)
        sink = self.begin(b"application/vnd.awslambda.http-integration-response")
        sink.write(b'{"statusCode":2')  # type: ignore[attr-defined]
        self.assertNoResult(result)
        sink.write(b"01}" + b"\0" * 8 + b"one")  # type: ignore[attr-defined]
        got = self.successResultOf(result)
        self.assertEqual((got.prelude, got.streamed), ({"statusCode": 201}, True))
        parts: list[bytes] = []
        ends: list[object] = []
        got.body.start(parts.append, ends.append)
        self.assertEqual((parts, ends), ([b"one"], []))
        sink.write(b"two")  # type: ignore[attr-defined]
        sink.end()  # type: ignore[attr-defined]
        self.assertEqual((parts, ends), ([b"one", b"two"], [None]))
        self.assertIs(self.runtime.worker.state, State.ANSWERED)

    def test_dies_in_the_middle(self) -> None:
        result = self.bench.pool.invoke_streaming(self.called, b"{}")
        sink = self.begin()
        sink.write(b"one")  # type: ignore[attr-defined]
        ends: list[object] = []
        self.successResultOf(result).body.start(lambda part: None, ends.append)
        self.bench.clock.advance(5)
        self.assertEqual(ends[0].value.error_type, "Sandbox.Timedout")  # type: ignore[attr-defined]

    def test_dies_before_the_prelude_is_whole(self) -> None:
        result = self.bench.pool.invoke_streaming(self.called, b"{}", prelude=True)
        self.begin().write(b'{"status')  # type: ignore[attr-defined]
        self.runtime.die(1)
        got = self.successResultOf(result)
        self.assertEqual((got.function_error, got.streamed), ("Unhandled", False))

    def test_function_that_does_not_stream(self) -> None:
        result = self.bench.pool.invoke_streaming(self.called, b"{}")
        self.runtime.answer(b'{"whole":1}')
        got = self.successResultOf(result)
        parts: list[bytes] = []
        got.body.start(parts.append, lambda failure: None)
        self.assertEqual((parts, got.streamed, got.function_error), ([b'{"whole":1}'], False, None))

    def test_buffered_caller_of_a_streaming_function(self) -> None:
        result = self.bench.pool.invoke(self.called, b"{}")
        sink = self.begin()
        sink.write(b"one")  # type: ignore[attr-defined]
        sink.write(b"two")  # type: ignore[attr-defined]
        self.assertNoResult(result)
        sink.end()  # type: ignore[attr-defined]
        self.assertEqual(self.successResultOf(result).payload, b"onetwo")

    def test_hung_up_before_it_began(self) -> None:
        result = self.bench.pool.invoke_streaming(self.called, b"{}")
        result.cancel()
        self.failureResultOf(result)
        sink = self.begin()
        sink.write(b"x" * 1_000_000)  # type: ignore[attr-defined]
        sink.end()  # type: ignore[attr-defined]
        self.assertIs(self.runtime.worker.state, State.ANSWERED)


class TableTests(SynchronousTestCase):
    def test_every_state_but_the_last_can_end(self) -> None:
        for state in State:
            self.assertEqual((state, "exited") in TRANSITIONS, state is not State.DEAD, state)

    def test_error_payloads_are_json(self) -> None:
        from emulator.lambda_runtime import invocations

        for payload in (invocations.timed_out("r", 1), invocations.exited("r", 1, None), invocations.too_large(9)):
            self.assertEqual(sorted(json.loads(payload)), ["errorMessage", "errorType"])
