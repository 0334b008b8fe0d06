"""The seam to the outside: ids, and the single writer that can wait for the reactor."""

from __future__ import annotations

import gc
import threading

from twisted.internet import defer, reactor, task
from twisted.python.threadpool import ThreadPool
from twisted.trial import unittest

from emulator.effects import Effects, lasting


class IdsTests(unittest.SynchronousTestCase):
    def test_shapes(self) -> None:
        effects = Effects.fake(task.Clock())
        self.assertRegex(effects.uuid(), r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertRegex(effects.new_id(), r"^[a-z0-9]{10}$")
        self.assertRegex(effects.hex(16), r"^[0-9a-f]{16}$")

    def test_fake_follows_its_clock(self) -> None:
        clock = task.Clock()
        effects = Effects.fake(clock, epoch=100.0)
        clock.advance(2.5)
        self.assertEqual(effects.wall(), 102.5)

    def test_without_threads_waiting_for_an_unfired_deferred_is_an_error(self) -> None:
        effects = Effects.fake(task.Clock())
        self.assertEqual(effects.wait_for(lambda: defer.succeed(3)), 3)
        self.assertRaises(ZeroDivisionError, effects.wait_for, lambda: 1 // 0)
        self.assertRaises(RuntimeError, effects.wait_for, defer.Deferred)


class WriterTests(unittest.TestCase):
    def setUp(self) -> None:
        pool, writer = ThreadPool(0, 2), ThreadPool(0, 1)
        for each in (pool, writer):
            each.start()
            self.addCleanup(each.stop)
        self.effects = Effects.fake(task.Clock(), reactor)
        self.effects.pool, self.effects.writer_pool = pool, writer

    async def test_one_at_a_time_in_order(self) -> None:
        seen: list[int] = []
        busy = threading.Lock()

        def work(n: int) -> None:
            self.assertTrue(busy.acquire(blocking=False))
            seen.append(n)
            busy.release()

        await defer.gatherResults([self.effects.in_writer(work, n) for n in range(20)])
        self.assertEqual(seen, list(range(20)))

    async def test_waiting_for_the_reactor_lets_others_write(self) -> None:
        def nested() -> defer.Deferred[str]:
            return self.effects.in_writer(lambda: "nested")

        got = await self.effects.in_writer(lambda: self.effects.wait_for(nested) + "!")
        self.assertEqual(got, "nested!")
        self.assertEqual(self.effects.writer_pool.max, 1)


class HeapTests(unittest.SynchronousTestCase):
    def test_what_lasts_is_not_walked(self) -> None:
        self.addCleanup(gc.unfreeze)
        with lasting():
            self.assertFalse(gc.isenabled())
            made = [[{}] for _ in range(10)]
        self.assertTrue(gc.isenabled())
        walked = {id(each) for each in gc.get_objects()}
        self.assertFalse(walked & {id(each) for each in made})

    def test_the_collector_is_back_after_a_failure(self) -> None:
        self.addCleanup(gc.unfreeze)
        with self.assertRaises(ValueError), lasting():
            raise ValueError
        self.assertTrue(gc.isenabled())
