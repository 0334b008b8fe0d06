"""What the request path costs without sockets: CPU microseconds a request, per kind of API.

Run: ``.venv/bin/python -m benchmarks.pipeline``. The figures are medians of several rounds in one process.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from emulator.integrations.dispatch import IntegrationAnswer
from tests.execute_api.world import LAMBDA, World, mock_method, proxy_method

ROUNDS = 7
HEADERS = [
    ("Host", "abc123.execute-api.us-east-1.amazonaws.com"),
    ("User-Agent", "bench"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Content-Type", "application/json"),
    ("X-One", "1"),
    ("X-Two", "2"),
    ("Authorization", "Bearer abc"),
    ("X-API-Key", "key"),
]


def measure(world: World, method: str, path: str, body: bytes = b"", calls: int = 2000) -> float:
    """Microseconds of CPU a request."""
    assert world.send(method, path, HEADERS, body).status < 300
    costs = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(calls):
            world.send(method, path, HEADERS, body)
        costs.append((time.process_time() - begun) / calls * 1e6)
        world.clock.advance(10)
    return statistics.median(costs)


def many(count: int) -> World:
    """An API of ``count`` resources."""
    resources: dict[str, dict[str, Any]] = {f"/r{n}/{{id}}/x": {"GET": mock_method()} for n in range(count)}
    return World(resources)


def main() -> None:
    template = '{"hello": "$input.params(\'name\')", "id": "$context.requestId"}'
    world = World(
        {
            "/static": {"GET": mock_method()},
            "/template": {"GET": mock_method(200, template)},
            "/lambda": {"POST": proxy_method("AWS_PROXY", LAMBDA)},
            "/http": {"GET": proxy_method("HTTP_PROXY")},
        }
    )
    print(f"MOCK, no response template   {measure(world, 'GET', '/static'):6.1f} us")
    print(f"MOCK, small template         {measure(world, 'GET', '/template?name=x'):6.1f} us")
    keyed = World({"/static": {"GET": mock_method(apiKeyRequired=True)}})
    limits = {"rateLimit": 1e6, "burstLimit": 1_000_000}
    keyed.add_key("id", "key", throttle=limits, quota={"limit": 10**9, "period": "DAY", "offset": 0})
    keyed.region.account_settings["throttleSettings"] = limits
    print(f"MOCK, key, throttle, quota   {measure(keyed, 'GET', '/static'):6.1f} us")
    world.backend.answer = IntegrationAnswer(status=200, body=b'{"statusCode": 200, "body": "hello"}')
    print(f"AWS_PROXY, canned answer     {measure(world, 'POST', '/lambda?a=1', b'{}'):6.1f} us")
    print(f"HTTP_PROXY, canned answer    {measure(world, 'GET', '/http'):6.1f} us")
    few, lots = measure(many(10), "GET", "/r7/1/x"), measure(many(3000), "GET", "/r7/1/x")
    print(f"3,000 resources against 10   {lots / few:6.2f}")


if __name__ == "__main__":
    main()
