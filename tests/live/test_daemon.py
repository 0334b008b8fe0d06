"""Starting and stopping: options, taken ports, signals, sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.live.daemon import BIN, Daemon, get, get_json
from tests.live.functions import ROLE, zipped


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "twistd"), "--nodaemon", "--pidfile=", "apigw-emu", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = _run("--listen", f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1")
    assert done.returncode == 1
    assert done.stderr.startswith("apigw-emu: cannot listen on tcp:")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "tcp:99999"], "apigw-emu: cannot listen on tcp:99999: bind(): port must be 0-65535."),
        (["--lambda-concurrency", "many"], "--lambda-concurrency: 'many': a number of 0 or more is wanted"),
        (["--listen", "nonsense"], "apigw-emu: cannot listen on nonsense: Unknown endpoint type: 'nonsense'"),
        (["--region", "nowhere"], "--region: 'nowhere': this is no region's name"),
        (["--account-id", "12"], "--account-id: '12': an account id has twelve digits"),
        (["--config", "/does/not/exist.toml"], "cannot read the configuration /does/not/exist.toml"),
        (["--no-such-option"], "option --no-such-option not recognized"),
    ],
)
def test_wrong_options_are_one_line(arguments: list[str], said: str) -> None:
    done = _run(*arguments)
    assert done.returncode != 0
    assert said in (done.stdout + done.stderr).splitlines()[-1]
    assert "Traceback" not in done.stdout + done.stderr


def test_parts_that_cannot_be_built_are_no_success(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Breaks:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'emulator.execute_api.gateway':\n"
        "            raise ImportError('broken on purpose')\n"
        "sys.meta_path.insert(0, Breaks())\n"
    )
    command = [str(BIN / "twistd"), "--nodaemon", "--pidfile=", "apigw-emu", "--listen", "tcp:0:interface=127.0.0.1"]
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environ)
    assert done.returncode == 1
    assert "apigw-emu: the emulator cannot be put together: broken on purpose" in done.stdout + done.stderr


def test_health_info_reset() -> None:
    daemon = Daemon("--region", "eu-central-1", APIGW_EMU_ACCOUNT_ID="123456789012").wait()
    try:
        health = get_json(daemon.url + "/_emulator/health")
        assert health["ready"] is True
        assert health["services"]["apigateway"] == "running"
        assert health["services"]["sqs"] == "available"
        info = get_json(daemon.url + "/_emulator/info")
        assert (info["region"], info["account_id"]) == ("eu-central-1", "123456789012")
        state = Path(info["state_dir"])
        assert state.is_dir()
        made = json.loads(get(daemon.url + "/restapis", "POST", b'{"name":"x"}')[2])
        assert get_json(daemon.url + "/restapis")["item"][0]["id"] == made["id"]
        assert get(daemon.url + "/_emulator/reset", "GET")[0] == 405
        assert get_json(daemon.url + "/_emulator/reset", "POST") == {"status": "reset"}
        assert get_json(daemon.url + "/restapis")["item"] == []
    finally:
        code = daemon.stop()
    assert code == -signal.SIGTERM
    assert not state.exists()


def test_sigterm_finishes_running_requests_and_leaves_no_child() -> None:
    daemon = Daemon().wait()
    try:
        api = _slow_api(daemon)
        answers: list[Any] = []
        url = f"{daemon.url}/restapis/{api}/prod/_user_request_/"
        asking = threading.Thread(target=lambda: answers.append(get(url)))
        asking.start()
        for _ in range(100):
            if daemon.children():
                break
            asking.join(0.1)
        asking.join(0.7)
        children = daemon.children()
        assert children
        assert not answers
    finally:
        daemon.stop()
    asking.join(10)
    assert answers and answers[0][0] == 200, daemon.log
    for child in children:
        assert not Path(f"/proc/{child}").exists()


def _slow_api(daemon: Daemon) -> str:
    import boto3

    session = boto3.session.Session("test", "test", region_name="us-east-1")
    functions = session.client("lambda", endpoint_url=daemon.url)
    code = "import time\ndef handler(event, context):\n    time.sleep(2)\n    return {'statusCode': 200}\n"
    functions.create_function(
        FunctionName="slow", Runtime="python3.11", Handler="index.handler", Role=ROLE, Timeout=10,
        Code={"ZipFile": zipped(code)},
    )
    gateway = session.client("apigateway", endpoint_url=daemon.url)
    api = str(gateway.create_rest_api(name="slow")["id"])
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(authorizationType="NONE", **where)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:slow"
    gateway.put_integration(
        type="AWS_PROXY", integrationHttpMethod="POST", **where,
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="prod")
    functions.close()
    gateway.close()
    return api


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sock"
    daemon = Daemon(listen=f"unix:{path}").wait()
    try:
        done = daemon.shell(f"curl -s --unix-socket {path} http://localhost/_emulator/health")
        assert json.loads(done.stdout)["ready"] is True
    finally:
        daemon.stop()


def test_legacy_serves_no_data_plane() -> None:
    daemon = Daemon(PROVIDER_OVERRIDE_APIGATEWAY="legacy").wait()
    try:
        made = json.loads(get(daemon.url + "/restapis", "POST", b'{"name":"x"}')[2])
        status, _, body = get(f"{daemon.url}/restapis/{made['id']}/prod/_user_request_/")
        assert status == 404
        assert b"legacy" in body
    finally:
        daemon.stop()
