"""What control calls cost: CPU per call through the codec, big lists, many APIs, deploying, and the import of it all.

Belongs here: measuring ``emulator.control`` in one process, without sockets. Never here: the front (``bench.py``).

usage: .venv/bin/python -m benchmarks.control [--json FILE]; exits 1 when a figure is over its limit
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.control.app import import_operations
from tests.control.boto import client
from tests.control.support import Control

# What the figures may be at most: milliseconds of CPU, but for the memory of 1,000 APIs, in MiB.
LIMITS = {
    "median control call": 2.0,
    "GetResources of 1,000 resources": 20.0,
    "GetResources of 1,000 resources with methods": 20.0,
    "1,000 APIs, MiB": 60.0,
}


def milliseconds(function: Callable[[], Any]) -> float:
    start = time.process_time()
    function()
    return (time.process_time() - start) * 1e3


def resident() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def calls(control: Control) -> list[float]:
    """The cost of each call of a walk from an API to its deployment, over and over."""
    costs: list[float] = []

    def call(operation: str, **arguments: Any) -> Any:
        start = time.process_time()
        answer = control(operation, **arguments)
        costs.append((time.process_time() - start) * 1e3)
        return answer

    for number in range(60):
        api = call("CreateRestApi", name=f"api{number}", description="d", tags={"a": "b"})
        at = {"restApiId": api["id"]}
        resource = call("CreateResource", **at, parentId=api["rootResourceId"], pathPart="{name}")
        method = {**at, "resourceId": resource["id"], "httpMethod": "GET"}
        call("PutMethod", **method, authorizationType="NONE")
        call("PutMethodResponse", **method, statusCode="200")
        call("PutIntegration", **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        call("PutIntegrationResponse", **method, statusCode="200", responseTemplates={"application/json": "{}"})
        call("CreateDeployment", **at, stageName="prod")
        change = [{"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "7"}]
        call("UpdateStage", **at, stageName="prod", patchOperations=change)
        call("GetStage", **at, stageName="prod")
        call("GetResources", **at, embed=["methods"])
        call("GetRestApis")
    return costs


def measure() -> dict[str, float]:
    figures = {"import of every operation": milliseconds(import_operations)}
    control = Control()
    costs = calls(control)
    figures["median control call"] = statistics.median(costs)
    figures["dearest control call"] = max(costs)
    before = resident()
    for number in range(1000):
        control("CreateRestApi", name=f"one of many {number}")
    figures["1,000 APIs, MiB"] = resident() - before
    api = control("CreateRestApi", name="big")
    at = {"restApiId": api["id"]}
    for number in range(999):
        made = control("CreateResource", **at, parentId=api["rootResourceId"], pathPart=f"r{number}")
        method = {**at, "resourceId": made["id"], "httpMethod": "GET"}
        control("PutMethod", **method, authorizationType="NONE")
        control("PutIntegration", **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})

    def listed(**more: Any) -> None:
        position = None
        while True:
            page = control("GetResources", **at, limit=500, position=position, **more)
            position = page.get("position")
            if position is None:
                return

    figures["GetResources of 1,000 resources"] = milliseconds(listed)
    figures["GetResources of 1,000 resources with methods"] = milliseconds(lambda: listed(embed=["methods"]))
    figures["CreateDeployment of 1,000 methods"] = milliseconds(lambda: control("CreateDeployment", **at))
    boto = client(control)
    figures["GetRestApi with boto3's own cost"] = statistics.median(
        milliseconds(lambda: boto.get_rest_api(restApiId=api["id"])) for _ in range(100)
    )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="also write the figures here")
    options = parser.parse_args()
    figures = measure()
    late = False
    for name, value in figures.items():
        limit = LIMITS.get(name)
        over = limit is not None and value > limit
        late = late or over
        print(f"{name:48} {value:9.3f}" + (f"   limit {limit:g}{'  OVER' if over else ''}" if limit else ""))
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
