"""What one proxied HTTP call costs: our pooled client under treq, against treq on Twisted's own Agent and pool.

Belongs here: measuring ``emulator.web.client_pool`` and ``emulator.integrations.http``. Never here: the front.
The backend is a canned-bytes server in a child process, so that only the client's CPU is counted.

usage: python benchmarks/http_client.py [--seconds N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import treq
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred, gatherResults
from twisted.web.client import Agent, HTTPConnectionPool

from emulator.effects import Effects
from emulator.integrations.dispatch import Dispatch, IntegrationRequest
from emulator.integrations.http import HttpCalls
from emulator.integrations.http_proxy import HttpProxy
from emulator.store.store import Store
from emulator.web.client_body import read_body
from emulator.web.client_pool import ClientPool
from emulator.wire import Headers

BACKEND = """
import sys
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nX-A: 1\\r\\nContent-Length: 100\\r\\n\\r\\n"
ANSWER += b"x" * 100
class Canned(Protocol):
    def dataReceived(self, data):
        if data.endswith(b"}") or b"\\r\\n\\r\\n" in data:
            self.transport.write(ANSWER)
port = reactor.listenTCP(0, Factory.forProtocol(Canned), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""
LINES = [(f"X-Header-{n}", "v" * 20) for n in range(12)] + [("x-amzn-apigateway-api-id", "abc")]
BODY = b'{"a":"' + b"b" * 290 + b'"}'


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def clients(port: int) -> dict[str, Any]:
    """Each way of calling, as a function without arguments that returns a Deferred."""
    effects = Effects(reactor=reactor, clock=reactor, wall=time.time)
    pool = ClientPool(effects)
    url = f"http://127.0.0.1:{port}/path"
    dispatch = Dispatch(effects, {"HTTP_PROXY": HttpProxy(HttpCalls(effects, pool, Store()))})
    request = IntegrationRequest(
        type="HTTP_PROXY", http_method="POST", uri=url, query=(("a", "1"),), headers=Headers(LINES), body=BODY
    )
    stock_pool = HTTPConnectionPool(reactor)
    stock_pool.maxPersistentPerHost = 100
    stock = Agent(reactor, pool=stock_pool)
    headers = {name: [value] for name, value in LINES}

    def treq_stock() -> Deferred[Any]:
        return treq.post(url + "?a=1", data=BODY, headers=headers, agent=stock).addCallback(treq.content)

    def bare_pool() -> Deferred[Any]:
        return pool.request(b"POST", url + "?a=1", LINES, BODY).addCallback(read_body, 1000)

    return {
        "treq on Twisted's Agent": treq_stock,
        "HTTP_PROXY (treq on our pool)": lambda: dispatch.invoke(request),
        "our pool alone": bare_pool,
    }


async def measure(call: Any, callers: int, seconds: float) -> dict[str, float]:
    """``callers`` that call one after the other, for so many seconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < end:
            await call()
            times.append(time.perf_counter() - began)

    used = cpu()
    began = time.perf_counter()
    await gatherResults([Deferred.fromCoroutine(caller()) for _ in range(callers)])
    took = time.perf_counter() - began
    times.sort()
    return {
        "calls/s": len(times) / took,
        "p50 ms": times[len(times) // 2] * 1e3,
        "p99 ms": times[int(len(times) * 0.99)] * 1e3,
        "CPU us/call": (cpu() - used) / len(times) * 1e6,
    }


async def main(_reactor: Any, options: argparse.Namespace, port: int) -> None:
    found: dict[str, dict[str, dict[str, float]]] = {}
    print(f"{'':32}{'callers':>8}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
    for name, call in clients(port).items():
        await measure(call, 4, 0.3)
        for callers in (1, 10, 50):
            row = await measure(call, callers, options.seconds)
            found.setdefault(name, {})[str(callers)] = row
            print(
                f"{name:32}{callers:8}{row['calls/s']:10.0f}{row['p50 ms']:9.2f}{row['p99 ms']:9.2f}"
                f"{row['CPU us/call']:9.0f}"
            )
    if options.json:
        with open(options.json, "w") as out:
            json.dump(found, out, indent=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", default="")
    given = parser.parse_args()
    child = subprocess.Popen([sys.executable, "-c", BACKEND], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        task.react(main, [given, int(child.stdout.readline())])
    finally:
        child.terminate()
        child.wait()
