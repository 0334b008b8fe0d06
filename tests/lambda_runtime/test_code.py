"""Archives on disk."""

from __future__ import annotations

import errno
import os
import zipfile
from io import BytesIO
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.lambda_runtime import code
from emulator.lambda_runtime.functions import Function, InvalidZipFileException, Layer, ServiceException
from tests.lambda_runtime.support import archive, function, new_path


def with_link(name: str, target: str, then: str = "") -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        link = zipfile.ZipInfo(name)
        link.external_attr = 0o120777 << 16
        opened.writestr(link, target)
        if then:
            opened.writestr(then, "text")
    return buffer.getvalue()


class UnpackTests(SynchronousTestCase):
    def unpacked(self, *archives: bytes) -> str:
        return code.unpack(archives, new_path(self))

    def test_files_and_modes(self) -> None:
        modes = {"bootstrap": 0o755, "lib/tool": 0o750}
        path = self.unpacked(archive({"bootstrap": "1", "lib/tool": "2", "data": "3"}, modes))
        got = {name: os.stat(os.path.join(path, name)).st_mode & 0o777 for name in ("bootstrap", "lib/tool", "data")}
        self.assertEqual(got, {"bootstrap": 0o755, "lib/tool": 0o750, "data": 0o644})

    def test_no_modes(self) -> None:
        """As Windows writes them: only a bootstrap is made executable."""
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w") as opened:
            for name in ("bootstrap", "index.py"):
                member = zipfile.ZipInfo(name)
                member.external_attr = 0x20
                opened.writestr(member, "x")
        path = self.unpacked(buffer.getvalue())
        self.assertTrue(os.access(os.path.join(path, "bootstrap"), os.X_OK))
        self.assertEqual(os.stat(os.path.join(path, "index.py")).st_mode & 0o777, 0o644)

    def test_later_layers_win(self) -> None:
        path = self.unpacked(archive({"a": "1", "b": "1"}), archive({"b": "2"}))
        with open(os.path.join(path, "a")) as first, open(os.path.join(path, "b")) as second:
            self.assertEqual((first.read(), second.read()), ("1", "2"))

    def test_links_inside(self) -> None:
        path = self.unpacked(with_link("lib/a", "b", then="lib/b"))
        with open(os.path.join(path, "lib/a")) as linked:
            self.assertEqual(linked.read(), "text")

    def test_what_must_not_be_unpacked(self) -> None:
        for bad in (
            b"no zip",
            b"",
            archive({"a": "x"})[:-10],
            archive({"../outside": "x"}),
            archive({"a/../../outside": "x"}),
            with_link("a", "/etc/passwd"),
            with_link("a", "../.."),
            with_link("a", "..", then="a/b"),
        ):
            root = new_path(self)
            self.assertRaises(InvalidZipFileException, code.unpack, [bad], root)
            self.assertEqual(os.listdir(os.path.dirname(root)), [])

    def test_absolute_names_stay_inside(self) -> None:
        path = new_path(self)
        self.assertRaises(InvalidZipFileException, code.unpack, [archive({"/etc/x": "x"})], path)

    def test_bomb(self) -> None:
        self.patch(code, "MAX_UNZIPPED", 1000)
        self.assertRaises(InvalidZipFileException, code.unpack, [archive({"a": "x" * 1001})], new_path(self))

    def test_full_disk(self) -> None:
        root = new_path(self)
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with mock.patch.object(code.os, "fchmod", side_effect=full):
            failed = self.assertRaises(ServiceException, code.unpack, [archive({"a": "x"})], root)
        self.assertIn("No space left on device", failed.message)
        self.assertFalse(os.path.exists(root))


class StoreTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = new_path(self)
        self.store = code.CodeStore(Effects.fake(Clock()), self.root)

    def acquire(self, called: Function) -> code.Unpacked:
        return self.successResultOf(Deferred.fromCoroutine(self.store.acquire(called)))

    def test_shared_and_given_back(self) -> None:
        one, other = function("one", {"a": "1"}), function("other", {"a": "1"})
        first, second = self.acquire(one), self.acquire(other)
        self.assertEqual(first, second)
        self.store.release(one)
        self.assertTrue(os.path.exists(first.task_root))
        self.store.release(other)
        self.assertEqual(os.listdir(self.root), [])

    def test_bad_layer_gives_the_code_back(self) -> None:
        called = function("one", {"a": "1"}, layers=(Layer("l", "", b"no zip"),))
        self.failureResultOf(Deferred.fromCoroutine(self.store.acquire(called)), InvalidZipFileException)
        self.assertEqual(os.listdir(self.root), [])
