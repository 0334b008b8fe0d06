"""Functions that really run: the runtimes on this machine, through sockets and processes."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any
from unittest import skipUnless

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from emulator.effects import Effects
from emulator.lambda_runtime.functions import Function, InvalidRuntimeException, InvalidZipFileException, Layer
from emulator.lambda_runtime.interpreters import Interpreters
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.pool import LambdaPool
from emulator.lambda_runtime.starter import WorkerStarter
from emulator.lambda_runtime.streams import StreamBroken
from tests.lambda_runtime.support import RecordingSink, archive, function, new_path, payload_of

PYTHON = """
import json, logging, os, sys, threading, time
print("loading")
def handler(event, context):
    kind = event.get("do")
    if kind == "raise":
        raise ValueError("boom")
    if kind == "exit":
        os._exit(7)
    if kind == "crash":
        os.kill(os.getpid(), 11)
    if kind == "sleep":
        time.sleep(event["seconds"])
    if kind == "bytes":
        return b"raw"
    if kind == "unserializable":
        return object()
    if kind == "big":
        return "x" * 7_000_000
    if kind == "print":
        for n in range(event["lines"]):
            print("line", n)
    if kind == "child":
        import subprocess
        return subprocess.Popen(["sleep", "60"]).pid
    if kind == "env":
        return dict(os.environ)
    if kind == "left":
        return context.get_remaining_time_in_millis()
    if kind == "path":
        return sys.path
    if kind == "file":
        with open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "data.txt")) as data:
            return [data.read(), os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]]
    return {"event": event, "pid": os.getpid(), "name": context.function_name, "arn": context.invoked_function_arn}
