"""Looking for interpreters: the order, the fallbacks, and candidates that lie."""

from __future__ import annotations

import os
import sys

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.lambda_runtime.functions import InvalidRuntimeException
from emulator.lambda_runtime.interpreters import Interpreter, Interpreters
from tests.lambda_runtime.support import new_path

HERE = "{}.{}".format(*sys.version_info[:2])


class InterpreterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.home = os.path.abspath(new_path(self))
        self.path = os.path.join(self.home, "bin")
        os.makedirs(self.path)

    def program(self, directory: str, name: str, text: str) -> str:
        os.makedirs(directory, exist_ok=True)
        place = os.path.join(directory, name)
        with open(place, "w") as out:
            out.write(f"#!/bin/sh\n{text}\n")
        os.chmod(place, 0o755)
        return place

    def python(self, directory: str, name: str, version: str) -> str:
        place = os.path.join(directory, name)
        return self.program(directory, name, f"echo {version}; echo {place}; echo cpython")

    def find(self, runtime: str, strict: bool = False, configured: dict[str, str] | None = None) -> Interpreter:
        environ = {"PATH": self.path, "HOME": self.home}
        looking = Interpreters(Effects.fake(Clock()), configured or {}, strict=strict, environ=environ)
        results: list[object] = []
        Deferred.fromCoroutine(looking.find(runtime)).addBoth(results.append)
        if not isinstance(results[0], Interpreter):
            results[0].raiseException()  # type: ignore[attr-defined]
        assert isinstance(results[0], Interpreter)
        return results[0]

    def test_on_path(self) -> None:
        place = self.python(self.path, "python3.9", "3.9.7")
        found = self.find("python3.9")
        self.assertEqual((found.path, found.version, found.warning), (place, "3.9.7", ""))

    def test_shims_lie(self) -> None:
        """pyenv puts a python3.9 on PATH for versions it will not run: it is tried, and pyenv's own is taken."""
        self.program(self.path, "python3.9", "echo not here >&2; exit 127")
        place = self.python(os.path.join(self.home, ".pyenv/versions/3.9.18/bin"), "python", "3.9.18")
        self.assertEqual(self.find("python3.9").path, place)

    def test_uv(self) -> None:
        place = self.python(os.path.join(self.home, "uv"), "python", "3.9.1")
        self.program(self.path, "uv", f'[ "$3" = 3.9 ] && echo {place}')
        self.assertEqual(self.find("python3.9").path, place)

    def test_configured(self) -> None:
        place = self.python(self.home, "mine", "3.9.2")
        self.python(self.path, "python3.9", "3.9.7")
        self.assertEqual(self.find("python3.9", configured={"python3.9": place}).path, place)
        self.assertIn("python3.8 is not", self.find("python3.8", configured={"python3.8": place}).warning)
        with self.assertRaises(InvalidRuntimeException):
            self.find("python3.9", configured={"python3.9": "/no/such/file"})

    def test_own(self) -> None:
        found = self.find(f"python{HERE}")
        self.assertTrue(found.version.startswith(HERE))
        self.assertEqual(found.warning, "")
        self.assertNotIn(".venv", found.path)

    def test_nearest(self) -> None:
        self.python(self.path, "python3.9", "3.9.7")
        found = self.find("python3.8")
        self.assertEqual(found.version, "3.9.7")
        self.assertIn("python3.8 is not on this machine: running on python 3.9.7", found.warning)
        self.assertTrue(self.find("python3.14").version.startswith(HERE))

    def test_strict(self) -> None:
        with self.assertRaises(InvalidRuntimeException):
            self.find("python3.8", strict=True)

    def test_node(self) -> None:
        place = self.program(self.path, "node", "echo v20.1.0")
        self.assertEqual((self.find("nodejs20.x").path, self.find("nodejs20.x").warning), (place, ""))
        self.assertIn("running on nodejs 20.1.0", self.find("nodejs22.x").warning)

    def test_none(self) -> None:
        for runtime in ("nodejs20.x", "ruby3.3", "java21", ""):
            with self.assertRaises(InvalidRuntimeException):
                self.find(runtime)
        self.assertEqual(self.find("provided.al2023").family, "provided")
