"""A load client: keep-alive GETs over N connections for some seconds, from one process. Prints JSON.

Run as ``python load.py URL CONNECTIONS SECONDS``. The same client for every server that is compared.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """Asks again as soon as it is answered, until the deadline."""

    def __init__(self, request: bytes, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        self.times: list[float] = []
        self.errors = 0
        self.buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self.buffer, 0, end)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < size:
            return
        now = time.perf_counter()
        self.times.append(now - self.sent)
        if self.buffer[9:12] != b"200":
            self.errors += 1
        self.buffer = self.buffer[size:]
        if now < self.deadline:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if time.perf_counter() < self.deadline:
            self.errors += 1
        if not self.done.done():
            self.done.set_result(None)


async def run(url: str, count: int, seconds: float) -> dict[str, float]:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nUser-Agent: load\r\n\r\n"
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(head.encode(), start + seconds), parts.hostname, parts.port)
        for _ in range(count)
    ]
    await asyncio.wait([connection.done for _, connection in made], timeout=seconds + 60)
    took = time.perf_counter() - start
    times = sorted(each for _, connection in made for each in connection.times)
    return {
        "requests": len(times),
        "errors": sum(connection.errors for _, connection in made),
        "per_second": len(times) / took,
        "p50_ms": times[len(times) // 2] * 1000 if times else 0.0,
        "p99_ms": times[min(len(times) - 1, len(times) * 99 // 100)] * 1000 if times else 0.0,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
