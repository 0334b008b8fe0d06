"""How long a mapping template of 15 lines takes to render, once compiled.

Run: ``python benchmarks/render.py``. Prints the median, the 95th percentile and the time to compile, in
microseconds; exits 1 above the limit.
"""

from __future__ import annotations

import statistics
import sys
import time

from emulator.mapping.scope import Scope
from emulator.mapping.velocity.template import compile_template

LIMIT = 60.0
TEMPLATE = """#set($root = $input.path('$'))
#set($user = $root.user)
{
  "id": "$input.params('id')",
  "stage": "$context.stage",
  "requestId": "$context.requestId",
  "name": "$util.escapeJavaScript($user.name)",
#if($user.age > 17 && $user.active == true)
  "adult": true,
#else
  "adult": false,
#end
  "tags": [#foreach($tag in $root.tags)"$tag"#if($foreach.hasNext), #end#end],
  "user": $input.json('$.user')
}
"""
BODY = '{"user": {"name": "Ann O\'Hara", "age": 42, "active": true}, "tags": ["a", "b", "c"], "note": "hello"}'
CONTEXT = {"stage": "prod", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "identity": {"sourceIp": "1.2.3.4"}}


def measure(rounds: int = 5000) -> tuple[list[float], float]:
    """Microseconds of each rendering, and of compiling."""
    began = time.perf_counter()
    template = compile_template(TEMPLATE)
    compiled = (time.perf_counter() - began) * 1e6
    times = []
    for _ in range(rounds):
        scope = Scope(body=BODY, path={"id": "p1"}, header={"X-A": "1"}, context=CONTEXT)
        began = time.perf_counter()
        template.render(scope)
        times.append((time.perf_counter() - began) * 1e6)
    return times, compiled


def main() -> int:
    times, compiled = measure()
    median = statistics.median(times)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"render, 15 lines: median {median:.1f} us, p95 {p95:.1f} us; compile {compiled:.0f} us")
    return 0 if median <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
