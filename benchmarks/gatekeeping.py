"""What the gatekeepers add to a MOCK request: CPU microseconds, and as a share of the request without them.

Run: ``.venv/bin/python -m benchmarks.gatekeeping``. Each line is the same request through the pipeline, in one process
without sockets, less the open one; medians of interleaved rounds. The share is of a whole MOCK request over HTTP, whose
front part (parsing, Klein, writing) is taken as ``--front`` microseconds (``benchmarks/bench.py`` measures it).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

from emulator.settings import Settings
from tests.authorizers.signing import signed
from tests.execute_api.test_authorize_iam import USER, Directory
from tests.execute_api.test_authorize_lambda import Functions, authorizer
from tests.execute_api.test_authorize_tokens import POOL, Pools, id_claims, token
from tests.execute_api.test_firewall import ACL, contains, rule
from tests.execute_api.test_firewall import Directory as WafDirectory
from tests.execute_api.world import World, mock_method

LIMIT = 0.15
STATEMENTS = [
    {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": f"execute-api:/prod/GET/other{number}/*",
    }
    for number in range(8)
] + [
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}},
    },
    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"},
]


def worlds() -> dict[str, tuple[World, dict[str, str]]]:
    """By name: an API with one more gatekeeper than the first, and the headers that pass it."""
    cognito = {
        "id": "auth01",
        "type": "COGNITO_USER_POOLS",
        "identitySource": "method.request.header.Authorization",
        "providerARNs": [POOL],
    }
    made: dict[str, tuple[World, dict[str, str]]] = {
        "open": (_world("NONE"), {"Authorization": "x"}),
        "policy of ten statements": (_world("NONE", policy=json.dumps({"Statement": STATEMENTS})), {}),
        "cached Lambda authorizer": (_world("CUSTOM", authorizers={"auth01": authorizer()}), {"Authorization": "x"}),
        "Cognito token": (
            _world("COGNITO_USER_POOLS", authorizers={"auth01": cognito}),
            {"Authorization": token(id_claims())},
        ),
        "web ACL of three rules": (_world("NONE", stage={"webAclArn": ACL}), {}),
        "AWS_IAM signature and policies": (
            _world("AWS_IAM"),
            signed("GET", "/prod/pets", key="AKIAUSER", secret="secret"),
        ),
    }
    made["cached Lambda authorizer"][0].gateway.lambdas = Functions()
    made["Cognito token"][0].gateway.user_pools = Pools()
    directory = WafDirectory()
    rules = [rule(f"r{number}", contains(f"evil{number}"), priority=number) for number in range(3)]
    directory.put(ACL, {"Rules": rules, "DefaultAction": {"Allow": {}}})
    made["web ACL of three rules"][0].gateway.waf_directory = directory
    made["AWS_IAM signature and policies"][0].gateway.iam_directory = Directory(USER)
    return made


def _world(kind: str, **api: Any) -> World:
    method = mock_method(200, authorizationType=kind, authorizerId="auth01")
    return World({"/pets": {"GET": method}}, settings=Settings(), **api)


def measure(rounds: int, calls: int) -> dict[str, float]:
    """Median microseconds of a request, by name."""
    made = worlds()
    costs: dict[str, list[float]] = {name: [] for name in made}
    for name, (world, headers) in made.items():
        answer = world.send("GET", "/pets", headers)
        assert answer.status == 200, (name, answer.body)
    for _ in range(rounds):
        for name, (world, headers) in made.items():
            begun = time.process_time()
            for _ in range(calls):
                world.send("GET", "/pets", headers)
            costs[name].append((time.process_time() - begun) / calls * 1e6)
            world.clock.advance(1)
    return {name: statistics.median(values) for name, values in costs.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--calls", type=int, default=500)
    options.add_argument("--front", type=float, default=60.0, help="microseconds the front adds to a request")
    given = options.parse_args()
    costs = measure(given.rounds, given.calls)
    base = costs.pop("open")
    whole = base + given.front
    print(f"MOCK request, open: {base:.1f} us in the pipeline, {whole:.1f} us with the front")
    for name, cost in costs.items():
        added = cost - base
        verdict = "ok" if added <= LIMIT * whole else "above 15%"
        shares = f"{added / whole:6.1%} of a request, {added / base:6.1%} of the pipeline"
        print(f"{name:32} +{added:5.1f} us  {shares}  {verdict}")


if __name__ == "__main__":
    main()
