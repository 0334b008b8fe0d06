"""Command lines: ``awsemu`` (the AWS CLI pointed here) and ``apigw-emu`` (wait, status, requests, reset, …).

Belongs here: arguments, exit codes, what is printed. Never here: what the daemon does; it is asked over HTTP.
``APIGW_EMU_ENDPOINT`` says where the emulator is (http://localhost:4566).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

from emulator.effects import monotonic, pause
from emulator.version import VERSION

DEFAULT_ENDPOINT = "http://localhost:4566"
_REAL_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")


def endpoint() -> str:
    """Where the emulator is."""
    return os.environ.get("APIGW_EMU_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


# awsemu


def awsemu() -> None:
    """Become the AWS CLI, with test credentials and our endpoint. It needs the extra ``cli``, or ``aws`` on PATH."""
    command = aws_command()
    if command is None:
        sys.stderr.write("awsemu: there is no AWS CLI; install the extra: pip install 'apigw-emu[cli]'\n")
        raise SystemExit(127)
    arguments = [*command, "--endpoint-url", endpoint(), *sys.argv[1:]]
    os.execvpe(arguments[0], arguments, aws_environment(os.environ))


def aws_command() -> list[str] | None:
    """The AWS CLI of this environment, else the one on PATH."""
    if importlib.util.find_spec("awscli") is not None:
        return [sys.executable, "-m", "awscli"]
    found = shutil.which("aws")
    return [found] if found else None


def aws_environment(environ: Any) -> dict[str, str]:
    """The environment with test credentials. A key that may be a real one never leaves for the emulator."""
    made = {name: value for name, value in environ.items() if name not in {"AWS_PROFILE", "AWS_SESSION_TOKEN"}}
    if not made.get("AWS_ACCESS_KEY_ID") or _REAL_KEY.fullmatch(made["AWS_ACCESS_KEY_ID"]):
        made["AWS_ACCESS_KEY_ID"] = made["AWS_SECRET_ACCESS_KEY"] = "test"
    made.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    region = made.get("APIGW_EMU_REGION") or made.get("AWS_REGION") or made.get("AWS_DEFAULT_REGION") or "us-east-1"
    made["AWS_DEFAULT_REGION"] = region
    made.setdefault("AWS_PAGER", "")
    return made


# apigw-emu


def apigw_emu(arguments: Sequence[str] | None = None) -> None:
    """The command ``apigw-emu``: exits with its command's code."""
    raise SystemExit(main(list(sys.argv[1:] if arguments is None else arguments)))


def main(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    if arguments[:1] == ["render"]:
        from emulator.mapping import render

        return int(render.main(arguments[1:]))
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 2
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="apigw-emu",
        description="Tools around the emulator; start it with: twistd -n apigw-emu",
        epilog="APIGW_EMU_ENDPOINT says where it is (default http://localhost:4566).",
    )
    parser.add_argument("--version", action="version", version=f"apigw-emu {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    wait = commands.add_parser("wait", help="wait until the emulator answers")
    wait.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    wait.set_defaults(run=_wait)
    commands.add_parser("status", help="what runs, and where").set_defaults(run=_status)
    requests = commands.add_parser("requests", help="the last requests, or why one of them went the way it did")
    requests.add_argument("id", nargs="?", metavar="REQUEST_ID", help="its x-amzn-RequestId, or how that begins")
    requests.set_defaults(run=_requests)
    commands.add_parser("reset", help="empty everything").set_defaults(run=_reset)
    operations = commands.add_parser("operations", help="API Gateway's operations, and the file that serves each")
    operations.add_argument("--json", action="store_true")
    operations.set_defaults(run=_operations)
    commands.add_parser("render", help="render a mapping template offline (see: apigw-emu render --help)")
    return parser


def _ask(path: str, method: str = "GET", timeout: float = 10.0) -> Any:
    request = urllib.request.Request(endpoint() + path, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def _unreachable(error: Exception) -> int:
    reason = getattr(error, "reason", error)
    sys.stderr.write(f"apigw-emu: no answer from {endpoint()}: {reason}\n")
    return 1


def _wait(options: argparse.Namespace) -> int:
    deadline = monotonic() + options.timeout
    while True:
        try:
            _ask("/_emulator/health", timeout=2.0)
            return 0
        except (OSError, ValueError) as error:
            if monotonic() >= deadline:
                return _unreachable(error)
        pause(0.1)


def _status(options: argparse.Namespace) -> int:
    try:
        health, info = _ask("/_emulator/health"), _ask("/_emulator/info")
    except (OSError, ValueError) as error:
        return _unreachable(error)
    running = sorted(name for name, state in health["services"].items() if state == "running")
    print(f"apigw-emu {health['version']} is {health['status']} on {', '.join(info['listening'])} (pid {info['pid']})")
    print(f"region {info['region']}, account {info['account_id']}, up {info['uptime_seconds']:.0f} s")
    print(f"in use: {', '.join(running)}")
    return 0


def _requests(options: argparse.Namespace) -> int:
    try:
        if options.id is None:
            for each in reversed(_ask("/_emulator/requests")["requests"]):
                print(_line(each))
            return 0
        found = _ask("/_emulator/requests/" + urllib.parse.quote(options.id, safe=""))
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"apigw-emu: {json.load(error)['message']}\n")
        return 1
    except (OSError, ValueError) as error:
        return _unreachable(error)
    print(_line(found))
    for line in found["log"]:
        print("  " + line)
    return 0


def _line(request: dict[str, Any]) -> str:
    what = f"{request['method']} {request['path']}"
    why = f"  {request['gatewayResponse']}: {request['why'] or ''}" if request["gatewayResponse"] else ""
    took = f"{request['milliseconds']:.1f} ms"
    return f"{request['requestId']}  {request['time']}  {request['status']}  {took:>10}  {what}{why}".rstrip(": ")


def _reset(options: argparse.Namespace) -> int:
    try:
        _ask("/_emulator/reset", "POST", timeout=60.0)
    except (OSError, ValueError) as error:
        return _unreachable(error)
    print("everything is empty")
    return 0


def _operations(options: argparse.Namespace) -> int:
    from emulator.control.app import OPERATIONS

    if options.json:
        print(json.dumps({name: f"emulator/control/{module}.py" for name, module in sorted(OPERATIONS.items())}))
        return 0
    for name, module in sorted(OPERATIONS.items()):
        print(f"{name:<36} emulator/control/{module}.py")
    print(f"{len(OPERATIONS)} operations")
    return 0
