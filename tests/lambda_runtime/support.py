"""Doubles for the Lambda runtime: functions from text, processes that are driven by hand, connections that record."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.lambda_runtime.code import Unpacked
from emulator.lambda_runtime.functions import Function, LambdaError
from emulator.lambda_runtime.interpreters import Interpreter
from emulator.lambda_runtime.pool import LambdaPool
from emulator.lambda_runtime.worker import Worker

ACCOUNT, REGION = "000000000000", "us-east-1"


def archive(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """A zip archive of the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (modes or {}).get(name, 0o644) << 16
            opened.writestr(member, text)
    return buffer.getvalue()


def function(name: str = "greet", files: Mapping[str, str | bytes] | None = None, **options: Any) -> Function:
    """A function; its code is ``files``, or nothing that could run."""
    settings: dict[str, Any] = {
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "name": name,
        "account": ACCOUNT,
        "region": REGION,
        "runtime": "python3.11",
        "handler": "index.handler",
        "log_group": f"/aws/lambda/{name}",
        "code": archive(files) if files is not None else b"",
    }
    return Function(**{**settings, **options})


def new_path(case: SynchronousTestCase) -> str:
    """A path that is not there yet, in a directory that goes with the test (trial's mktemp litters under pytest)."""
    directory = tempfile.mkdtemp(prefix="apigw-emu-test-")
    case.addCleanup(shutil.rmtree, directory, True)
    return os.path.join(directory, "new")


class FakeProcess:
    """A process that does what the test says."""

    def __init__(self) -> None:
        self.killed = False
        self.drained = 0
        self.on_drain: list[Any] = []

    def drain(self) -> None:
        self.drained += 1
        waiting, self.on_drain = self.on_drain, []
        for call in waiting:
            call()

    def kill(self) -> None:
        self.killed = True

    def memory_mb(self) -> int:
        return 42


class FakeTransport:
    def __init__(self) -> None:
        self.closed = False

    def loseConnection(self) -> None:
        self.closed = True


class FakeConnection:
    """The runtime's connection: what it was sent, as (payload, headers)."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Mapping[str, str]]] = []
        self.transport = FakeTransport()

    def send_event(self, payload: bytes, headers: Mapping[str, str]) -> None:
        self.sent.append((payload, headers))


class Runtime:
    """The runtime inside a fake process: asks for work and answers it."""

    def __init__(self, worker: Worker, process: FakeProcess) -> None:
        self.worker = worker
        self.process = process
        self.connection = FakeConnection()

    def ask(self) -> None:
        assert self.worker.next_asked(self.connection) is None  # type: ignore[arg-type]

    @property
    def request_id(self) -> str:
        return self.connection.sent[-1][1]["Lambda-Runtime-Aws-Request-Id"]

    def answer(self, payload: bytes = b'"ok"') -> None:
        assert self.worker.answered(self.request_id, payload, {}) is None

    def die(self, code: int | None = 1, signal: int | None = None) -> None:
        self.worker.exited(code, signal)


class FakeStarter:
    """``starter.WorkerStarter`` without a machine: processes appear in ``runtimes``, in order of starting."""

    def __init__(self) -> None:
        self.runtimes: list[Runtime] = []
        self.prepared: list[Function] = []
        self.released: list[Function] = []
        self.cleared: list[Worker] = []
        self.refusal: LambdaError | None = None
        self.start_refusal: Exception | None = None
        self.hold: Deferred[None] | None = None
        self.cleaned = False

    async def prepare(self, called: Function) -> Any:
        self.prepared.append(called)
        if self.hold is not None:
            await self.hold
        if self.refusal is not None:
            raise self.refusal
        return (Interpreter(family="python", path="/python", version="3.11.7"), Unpacked("/task", "/opt"))

    def start(self, worker: Worker, launch: Any) -> None:
        if self.start_refusal is not None:
            raise self.start_refusal
        process = FakeProcess()
        worker.process = process
        worker.disguise = (("/state/task", "/var/task"),)
        self.runtimes.append(Runtime(worker, process))
        worker.begin()

    def release(self, called: Function) -> None:
        self.released.append(called)

    def clear(self, worker: Worker) -> None:
        self.cleared.append(worker)

    async def clean_up(self) -> None:
        await succeed(None)
        self.cleaned = True


class RecordingSink:
    """A LogSink that keeps (stream, message) in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def write(self, called: Function, stream: str, events: Any) -> None:
        self.lines.extend((stream, each.message) for each in events)

    @property
    def messages(self) -> list[str]:
        return [message for _, message in self.lines]


class Bench:
    """A pool on doubles: ``clock``, ``starter``, ``sink``, ``pool``."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.effects = Effects.fake(self.clock)
        self.starter = FakeStarter()
        self.sink = RecordingSink()
        self.pool = LambdaPool(self.effects, self.starter, self.sink, **options)  # type: ignore[arg-type]
        self.pool.startService()

    def runtime(self, index: int = -1) -> Runtime:
        return self.starter.runtimes[index]

    def ready(self, called: Function) -> Runtime:
        """A worker of the function that has served a call and is idle."""
        served = self.pool.invoke(called, b"{}")
        runtime = self.runtime()
        runtime.ask()
        runtime.answer()
        assert served.called
        runtime.ask()
        return runtime


def payload_of(result: Any) -> Any:
    return json.loads(result.payload)
