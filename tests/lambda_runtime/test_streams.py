"""Bodies that come in parts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from emulator.lambda_runtime.streams import HIGH_WATER, PreludeReader, StreamBody, StreamBroken


class Source:
    def __init__(self) -> None:
        self.paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False


class StreamBodyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.source = Source()
        self.body = StreamBody()
        self.body.attach(self.source)
        self.parts: list[bytes] = []
        self.ends: list[Any] = []

    def start(self) -> None:
        self.body.start(self.parts.append, self.ends.append)

    def test_as_it_comes(self) -> None:
        self.start()
        self.body.write(b"one")
        self.assertEqual(self.parts, [b"one"])
        self.body.end()
        self.body.end()
        self.assertEqual(self.ends, [None])

    def test_nobody_reads_yet(self) -> None:
        self.body.write(b"x" * HIGH_WATER)
        self.assertTrue(self.source.paused)
        self.start()
        self.assertFalse(self.source.paused)
        self.assertEqual(len(self.parts[0]), HIGH_WATER)

    def test_slow_reader(self) -> None:
        self.start()
        self.body.pause()
        self.body.write(b"one")
        self.assertTrue(self.source.paused)
        self.assertEqual(self.parts, [])
        self.body.resume()
        self.assertEqual((self.parts, self.source.paused), ([b"one"], False))

    def test_pausing_between_two_parts(self) -> None:
        def write(part: bytes) -> None:
            self.parts.append(part)
            self.body.pause()

        self.body.write(b"one")
        self.body.write(b"two")
        self.body.end()
        self.body.start(write, self.ends.append)
        self.assertEqual((self.parts, self.ends), ([b"one"], []))
        self.body.resume()
        self.assertEqual((self.parts, self.ends), ([b"one", b"two"], [None]))

    def test_cancelled(self) -> None:
        self.body.write(b"x" * HIGH_WATER)
        self.body.cancel()
        self.assertFalse(self.source.paused)
        self.body.write(b"x" * HIGH_WATER)
        self.assertFalse(self.source.paused)

    def test_broken(self) -> None:
        self.start()
        self.body.end(StreamBroken("E", b"{}"))
        self.assertEqual(self.ends[0].value.error_type, "E")


class PreludeTests(SynchronousTestCase):
    @given(cuts=st.lists(st.integers(0, 40), max_size=6))
    def test_wherever_it_is_cut(self, cuts: list[int]) -> None:
        whole = b'{"statusCode": 201}' + b"\0" * 8 + b"body"
        body, found = StreamBody(), []
        reader = PreludeReader(body, found.append)
        places = sorted({min(cut, len(whole)) for cut in cuts} | {0, len(whole)})
        for begin, end in zip(places, places[1:], strict=False):
            reader.write(whole[begin:end])
        reader.end()
        parts: list[bytes] = []
        body.start(parts.append, lambda failure: None)
        self.assertEqual((found, b"".join(parts)), ([{"statusCode": 201}], b"body"))

    def test_none(self) -> None:
        for whole in (b"plain text", b"", b'{"a": 1}', b'{"a"' + b" " * 20_000, b"[1]" + b"\0" * 8, b"{x" + b"\0" * 8):
            body, found, parts = StreamBody(), [], []
            reader = PreludeReader(body, found.append)
            reader.write(whole)
            reader.end()
            body.start(parts.append, lambda failure: None)
            self.assertEqual((found, b"".join(parts)), ([None], whole))
