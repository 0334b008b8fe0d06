"""``make bench``: what requests cost, as ratios to a bare twisted.web resource and a bare treq proxy in the same run.

Every server and the load client are processes of their own. Absolute figures are this machine's; the ratios travel.
Then large bodies (``transfers.py``) and the rendering of a template (``render.py``). Options: ``--seconds N`` per
measurement (3), ``--rounds N`` (2; the best round counts), ``--quick`` for one round of a second each. Writes a table
and ``benchmarks/results/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import render, transfers  # noqa: E402 (run as a file, from anywhere)

TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = (1, 10, 50)
TEMPLATE = '{"statusCode": 200}'
RESPONSE = '#set($name = $input.params("name")){"message": "hello $name", "path": "$context.resourcePath"}'


def cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def bare(*arguments: str) -> tuple[subprocess.Popen[str], int]:
    """A server of ``bare.py`` and its port."""
    process = subprocess.Popen([sys.executable, str(HERE / "bare.py"), *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def measure(url: str, pid: int, connections: int, seconds: float) -> dict[str, float]:
    """One measurement; CPU per request is the server's."""
    before = cpu(pid)
    command = [sys.executable, str(HERE / "load.py"), url, str(connections), str(seconds)]
    result: dict[str, float] = json.loads(subprocess.check_output(command))
    result["cpu_us"] = (cpu(pid) - before) / max(1, result["requests"]) * 1e6
    return result


def start_up() -> tuple[Any, dict[str, float]]:
    """A daemon, and how long until health and the first control call answer, and its idle memory."""
    from tests.live.daemon import Daemon, get

    began = time.perf_counter()
    daemon = Daemon().wait()
    get(daemon.url + "/_emulator/health")
    healthy = time.perf_counter() - began
    get(daemon.url + "/restapis")
    control = time.perf_counter() - began - healthy
    return daemon, {"health_s": healthy, "first_control_call_s": control, "idle_mib": rss(daemon.process.pid)}


def session() -> Any:
    """A boto3 session of anybody's."""
    import boto3

    return boto3.session.Session("test", "test", region_name="us-east-1")


def apis(url: str, backend: str) -> dict[str, str]:
    """Deploys one API; the URL of each integration."""
    from tests.live.functions import ROLE, zipped

    gateway = session().client("apigateway", endpoint_url=url)
    functions = session().client("lambda", endpoint_url=url)
    code = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
    functions.create_function(
        FunctionName="bench", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": zipped(code)}
    )
    api = gateway.create_rest_api(name="bench")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    lambda_uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    integrations: dict[str, dict[str, Any]] = {
        "mock": {"type": "MOCK", "requestTemplates": {"application/json": TEMPLATE}},
        "proxy": {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": backend},
        "lambda": {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": lambda_uri},
    }
    for name, integration in integrations.items():
        resource = gateway.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        gateway.put_method(authorizationType="NONE", **where)
        gateway.put_integration(**where, **integration)
        if name == "mock":
            gateway.put_method_response(statusCode="200", **where)
            gateway.put_integration_response(
                statusCode="200", responseTemplates={"application/json": RESPONSE}, **where
            )
    gateway.create_deployment(restApiId=api, stageName="b")
    patch = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "1000000"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "1000000"},
    ]
    gateway.update_stage(restApiId=api, stageName="b", patchOperations=patch)
    return {name: f"{url}/restapis/{api}/b/_user_request_/{name}?name=x" for name in integrations}


def control_cost(url: str, pid: int, calls: int = 300) -> float:
    """CPU microseconds of one GetRestApis."""
    before = cpu(pid)
    for _ in range(calls):
        with urllib.request.urlopen(url + "/restapis?limit=5") as answer:
            answer.read()
    return (cpu(pid) - before) / calls * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds = 1.0, 1
    stops: list[Callable[[], object]] = []
    try:
        backend, backend_port = bare("backend")
        stops.append(backend.kill)
        backend_url = f"http://127.0.0.1:{backend_port}/x"
        resource, resource_port = bare("resource")
        stops.append(resource.kill)
        proxy, proxy_port = bare("proxy", backend_url)
        stops.append(proxy.kill)
        daemon, figures = start_up()
        stops.append(daemon.stop)
        figures["control_call_cpu_us"] = control_cost(daemon.url, daemon.process.pid)
        served = apis(daemon.url, backend_url)
        targets = {
            "bare resource": (f"http://127.0.0.1:{resource_port}/x", resource.pid),
            "bare proxy": (f"http://127.0.0.1:{proxy_port}/x", proxy.pid),
            **{name: (address, daemon.process.pid) for name, address in served.items()},
        }
        for address, pid in targets.values():
            measure(address, pid, 10, 0.5)
        best: dict[str, dict[str, dict[str, float]]] = {}
        for _ in range(options.rounds):
            # Targets take turns within a round, so that a noisy neighbour hits all of them.
            for connections in CONNECTIONS:
                for name, (address, pid) in targets.items():
                    result = measure(address, pid, connections, options.seconds)
                    known = best.setdefault(name, {}).get(str(connections))
                    if known is None or result["per_second"] > known["per_second"]:
                        best[name][str(connections)] = result
        figures["busy_mib"] = rss(daemon.process.pid)
        figures.update(transfers.s3_speed(daemon.url, session(), options.seconds))
        figures.update(transfers.stream_growth(daemon.url, session(), lambda: rss(daemon.process.pid)))
        figures["render_15_lines_us"] = statistics.median(render.measure()[0])
        report(best, figures)
    finally:
        for stop in reversed(stops):
            stop()


def report(best: dict[str, dict[str, dict[str, float]]], figures: dict[str, float]) -> None:
    """The table, and the JSON."""
    against = {"mock": "bare resource", "lambda": "bare resource", "proxy": "bare proxy"}
    print(f"{'':<14} {'c':>3} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU us':>8} {'errors':>6}  ratio")
    for name, by_connections in best.items():
        for connections, result in by_connections.items():
            ratio = ""
            if name in against:
                other = best[against[name]][connections]
                result["ratio"] = result["per_second"] / other["per_second"]
                result["cpu_ratio"] = other["cpu_us"] / result["cpu_us"] if result["cpu_us"] else 0.0
                ratio = f"{result['ratio']:.2f} of {against[name]} (CPU {result['cpu_ratio']:.2f})"
            print(
                f"{name:<14} {connections:>3} {result['per_second']:>8.0f} {result['p50_ms']:>8.2f} "
                f"{result['p99_ms']:>8.2f} {result['cpu_us']:>8.0f} {result['errors']:>6.0f}  {ratio}"
            )
    for name, figure in figures.items():
        print(f"{name:<24} {figure:.2f}")
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps({"figures": figures, "measured": best}, indent=1))


if __name__ == "__main__":
    main()