"""
BOOTSTRAP = """#!/bin/bash
set -eu
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  HEAD=$(mktemp)
  EVENT=$(curl -sS -D "$HEAD" "$API/invocation/next")
  ID=$(grep -i lambda-runtime-aws-request-id "$HEAD" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null "$API/invocation/$ID/response" -d "{\\"bash\\": $EVENT, \\"handler\\": \\"$_HANDLER\\"}"
done
"""


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class ProcessCase(TestCase):
    """A pool on the real reactor; what it left behind is counted at the end."""

    timeout = 60

    def setUp(self) -> None:
        self.root = new_path(self)
        self.sink = RecordingSink()
        effects = Effects.real(reactor)
        # The pools of threads belong to the reactor, which trial keeps for the next test.
        assert effects.pool is not None and effects.writer_pool is not None
        for pool in (effects.pool, effects.writer_pool):
            pool.start()
            self.addCleanup(pool.stop)
        self.interpreters = Interpreters(effects, {})
        starter = WorkerStarter(effects, os.path.abspath(self.root), self.interpreters, lambda: "http://127.0.0.1:1")
        self.pool = LambdaPool(effects, starter, self.sink, concurrency=4)
        self.pool.startService()
        self.pids: set[int] = set()
        self.addCleanup(self.stop)

    async def stop(self) -> None:
        await self.pool.stopService()
        self.assertEqual([pid for pid in self.pids if alive(pid)], [])
        self.assertFalse(os.path.exists(self.root))

    async def run_it(self, called: Function, event: Any = None) -> InvocationResult:
        result = await self.pool.invoke(called, json.dumps(event if event is not None else {}).encode())
        self.pids.update(each.process.pid for each in self.pool.workforce.processes)  # type: ignore[union-attr, attr-defined]
        return result


class PythonTests(ProcessCase):
    def setUp(self) -> None:
        super().setUp()
        self.called = function(files={"index.py": PYTHON, "data.txt": "data"}, environment={"MINE": "é"}, timeout=10)

    async def test_a_working_life(self) -> None:
        first = await self.run_it(self.called, {"n": 1})
        second = await self.run_it(self.called, {"n": 2})
        self.assertEqual(payload_of(first)["event"], {"n": 1})
        self.assertEqual(payload_of(first)["pid"], payload_of(second)["pid"])
        self.assertIsNotNone(first.init_ms)
        self.assertIsNone(second.init_ms)
        self.assertEqual(self.sink.messages[1], "loading\n")
        left = payload_of(await self.run_it(self.called, {"do": "left"}))
        self.assertTrue(0 < left <= 10_000)

    async def test_environment(self) -> None:
        os.environ["SECRET_OF_THE_EMULATOR"] = "1"
        self.addCleanup(os.environ.pop, "SECRET_OF_THE_EMULATOR")
        got = payload_of(await self.run_it(self.called, {"do": "env"}))
        self.assertEqual(
            {name: got[name] for name in ("_HANDLER", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "MINE", "TZ")},
            {
                "_HANDLER": "index.handler",
                "AWS_REGION": "us-east-1",
                "AWS_LAMBDA_FUNCTION_NAME": "greet",
                "MINE": "é",
                "TZ": ":UTC",
            },
        )
        self.assertEqual(got["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.11")
        self.assertEqual(got["AWS_ENDPOINT_URL"], "http://127.0.0.1:1")
        for name in ("SECRET_OF_THE_EMULATOR", "HOME", "OLDPWD", "VIRTUAL_ENV", "USER"):
            self.assertNotIn(name, got)
        path = payload_of(await self.run_it(self.called, {"do": "path"}))
        self.assertEqual(path[0], got["LAMBDA_TASK_ROOT"])
        self.assertFalse([each for each in path if "/work/main/.venv" in each or os.getcwd() == each])
        data = payload_of(await self.run_it(self.called, {"do": "file"}))
        self.assertEqual(data, ["data", True])

    async def test_failures(self) -> None:
        raised = await self.run_it(self.called, {"do": "raise"})
        self.assertEqual(raised.function_error, "Unhandled")
        self.assertEqual(payload_of(raised)["errorMessage"], "boom")
        self.assertIn("/var/task/index.py", payload_of(raised)["stackTrace"][0])
        self.assertIn(b"[ERROR] ValueError: boom", raised.log_tail)
        exited = payload_of(await self.run_it(self.called, {"do": "exit"}))
        self.assertIn("Runtime exited with error: exit status 7", exited["errorMessage"])
        crashed = payload_of(await self.run_it(self.called, {"do": "crash"}))
        self.assertIn("signal: segmentation fault", crashed["errorMessage"])
        marshal = payload_of(await self.run_it(self.called, {"do": "unserializable"}))
        self.assertEqual(marshal["errorType"], "Runtime.MarshalError")
        big = payload_of(await self.run_it(self.called, {"do": "big"}))
        self.assertEqual(big["errorType"], "Function.ResponseSizeTooLarge")
        self.assertEqual((await self.run_it(self.called, {"do": "bytes"})).payload, b"raw")

    async def test_a_message_is_one_event(self) -> None:
        text = """
import logging
def handler(event, context):
    print("one\\ntwo")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("three")
    raise ValueError("four")
"""
        await self.run_it(function(files={"index.py": text}))
        start, *events = self.sink.messages[1:-2]
        self.assertEqual(events[:2], ["one\n", "two\n"])
        self.assertRegex(events[2], r"^\[ERROR\]\t\S+\t\S+\tthree\nTraceback \(most recent call last\):\n")
        self.assertTrue(events[2].endswith("ZeroDivisionError: division by zero\n"))
        self.assertTrue(events[3].startswith("[ERROR] ValueError: four\nTraceback (most recent call last):\n"))
        self.assertEqual(len(events), 4)

    async def test_nothing_comes_in(self) -> None:
        called = function(files={"index.py": "import sys\ndef handler(event, context): return sys.stdin.read()"})
        self.assertEqual((await self.run_it(called)).payload, b'""')

    async def test_tracebacks_show_awss_paths(self) -> None:
        called = function(files={"index.py": "raise ValueError('at the start')"})
        told = payload_of(await self.run_it(called))
        self.assertEqual((told["errorMessage"], told["errorType"]), ("at the start", "ValueError"))
        frames = [each for each in told["stackTrace"] if "importlib/__init__.py" in each]
        self.assertIn('File "/var/lang/lib/python3.11/importlib/__init__.py"', frames[0])

    async def test_timeout_kills_the_whole_group(self) -> None:
        called = evolve(self.called, timeout=1)
        child = payload_of(await self.run_it(called, {"do": "child"}))
        self.assertTrue(alive(child))
        late = await self.run_it(called, {"do": "sleep", "seconds": 30})
        self.assertEqual(payload_of(late)["errorType"], "Sandbox.Timedout")
        # The signal is sent; the kernel takes a moment to end what it was sent to.
        for _ in range(200):
            if alive(child):
                await deferLater(reactor, 0.01)  # type: ignore[arg-type]
        self.assertFalse(alive(child))
        self.assertIsNone((await self.run_it(called)).function_error)

    async def test_all_output_is_in_the_tail(self) -> None:
        for lines in (1, 3, 2000):
            tail = (await self.run_it(self.called, {"do": "print", "lines": lines})).log_tail
            self.assertIn(f"line {lines - 1}\nEND RequestId".encode(), tail)
            self.assertLessEqual(len(tail), 4096)

    async def test_concurrency(self) -> None:
        calls = [
            Deferred.fromCoroutine(self.run_it(self.called, {"do": "sleep", "seconds": 0.2, "n": n})) for n in range(6)
        ]
        results = await gatherResults(calls)
        self.assertEqual(len({payload_of(each)["pid"] for each in results}), 4)
        self.assertEqual([payload_of(each)["event"]["n"] for each in results], list(range(6)))

    async def test_init_errors(self) -> None:
        for files, handler, error_type in (
            ({"index.py": "import no_such_module"}, "index.handler", "Runtime.ImportModuleError"),
            ({"index.py": "def handler(:"}, "index.handler", "Runtime.UserCodeSyntaxError"),
            ({"index.py": "x = 1"}, "index.handler", "Runtime.HandlerNotFound"),
            ({"index.py": "x = 1"}, "index", "Runtime.MalformedHandlerName"),
            ({"index.py": "import sys; sys.exit(3)"}, "index.handler", "Runtime.ExitError"),
        ):
            got = await self.run_it(function(files=files, handler=handler))
            self.assertEqual((payload_of(got)["errorType"], got.function_error), (error_type, "Unhandled"))
            self.assertIn(f"Error Type: {error_type}".encode(), got.log_tail)

    async def test_layers_and_nested_handlers(self) -> None:
        layers = tuple(
            Layer(
                f"layer{n}",
                "",
                archive(
                    {"python/shared.py": f"VALUE = {n}", f"bin/tool{n}": "#!/bin/sh\necho 5"}, {f"bin/tool{n}": 0o755}
                ),
            )
            for n in (1, 2)
        )
        code = "import shared, subprocess\ndef handler(e, c): return [shared.VALUE, subprocess.getoutput('tool1')]"
        called = function(files={"src/app/main.py": code}, handler="src/app/main.handler", layers=layers)
        self.assertEqual(payload_of(await self.run_it(called)), [2, "5"])

    async def test_boto3_is_there(self) -> None:
        code = "import boto3\ndef handler(e, c): return boto3.client('sqs').meta.endpoint_url"
        called = function(files={"index.py": code}, timeout=20)
        self.assertEqual(payload_of(await self.run_it(called)), "http://127.0.0.1:1")

    async def test_what_cannot_be_run(self) -> None:
        with self.assertRaises(InvalidZipFileException):
            await self.run_it(evolve(function(), code=b"no zip"))
        with self.assertRaises(InvalidRuntimeException):
            await self.run_it(function(files={"a": ""}, runtime="ruby3.3"))
        with self.assertRaises(InvalidRuntimeException):
            await self.run_it(function(files={"a": ""}, package_type="Image"))

    async def test_interpreters_the_extension_was_not_built_for(self) -> None:
        """The client in plain Python: on whatever other Python is here, else on this one."""
        for runtime in ("python3.12", "python3.9"):
            called = function(files={"index.py": PYTHON}, runtime=runtime, timeout=10)
            self.assertEqual(payload_of(await self.run_it(called, {"n": "é"}))["event"], {"n": "é"})
            self.assertEqual(payload_of(await self.run_it(called, {"do": "raise"}))["errorType"], "ValueError")


class Reader:
    """Takes a stream; ``first`` fires with the first part, ``done`` with all of it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.first: Deferred[bytes] = Deferred()
        self.done: Deferred[bytes] = Deferred()

    def write(self, part: bytes) -> None:
        if not self.parts:
            self.first.callback(part)
        self.parts.append(part)

    def end(self, failure: Failure | None) -> None:
        if failure is not None:
            self.done.errback(failure)
        else:
            self.done.callback(b"".join(self.parts))


@skipUnless(shutil.which("node"), "there is no node on this machine")
class NodeTests(ProcessCase):
    def called(self, text: str, name: str = "index.js", **options: Any) -> Function:
        return function(files={name: text}, runtime="nodejs20.x", **options)

    async def test_kinds_of_handlers(self) -> None:
        for text, name in (
            ("exports.handler = async (event, context) => ({ event, name: context.functionName });", "index.js"),
            ("export const handler = async (event, context) => ({ event, name: context.functionName });", "index.mjs"),
            (
                "exports.handler = (event, context, done) => done(null, { event, name: context.functionName });",
                "index.js",
            ),
            (
                "exports.handler = (event, context) => context.succeed({ event, name: context.functionName });",
                "index.cjs",
            ),
        ):
            called = self.called(text, name)
            for n in (1, 2):
                got = await self.run_it(called, {"n": n, "é": "ü"})
                self.assertEqual(payload_of(got), {"event": {"n": n, "é": "ü"}, "name": "greet"})
        module = {"src/app.js": "export const handler = async () => 1", "package.json": '{"type": "module"}'}
        called = function(files=module, runtime="nodejs20.x", handler="src/app.handler")
        self.assertEqual((await self.run_it(called)).payload, b"1")

    async def test_callbacks_wait_for_the_event_loop(self) -> None:
        text = "exports.handler = (e, c, done) => { setTimeout(() => console.log('later'), 60); done(null, 1); }"
        got = await self.run_it(self.called(text))
        self.assertEqual(got.payload, b"1")
        self.assertIn(b"\tINFO\tlater\n", got.log_tail)
        text = """exports.handler = (event, context, done) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60000);
  done(null, 2);
};"""
        self.assertEqual((await self.run_it(self.called(text))).payload, b"2")

    async def test_console(self) -> None:
        text = "exports.handler = async () => { console.log('two\\nlines', {a: 1}); console.error('bad'); }"
        got = await self.run_it(self.called(text))
        self.assertEqual(got.payload, b"null")
        events = self.sink.messages[2:]
        self.assertRegex(events[0], rf"^\d{{4}}-\S+Z\t{got.request_id}\tINFO\ttwo\nlines {{ a: 1 }}\n$")
        self.assertRegex(events[1], rf"^\S+Z\t{got.request_id}\tERROR\tbad\n$")

    async def test_failures(self) -> None:
        for text, error_type, message in (
            ("exports.handler = async () => { throw new TypeError('no'); }", "TypeError", "no"),
            ("exports.handler = (e, c, done) => done(new RangeError('far'));", "RangeError", "far"),
            ("exports.handler = async () => { throw 'text'; }", "string", "text"),
            ("exports.handler = async () => { process.exit(4); }", "Runtime.ExitError", "exit status 4"),
            ("exports.handler = () => setTimeout(() => { throw new Error('late'); }, 5);", "Error", "late"),
            ("exports.handler = async () => { Promise.reject(new Error('x')); await new Promise(() => {}); }",
             "Runtime.UnhandledPromiseRejection", "Error: x"),
            ("exports.handler = async () => { throw undefined; }", "string", "handled"),
            ("class Mine extends Error {}\nexports.handler = async () => { throw new Mine('m'); }", "Error", "m"),
            ("exports.handler = async () => { const a = {}; a.a = a; return a; }", "Error", "Unable to stringify"),
            ("exports.handler = async () => { await new Promise(() => {}); }", "Runtime.NodeJsExit", "never settled"),
        ):  # fmt: skip
            got = await self.run_it(self.called(text))
            self.assertEqual(got.function_error, "Unhandled")
            self.assertEqual(payload_of(got)["errorType"], error_type)
            self.assertIn(message, payload_of(got)["errorMessage"])
            self.assertEqual(sorted(set(payload_of(got)) - {"trace"}), ["errorMessage", "errorType"])
        forgetful = await self.run_it(self.called("exports.handler = () => new Promise(() => {});"))
        self.assertEqual(forgetful.payload, b"null")

    async def test_an_error_in_the_log(self) -> None:
        text = "exports.handler = async () => { throw Object.assign(new Error('no'), { code: 5, more: 'm' }); }"
        line = (await self.run_it(self.called(text))).log_tail.decode().split("\n")[1]
        _, _, level, told = line.split("\t", 3)
        self.assertEqual((level, told.partition("\t")[0]), ("ERROR", "Invoke Error "))
        shown = json.loads(told.partition("\t")[2])
        self.assertEqual(list(shown), ["errorType", "errorMessage", "code", "more", "stack"])

    async def test_logs_as_json(self) -> None:
        text = "exports.handler = async () => { console.warn({ a: 1 }); console.error('b', new TypeError('c')); }"
        called = self.called(text, log_format="JSON", log_level="WARN")
        lines = [json.loads(each) for each in (await self.run_it(called)).log_tail.splitlines()]
        self.assertEqual([lines[0]["type"], lines[-1]["type"]], ["platform.start", "platform.report"])
        said = lines[1:-1]
        self.assertEqual([(each["level"], each["message"]) for each in said[:1]], [("WARN", {"a": 1})])
        self.assertEqual((said[1]["errorType"], said[1]["errorMessage"]), ("TypeError", "c"))

    async def test_modern(self) -> None:
        """What Node.js 24's client does otherwise; the label decides, whatever interpreter there is."""
        for text, name, payload in (
            ("exports.handler = (event, context) => 'done' in context || 'at once'", "index.js", b'"at once"'),
            ("export default { handler: async () => 'inner' }", "index.mjs", b'"inner"'),
        ):
            called = function(files={name: text}, runtime="nodejs24.x")
            self.assertEqual((await self.run_it(called)).payload, payload)
        called = function(files={"index.js": "exports.handler = (a, b, c) => c(null, 1)"}, runtime="nodejs24.x")
        self.assertEqual(payload_of(await self.run_it(called))["errorType"], "Runtime.CallbackHandlerDeprecated")

    async def test_init_errors(self) -> None:
        for text, handler, error_type in (
            ("require('no-such-module')", "index.handler", "Runtime.ImportModuleError"),
            ("function ( {", "index.handler", "Runtime.UserCodeSyntaxError"),
            ("exports.other = 1", "index.handler", "Runtime.HandlerNotFound"),
            ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound"),
            ("", "index", "Runtime.MalformedHandlerName"),
        ):
            got = await self.run_it(self.called(text, handler=handler))
            self.assertEqual((payload_of(got)["errorType"], got.function_error), (error_type, "Unhandled"))
        missing = payload_of(await self.run_it(self.called("require('no-such')")))["errorMessage"]
        stack = "Require stack:\n- /var/task/index.js\n- /var/runtime/index.mjs"
        self.assertEqual(missing, f"Error: Cannot find module 'no-such'\n{stack}")
        missing = payload_of(await self.run_it(self.called("", handler="nofile.handler")))["errorMessage"]
        self.assertEqual(missing, "Error: Cannot find module 'nofile'\nRequire stack:\n- /var/runtime/index.mjs")
        for text, name in (("require('@aws-sdk/x')", "index.js"), ("import x from '@aws-sdk/x';", "index.mjs")):
            self.assertIn(b"[WARNING] @aws-sdk/x is part of", (await self.run_it(self.called(text, name))).log_tail)
        imported = payload_of(await self.run_it(self.called("import x from 'no-such';", "index.mjs")))
        expected = "Cannot find package 'no-such' imported from /var/task/index.mjs"
        self.assertEqual((imported["errorType"], imported["errorMessage"]), ("Error", expected))

    async def test_first_byte_before_the_end(self) -> None:
        """The function does not go on until the first byte has arrived here."""
        text = """
import fs from 'node:fs';
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } });
  stream.write('one');
  while (!fs.existsSync(event.file)) await new Promise((r) => setTimeout(r, 5));
  stream.write('two');
  stream.end();
});"""
        signal = os.path.abspath(new_path(self))
        called = self.called(text, "index.mjs", timeout=10)
        result = await self.pool.invoke_streaming(called, json.dumps({"file": signal}).encode(), prelude=True)
        self.assertEqual(result.prelude, {"statusCode": 201, "headers": {"a": "b"}})
        self.assertEqual(result.content_type, "application/vnd.awslambda.http-integration-response")
        reader = Reader()
        result.body.start(reader.write, reader.end)
        self.assertEqual(await reader.first, b"one")
        with open(signal, "w"):
            pass
        self.assertEqual(await reader.done, b"onetwo")
        whole = await self.run_it(called, {"file": signal})
        self.assertTrue(whole.payload.endswith(b"\0\0onetwo"))

    async def test_streams_that_fail(self) -> None:
        text = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.write) { stream.write('one'); await new Promise((r) => setTimeout(r, 20)); }
  throw new Error('mid');
});"""
        called = self.called(text)
        early = await self.pool.invoke_streaming(called, b"{}")
        self.assertEqual((early.function_error, early.streamed), ("Unhandled", False))
        early.body.cancel()
        late = await self.pool.invoke_streaming(called, b'{"write": 1}')
        reader = Reader()
        late.body.start(reader.write, reader.end)
        with self.assertRaises(StreamBroken) as raised:
            await reader.done
        payload = json.loads(raised.exception.payload)
        self.assertEqual((reader.parts, payload["errorMessage"]), ([b"one"], "mid"))
        self.assertIn("at /var/task/index.js:4:9", payload["trace"][1])

    async def test_back_pressure(self) -> None:
        """A reader who does not read holds the function: it can only fill the buffers in between."""
        text = """
