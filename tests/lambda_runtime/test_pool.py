"""Which call goes to which worker: reuse, the cap, queues, fairness, letting go, stopping."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from emulator.lambda_runtime.functions import EventSettings, ServiceException
from emulator.lambda_runtime.pool import default_concurrency
from emulator.lambda_runtime.worker import State
from tests.lambda_runtime.support import Bench, function


def left_waiting(*calls: Deferred[Any]) -> None:
    """The test ends with these calls in the queue: the pool's stop refuses them."""
    for call in calls:
        call.addErrback(lambda failure: failure.trap(ServiceException))


class PoolTests(SynchronousTestCase):
    def bench(self, **options: object) -> Bench:
        bench = Bench(**options)
        self.addCleanup(self.finish, bench)
        return bench

    def finish(self, bench: Bench) -> None:
        stopped = bench.pool.stopService()
        bench.clock.advance(30)
        for runtime in list(bench.starter.runtimes):
            runtime.die(None, 9)
        self.successResultOf(stopped)
        self.assertEqual(bench.clock.getDelayedCalls(), [])
        self.assertTrue(bench.starter.cleaned)
        self.assertEqual(len(bench.starter.prepared), len(bench.starter.released))

    def test_warmest_first(self) -> None:
        """Last in, first out: the others may be let go."""
        bench = self.bench(concurrency=4)
        calls = [bench.pool.invoke(function(), b"{}") for _ in range(3)]
        for runtime in bench.starter.runtimes:
            runtime.ask()
            runtime.answer()
        for runtime in bench.starter.runtimes:
            runtime.ask()
        for call in calls:
            self.successResultOf(call)
        bench.pool.invoke(function(), b"{}")
        self.assertEqual([each.worker.state for each in bench.starter.runtimes], [State.IDLE, State.IDLE, State.BUSY])

    def test_cap_and_queue(self) -> None:
        bench = self.bench(concurrency=2)
        calls = [bench.pool.invoke(function(), str(n).encode()) for n in range(5)]
        self.assertEqual((len(bench.starter.runtimes), bench.pool.worker_count), (2, 2))
        for runtime in bench.starter.runtimes:
            runtime.ask()
        order = []
        for _ in range(3):
            runtime = bench.runtime(0)
            order.append(runtime.connection.sent[-1][0])
            runtime.answer()
            runtime.ask()
        self.assertEqual(order, [b"0", b"2", b"3"])
        self.assertEqual([call.called for call in calls], [True, False, True, True, False])
        left_waiting(*calls)

    def test_calls_that_wait_for_long_get_more_workers(self) -> None:
        """Where no number of workers was asked for: slow functions, or such as wait for others, hold the first."""
        cap, bench = default_concurrency(), self.bench()
        calls = [bench.pool.invoke(function(timeout=60), b"{}") for _ in range(2 * cap + 2)]
        for seconds, workers in ((0.4, cap), (0.1, 2 * cap), (0.5, 2 * cap + 2), (5, 2 * cap + 2)):
            for runtime in bench.starter.runtimes:
                if runtime.worker.state is State.STARTING:
                    runtime.ask()
            bench.clock.advance(seconds)
            self.assertEqual(len(bench.starter.runtimes), workers)
        bench.runtime().answer()
        self.assertEqual([each.called for each in calls].count(True), 1)
        self.assertEqual([each for each in bench.clock.getDelayedCalls() if each.getTime() <= 6.6], [])

    def test_a_number_asked_for_is_the_most_there_are(self) -> None:
        bench = self.bench(concurrency=1)
        bench.pool.invoke(function(), b"{}")
        left_waiting(bench.pool.invoke(function(), b"{}"))
        bench.runtime().ask()
        bench.clock.advance(2)
        self.assertEqual(len(bench.starter.runtimes), 1)

    def test_idle_worker_of_another_function_makes_room(self) -> None:
        bench = self.bench(concurrency=1)
        old = bench.ready(function("old"))
        result = bench.pool.invoke(function("new"), b"{}")
        self.assertTrue(old.process.killed)
        bench.runtime().ask()
        bench.runtime().answer()
        self.successResultOf(result)
        self.assertEqual(bench.pool.worker_count, 1)

    def test_longest_waiting_function_gets_the_place(self) -> None:
        """A function under steady load cannot keep all others out."""
        bench = self.bench(concurrency=1)
        bench.pool.invoke(function("busy"), b"{}")
        busy = bench.runtime()
        busy.ask()
        bench.clock.advance(1)
        other = bench.pool.invoke(function("other"), b"{}")
        bench.clock.advance(1)
        left_waiting(bench.pool.invoke(function("busy"), b"{}"))
        busy.answer()
        busy.ask()
        bench.clock.advance(0)
        busy.die(None, 9)
        self.assertEqual(bench.runtime().worker.function.name, "other")
        bench.runtime().ask()
        bench.runtime().answer()
        self.successResultOf(other)

    def test_calls_of_running_functions_go_beyond_the_cap(self) -> None:
        """Otherwise functions that call each other wait for each other until they time out."""
        bench = self.bench(concurrency=1)
        bench.pool.invoke(function("outer"), b"{}", trace_id="Root=1-abc;Parent=1;Sampled=0")
        bench.runtime().ask()
        left_waiting(bench.pool.invoke(function("stranger"), b"{}"))
        inner = bench.pool.invoke(function("inner"), b"{}", trace_id="Root=1-abc;Parent=2;Sampled=0")
        self.assertEqual([each.worker.function.name for each in bench.starter.runtimes], ["outer", "inner"])
        bench.runtime().ask()
        bench.runtime().answer()
        self.successResultOf(inner)

    def test_places_beyond_the_cap_are_for_such_calls_only(self) -> None:
        """An idle worker beyond the cap does not make room: the next outer call would leave none for inner ones."""
        bench = self.bench(concurrency=1)
        bench.pool.invoke(function("outer"), b"{}", trace_id="Root=1-abc")
        bench.runtime().ask()
        inner = bench.pool.invoke(function("inner"), b"{}", trace_id="Root=1-abc")
        worker = bench.runtime()
        worker.ask()
        left_waiting(bench.pool.invoke(function("outer"), b"{}"))
        worker.answer()
        self.successResultOf(inner)
        worker.ask()
        self.assertEqual((len(bench.starter.runtimes), worker.process.killed), (2, False))

    def test_new_revision(self) -> None:
        bench = self.bench(concurrency=4)
        old = bench.ready(function())
        changed = evolve(function(), environment={"A": "1"})
        bench.pool.invoke(changed, b"{}")
        self.assertTrue(old.process.killed)
        self.assertEqual(bench.runtime().worker.function.environment, {"A": "1"})

    def test_old_revision_finishes_its_call(self) -> None:
        bench = self.bench(concurrency=4)
        old = bench.ready(function())
        result = bench.pool.invoke(function(), b"{}")
        bench.pool.invoke(evolve(function(), memory_mb=256), b"{}")
        self.assertFalse(old.process.killed)
        old.answer()
        self.successResultOf(result)
        old.ask()
        self.assertTrue(old.process.killed)

    def test_versions_live_side_by_side(self) -> None:
        bench = self.bench(concurrency=4)
        bench.ready(function(version="1"))
        bench.ready(function(version="2"))
        self.assertEqual(bench.pool.worker_count, 2)

    def test_aliases_of_a_version_share_its_workers(self) -> None:
        bench = self.bench(concurrency=4)
        runtime = bench.ready(function(version="1", qualifier="1"))
        bench.pool.invoke(function(version="1", qualifier="prod"), b"{}")
        self.assertTrue(
            runtime.connection.sent[-1][1]["Lambda-Runtime-Invoked-Function-Arn"].endswith(":function:greet:prod")
        )

    def test_idle_workers_are_let_go(self) -> None:
        bench = self.bench(concurrency=4, idle_seconds=60)
        runtime = bench.ready(function())
        bench.clock.pump([15] * 3)
        self.assertFalse(runtime.process.killed)
        bench.clock.pump([15] * 2)
        self.assertTrue(runtime.process.killed)
        self.assertEqual(bench.pool.worker_count, 0)
        runtime.die(None, 9)
        bench.clock.pump([15] * 5)
        self.assertEqual(bench.starter.released, bench.starter.prepared)
        self.assertEqual(bench.clock.getDelayedCalls(), [])

    def test_crash_with_calls_waiting(self) -> None:
        bench = self.bench(concurrency=1)
        first = bench.pool.invoke(function(), b"1")
        second = bench.pool.invoke(function(), b"2")
        bench.runtime().ask()
        bench.runtime().die(7)
        self.assertEqual(self.successResultOf(first).function_error, "Unhandled")
        bench.runtime().ask()
        bench.runtime().answer()
        self.assertIsNone(self.successResultOf(second).function_error)
        self.assertEqual(len(bench.starter.runtimes), 2)

    def test_code_is_prepared_once(self) -> None:
        bench = self.bench(concurrency=4)
        bench.starter.hold = Deferred()
        calls = [bench.pool.invoke(function(), b"{}") for _ in range(3)]
        self.assertEqual((len(bench.starter.runtimes), bench.pool.worker_count), (0, 3))
        hold, bench.starter.hold = bench.starter.hold, None
        hold.callback(None)
        self.assertEqual(len(bench.starter.runtimes), 3)
        self.assertEqual(len(bench.starter.released), 2)
        for runtime in bench.starter.runtimes:
            runtime.ask()
            runtime.answer()
        for call in calls:
            self.successResultOf(call)

    def test_reset(self) -> None:
        bench = self.bench(concurrency=1)
        running = bench.pool.invoke(function(), b"{}")
        waiting = bench.pool.invoke(function(), b"{}")
        runtime = bench.runtime()
        runtime.ask()
        self.successResultOf(Deferred.fromCoroutine(bench.pool.reset()))
        self.failureResultOf(waiting, ServiceException)
        self.assertIn(b"signal: killed", self.successResultOf(running).payload)
        runtime.die(None, 9)
        again = bench.ready(function())
        again_call = bench.pool.invoke(function(), b"{}")
        again.answer()
        again.ask()
        self.assertFalse(again.process.killed)
        self.successResultOf(again_call)

    def test_stopping_waits_for_running_calls(self) -> None:
        bench = Bench(concurrency=4)
        result = bench.pool.invoke(function(), b"{}")
        bench.runtime().ask()
        stopped = bench.pool.stopService()
        self.failureResultOf(bench.pool.invoke(function(), b"{}"), ServiceException)
        self.assertNoResult(stopped)
        bench.runtime().answer()
        self.successResultOf(result)
        self.assertTrue(bench.runtime().process.killed)
        self.assertNoResult(stopped)
        bench.runtime().die(None, 9)
        self.successResultOf(stopped)
        self.assertEqual(bench.clock.getDelayedCalls(), [])

    def test_stopping_does_not_wait_for_ever(self) -> None:
        bench = Bench(concurrency=4)
        result = bench.pool.invoke(function(timeout=900), b"{}")
        bench.runtime().ask()
        stopped = bench.pool.stopService()
        bench.clock.advance(30)
        self.assertIn(b"signal: killed", self.successResultOf(result).payload)
        bench.runtime().die(None, 9)
        self.successResultOf(stopped)


