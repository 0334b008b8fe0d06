"""Which program runs a runtime: found once, run once to be sure, remembered.

Belongs here: looking for interpreters, and saying so when the one asked for is not there. Never here: starting workers.

Order: the configuration, PATH (a pyenv shim is on PATH and fails, so each candidate is run), pyenv's versions,
``uv python find``, then the nearest of the family with a warning, or an error under ``strict``.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from attrs import frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.lambda_runtime.functions import InvalidRuntimeException

_NODE_VERSIONS = ("24", "22", "20", "18", "16")
_PYTHON_VERSIONS = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8")

_ASK_PYTHON = "import sys; print('.'.join(map(str, sys.version_info[:3]))); print(sys.executable)"


@frozen(kw_only=True)
class Interpreter:
    """A program that runs a runtime. ``warning`` is empty when it is the very version asked for."""

    family: str  # python, nodejs, provided
    path: str
    version: str
    warning: str = ""


class Interpreters:
    """Finds interpreters off the reactor, each runtime once."""

    def __init__(
        self,
        effects: Effects,
        configured: Mapping[str, str],
        *,
        strict: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._effects = effects
        self._configured = configured
        self.strict = strict
        self._environ = dict(os.environ if environ is None else environ)
        self._known: dict[str, Interpreter | InvalidRuntimeException] = {}

    async def find(self, runtime: str) -> Interpreter:
        """The interpreter for a runtime identifier (``python3.12``). Raises InvalidRuntimeException."""
        known = self._known.get(runtime)
        if known is None:
            search: Deferred[Interpreter | InvalidRuntimeException] = self._effects.in_thread(self._search, runtime)
            known = self._known[runtime] = await search
        if isinstance(known, InvalidRuntimeException):
            raise known
        return known

    def known(self, runtime: str) -> Interpreter | InvalidRuntimeException | None:
        """What ``find`` found before, if it was asked; never blocks."""
        return self._known.get(runtime)

    def search_now(self, runtime: str) -> Interpreter | InvalidRuntimeException:
        """As ``find``, blocking: for callers on a thread of their own."""
        known = self._known.get(runtime)
        if known is None:
            known = self._known[runtime] = self._search(runtime)
        return known

    def _search(self, runtime: str) -> Interpreter | InvalidRuntimeException:
        family, wanted = _parse(runtime)
        if family == "provided":
            return Interpreter(family=family, path="", version="")
        if family is None:
            return InvalidRuntimeException(f"The runtime {runtime!r} cannot be run by this emulator.")
        configured = self._configured.get(runtime) or self._environ.get(_variable(runtime))
        if configured:
            return self._configured_one(runtime, family, wanted, configured)
        for path in self._candidates(family, wanted):
            found = self._probe(family, path)
            if found is not None and _matches(family, found.version, wanted):
                return found
        return self._nearest(runtime, family, wanted)

    def _configured_one(
        self, runtime: str, family: str, wanted: str, path: str
    ) -> Interpreter | InvalidRuntimeException:
        found = self._probe(family, path)
        if found is None:
            return InvalidRuntimeException(f"The interpreter configured for {runtime}, {path}, does not run.")
        if not _matches(family, found.version, wanted):
            return _substituted(found, runtime)
        return found

    def _nearest(self, runtime: str, family: str, wanted: str) -> Interpreter | InvalidRuntimeException:
        if self.strict:
            return InvalidRuntimeException(
                f"The runtime {runtime} is not on this machine, and strict runtimes are asked for."
            )
        versions = _PYTHON_VERSIONS if family == "python" else _NODE_VERSIONS
        for version in sorted(versions, key=lambda each: _distance(each, wanted)):
            for path in self._candidates(family, version):
                found = self._probe(family, path)
                if found is not None and _matches(family, found.version, version):
                    return _substituted(found, runtime)
        if family == "python":
            found = self._probe(family, _own_python())
            if found is not None:
                return _substituted(found, runtime)
        return InvalidRuntimeException(f"No interpreter of the family {family} is on this machine, for {runtime}.")

    def _candidates(self, family: str, version: str) -> Iterator[str]:
        path = self._environ.get("PATH", os.defpath)
        if family == "nodejs":
            yield from _existing(shutil.which(f"node{version}", path=path), shutil.which("node", path=path))
            home = self._environ.get("HOME", "")
            yield from sorted(glob.glob(f"{home}/.nvm/versions/node/v{version}.*/bin/node"), reverse=True)
            return
        if "{}.{}".format(*sys.version_info[:2]) == version:
            yield _own_python()
        yield from _existing(shutil.which(f"python{version}", path=path))
        pyenv = self._environ.get("PYENV_ROOT") or os.path.join(self._environ.get("HOME", ""), ".pyenv")
        yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"), reverse=True)
        uv = shutil.which("uv", path=path)
        if uv:
            found = self._run([uv, "python", "find", version])
            if found:
                yield found.strip()

    def _probe(self, family: str, path: str) -> Interpreter | None:
        """Run the candidate; None unless it works."""
        if family == "nodejs":
            said = self._run([path, "--version"])
            version = (said or "").strip().lstrip("v")
            return Interpreter(family=family, path=path, version=version) if version else None
        said = self._run([path, "-I", "-S", "-c", _ASK_PYTHON])
        lines = (said or "").splitlines()
        if len(lines) < 2:
            return None
        return Interpreter(family=family, path=lines[1], version=lines[0])

    def _run(self, command: list[str]) -> str | None:
        try:
            ran = subprocess.run(  # the candidates are the user's own programs
                command, capture_output=True, text=True, timeout=20, check=False, env=self._environ
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ran.stdout if ran.returncode == 0 else None


def _parse(runtime: str) -> tuple[str | None, str]:
    if runtime == "provided" or runtime.startswith("provided."):
        return "provided", ""
    if match := re.fullmatch(r"python(3\.\d+)", runtime):
        return "python", match[1]
    if match := re.fullmatch(r"nodejs(\d+)\.x", runtime):
        return "nodejs", match[1]
    return None, ""


def _variable(runtime: str) -> str:
    """python3.12 -> APIGW_EMU_PYTHON_3_12; nodejs20.x -> APIGW_EMU_NODEJS_20_X."""
    spaced = re.sub(r"(?<=[a-z])(?=\d)", "_", runtime)
    return "APIGW_EMU_" + re.sub(r"[^A-Z0-9]", "_", spaced.upper())


def _matches(family: str, version: str, wanted: str) -> bool:
    parts = 2 if family == "python" else 1
    return ".".join(version.split(".")[:parts]) == wanted


def _substituted(found: Interpreter, runtime: str) -> Interpreter:
    warning = f"{runtime} is not on this machine: running on {found.family} {found.version} ({found.path})"
    return Interpreter(family=found.family, path=found.path, version=found.version, warning=warning)


def _distance(version: str, wanted: str) -> tuple[int, int]:
    """The nearest version first, the newer of two equally near ones before the older."""
    number = int(version.rpartition(".")[2])
    target = int(wanted.rpartition(".")[2])
    return abs(number - target), -number


def _own_python() -> str:
    """The interpreter the emulator runs on, without its virtual environment."""
    base: str = getattr(sys, "_base_executable", "") or sys.executable
    return base


def _existing(*paths: str | None) -> Iterator[str]:
    return (each for each in paths if each)