const { once } = require('node:events');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let n = 0; n < 400; n++) if (!stream.write(Buffer.alloc(65536))) await once(stream, 'drain');
  stream.end();
});"""
        result = await self.pool.invoke_streaming(self.called(text, timeout=20), b"{}")
        reader = Reader()
        await deferLater(reactor, 0.5)  # type: ignore[arg-type]
        self.assertLess(result.body._buffered, 1_000_000)
        result.body.start(reader.write, reader.end)
        self.assertEqual(len(await reader.done), 400 * 65536)


@skipUnless(shutil.which("bash") and shutil.which("curl"), "there is no bash with curl on this machine")
class ProvidedTests(ProcessCase):
    async def test_bootstrap(self) -> None:
        code = archive({"bootstrap": BOOTSTRAP}, {"bootstrap": 0o755})
        called = function(code=code, runtime="provided.al2023", handler="mine")
        for n in (1, 2):
            got = payload_of(await self.run_it(called, {"n": n}))
            self.assertEqual(got, {"bash": {"n": n}, "handler": "mine"})

    async def test_bootstrap_of_a_layer(self) -> None:
        layer = Layer("layer", "", archive({"bootstrap": BOOTSTRAP}, {"bootstrap": 0o755}))
        called = function(files={"x": ""}, runtime="provided.al2", handler="h", layers=(layer,))
        self.assertEqual(payload_of(await self.run_it(called, {}))["bash"], {})

    async def test_no_bootstrap(self) -> None:
        for files, reason in (
            ({"x": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
            ({"bootstrap": BOOTSTRAP}, "fork/exec /var/task/bootstrap: permission denied"),
        ):
            got = payload_of(await self.run_it(function(files=files, runtime="provided.al2")))
            self.assertEqual(got["errorType"], "Runtime.InvalidEntrypoint")
            self.assertTrue(got["errorMessage"].endswith(f"Error: {reason}"))