class EventTests(SynchronousTestCase):
    """Asynchronous invocations: attempts, delays, destinations."""

    def setUp(self) -> None:
        self.sent: list[object] = []
        self.bench = Bench(concurrency=4, destinations=self)

    def send(self, outgoing: object) -> None:
        self.sent.append(outgoing)

    def tearDown(self) -> None:
        stopped = self.bench.pool.stopService()
        for runtime in self.bench.starter.runtimes:
            runtime.die(None, 9)
        self.successResultOf(stopped)
        self.assertEqual(self.bench.clock.getDelayedCalls(), [])

    def fail_next(self) -> None:
        runtime = self.bench.runtime()
        runtime.worker.failed(runtime.request_id, b'{"errorType":"E","errorMessage":"no"}', {})
        runtime.ask()

    def test_two_retries(self) -> None:
        events = EventSettings(on_failure="arn:aws:sqs:us-east-1:000000000000:f", dead_letter="arn:dlq")
        called = function(events=events, timeout=900)
        self.bench.pool.invoke_async(called, b'{"n":1}', request_id="r-9")
        runtime = self.bench.runtime()
        runtime.ask()
        self.fail_next()
        for delay in (60, 120):
            calls = len(runtime.connection.sent)
            self.bench.clock.advance(delay - 1)
            self.assertEqual(len(runtime.connection.sent), calls)
            self.bench.clock.advance(1)
            self.assertEqual(len(runtime.connection.sent), calls + 1)
            self.assertEqual(runtime.request_id, "r-9")
            self.fail_next()
        record, dead = self.sent
        self.assertEqual(record.condition, "RetriesExhausted")  # type: ignore[attr-defined]
        self.assertIn(b'"approximateInvokeCount": 3', record.body)  # type: ignore[attr-defined]
        self.assertEqual(dead.body, b'{"n":1}')  # type: ignore[attr-defined]
        self.assertIn(("ErrorMessage", "no"), dead.attributes)  # type: ignore[attr-defined]

    def test_success(self) -> None:
        called = function(events=EventSettings(on_success="arn:aws:sns:us-east-1:000000000000:s"))
        self.bench.pool.invoke_async(called, b"{}")
        self.bench.runtime().ask()
        self.bench.runtime().answer(b'{"x":1}')
        self.assertEqual(self.sent[0].condition, "Success")  # type: ignore[attr-defined]
        self.assertIn(b'"responsePayload": {"x": 1}', self.sent[0].body)  # type: ignore[attr-defined]

    def test_no_retries_asked_for(self) -> None:
        self.bench.pool.invoke_async(function(events=EventSettings(retries=0)), b"{}")
        self.bench.runtime().ask()
        self.fail_next()
        self.bench.clock.advance(200)
        self.assertEqual(len(self.bench.runtime().connection.sent), 1)

    def test_throttled_until_it_is_too_old(self) -> None:
        events = EventSettings(max_age=60, on_failure="arn:f")
        self.bench.pool.invoke_async(function(reserved_concurrency=0, events=events), b"{}")
        self.bench.clock.pump([1] * 70)
        self.assertEqual([each.condition for each in self.sent], ["EventAgeExceeded"])  # type: ignore[attr-defined]

    def test_not_when_stopping(self) -> None:
        self.successResultOf(self.bench.pool.stopService())
        self.assertRaises(ServiceException, self.bench.pool.invoke_async, function(), b"{}")
