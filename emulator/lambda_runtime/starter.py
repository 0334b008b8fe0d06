"""Starting workers: everything between a function and its running process.

Belongs here: code on disk, interpreter, runtime files, scratch directory, port, process, in that order. Never here:
when a worker is wanted (``pool.py``).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from attrs import define, field, frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.lambda_runtime.code import CodeStore, Unpacked
from emulator.lambda_runtime.environment import Command, Surroundings, command_for
from emulator.lambda_runtime.functions import Function, InvalidRuntimeException, ServiceException
from emulator.lambda_runtime.interpreters import Interpreter, Interpreters
from emulator.lambda_runtime.process import Listener, Process, start_process
from emulator.lambda_runtime.runtime_api import Endpoint, RuntimeApi
from emulator.lambda_runtime.runtime_files import BOOTSTRAP, NODE_BOOTSTRAP, python_runtime
from emulator.lambda_runtime.worker import Worker


@frozen
class Launch:
    """What is needed to start a worker of a function, gathered off the reactor."""

    interpreter: Interpreter
    code: Unpacked
    surroundings: Surroundings


@define(eq=False)
class WorkerStarter:
    """Starts workers below one directory, ``root``. ``endpoint_url`` tells functions where AWS is: here."""

    effects: Effects
    root: str
    interpreters: Interpreters
    endpoint_url: Callable[[], str]
    node_modules: tuple[str, ...] = ()
    spawn: Callable[[Effects, Command, Listener], Process] = start_process
    _codes: CodeStore = field(init=False)
    _scratches: int = 0
    _closing: set[Deferred[None]] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._codes = CodeStore(self.effects, os.path.join(self.root, "code"))

    async def prepare(self, function: Function) -> Launch:
        """Find the interpreter and unpack the code. Raises LambdaErrors. Each is given back by ``release``."""
        if function.package_type != "Zip":
            raise InvalidRuntimeException("Functions packaged as container images are not run by this emulator.")
        interpreter = await self.interpreters.find(function.runtime)
        runtime_dir = ""
        if interpreter.family == "python":
            runtime_dir = await self.effects.in_thread(python_runtime, os.path.join(self.root, "runtime"))
        code = await self._codes.acquire(function)
        around = Surroundings(
            runtime_dir=runtime_dir or code.task_root,
            node_bootstrap=NODE_BOOTSTRAP,
            endpoint_url=self.endpoint_url(),
            node_modules=self.node_modules,
        )
        return Launch(interpreter, code, around)

    def release(self, function: Function) -> None:
        """The function's code is not needed by the launch's user any more."""
        self._codes.release(function)

    def start(self, worker: Worker, launch: Launch) -> None:
        """Start the worker's process. Raises NoEntrypoint, and ServiceException when the machine gives no process."""
        worker.disguise = (
            (launch.code.task_root, "/var/task"),
            (launch.code.opt_root, "/opt"),
            (launch.surroundings.runtime_dir, "/var/runtime"),
            (BOOTSTRAP, "/var/runtime"),
            *_standard_library(launch.interpreter),
        )
        self._scratches += 1
        try:
            worker.scratch = os.path.join(self.root, "tmp", str(self._scratches))
            os.makedirs(worker.scratch)
            api = RuntimeApi(worker)
            worker.endpoint = Endpoint(api, self.effects.listen_loopback(api))
            command = command_for(
                worker.function,
                launch.interpreter,
                launch.code,
                launch.surroundings,
                runtime_api=worker.endpoint.address,
                log_stream=worker.log_stream,
                scratch=worker.scratch,
            )
            worker.process = self.spawn(self.effects, command, worker)
        except OSError as error:
            raise ServiceException(f"No worker could be started: {error.strerror or error}") from error
        worker.begin(launch.interpreter.warning)

    def clear(self, worker: Worker) -> None:
        """Close the port of a worker that is gone, and remove what it kept on disk."""
        if worker.endpoint is not None:
            closing = worker.endpoint.close()
            worker.endpoint = None
            self._closing.add(closing)
            closing.addBoth(lambda _: self._closing.discard(closing))
        if worker.scratch:
            scratch, worker.scratch = worker.scratch, ""
            self.effects.in_thread(shutil.rmtree, scratch, True)

    async def clean_up(self) -> None:
        """Remove everything below ``root``."""
        for closing in list(self._closing):
            await closing
        await self._codes.settled()
        await self.effects.in_thread(shutil.rmtree, self.root, True)


def _standard_library(interpreter: Interpreter) -> tuple[tuple[str, str], ...]:
    """Where an interpreter's own modules are, here and on AWS; tracebacks go through them."""
    if interpreter.family != "python":
        return ()
    place = "lib/python" + ".".join(interpreter.version.split(".")[:2])
    root = os.path.dirname(os.path.dirname(interpreter.path))
    return ((os.path.join(root, place), f"/var/lang/{place}"),)
