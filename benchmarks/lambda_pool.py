"""What a warm and a cold invocation cost: the pool by itself, called in process.

Belongs here: measuring ``emulator.lambda_runtime``. Never here: API Gateway in front of it (``bench.py``).

usage: python benchmarks/lambda_pool.py [--seconds N] [--json FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import tempfile
import time
import zipfile

from twisted.internet import reactor, task
from twisted.internet.defer import Deferred, gatherResults

from emulator.effects import Effects
from emulator.lambda_runtime.functions import Function, InvalidRuntimeException
from emulator.lambda_runtime.interpreters import Interpreters
from emulator.lambda_runtime.logs import NoLogs
from emulator.lambda_runtime.pool import LambdaPool
from emulator.lambda_runtime.starter import WorkerStarter

PYTHON = {"index.py": "def handler(event, context):\n    return {'statusCode': 200, 'body': 'ok'}\n"}
NODE = {"index.mjs": "export const handler = async () => ({ statusCode: 200, body: 'ok' });\n"}
EVENT = json.dumps({"path": "/x", "headers": {f"h{n}": "v" * 20 for n in range(25)}}).encode()


def function(name: str, runtime: str, files: dict[str, str]) -> Function:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for path, text in files.items():
            opened.writestr(path, text)
    return Function(
        arn=f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        name=name,
        account="000000000000",
        region="us-east-1",
        runtime=runtime,
        handler="index.handler",
        code=archive.getvalue(),
        log_group=f"/aws/lambda/{name}",
    )


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def warm(pool: LambdaPool, called: Function, callers: int, seconds: float) -> dict[str, float]:
    """``callers`` that call one after the other, for so many seconds."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await pool.invoke(called, EVENT)
            took.append(time.perf_counter() - began)

    await gatherResults([Deferred.fromCoroutine(caller()) for _ in range(callers)])
    began, used, took[:] = time.perf_counter(), cpu(), []
    until = began + seconds
    await gatherResults([Deferred.fromCoroutine(caller()) for _ in range(callers)])
    elapsed = time.perf_counter() - began
    return {
        "per_second": len(took) / elapsed,
        "p50_ms": quantile(took, 0.5) * 1000,
        "p99_ms": quantile(took, 0.99) * 1000,
        "reactor_cpu_us": (cpu() - used) / len(took) * 1e6,
        "workers": pool.worker_count,
    }


async def cold(pool: LambdaPool, called: Function, times: int = 10) -> dict[str, float]:
    took = []
    for _ in range(times):
        await pool.reset()
        began = time.perf_counter()
        await pool.invoke(called, EVENT)
        took.append((time.perf_counter() - began) * 1000)
    return {"min_ms": min(took), "p50_ms": quantile(took, 0.5), "max_ms": max(took)}


async def measure(options: argparse.Namespace) -> None:
    effects = Effects.real(reactor)
    root = tempfile.mkdtemp(prefix="apigw-emu-bench-")
    pool = LambdaPool(
        effects, WorkerStarter(effects, root, Interpreters(effects, {}), lambda: "http://127.0.0.1:1"), NoLogs()
    )
    pool.startService()
    figures: dict[str, object] = {}
    try:
        for runtime, files in (("python3.11", PYTHON), ("python3.12", PYTHON), ("nodejs20.x", NODE)):
            called = function(runtime.replace(".", "_"), runtime, files)
            try:
                found: dict[str, object] = {"cold": await cold(pool, called)}
            except InvalidRuntimeException as error:
                print(f"{runtime}: {error.message}")
                continue
            print(f"{runtime:12} cold  " + "  ".join(f"{k} {v:.0f}" for k, v in found["cold"].items()))
            for callers in (1, 2, 4, 50):
                line = await warm(pool, called, callers, options.seconds)
                found[f"warm_{callers}"] = line
                print(f"{runtime:12} warm {callers:2}  " + "  ".join(f"{k} {v:.2f}" for k, v in line.items()))
            figures[runtime] = found
    finally:
        await pool.stopService()
    if options.json:
        with open(options.json, "w") as out:
            json.dump(figures, out, indent=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    task.react(lambda _reactor: Deferred.fromCoroutine(measure(options)))


if __name__ == "__main__":
    main()
