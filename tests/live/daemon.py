"""A twistd child for live tests.

Belongs here: starting it on a free port, waiting for it, stopping it. Never here: what is tested.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
_LISTENS = re.compile(r"apigw-emu listens on (https?://\S+|unix:\S+)")


class Daemon:
    """One ``twistd -n apigw-emu``; ``url`` is where it listens."""

    def __init__(self, *options: str, listen: str = "tcp:0:interface=127.0.0.1", **environment: str) -> None:
        self.directory = tempfile.mkdtemp(prefix="apigw-emu-test-")
        command = [str(BIN / "twistd"), "--nodaemon", "--pidfile=", "apigw-emu", "--listen", listen, *options]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("APIGW_EMU_", "AWS_"))}
        self.lines: list[str] = []
        self._listening = threading.Event()
        self.urls: list[str] = []
        self.process = subprocess.Popen(
            command,
            cwd=self.directory,
            env={**environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = _LISTENS.search(line)
            if found:
                self.urls.append(found[1])
                self._listening.set()
        self._listening.set()

    def wait(self, timeout: float = 30.0) -> Daemon:
        """Until it listens."""
        assert self._listening.wait(timeout), self.log
        assert self.urls, self.log
        return self

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def url(self) -> str:
        return self.urls[0]

    def stop(self, timeout: float = 40.0) -> int:
        """SIGTERM, and its exit code: twistd ends in order, then by the signal it got."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def environment(self) -> dict[str, str]:
        """For command lines that talk to it, on the PATH of this interpreter."""
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": self.directory,
            "APIGW_EMU_ENDPOINT": self.url,
        }

    def children(self) -> list[int]:
        """Its child processes."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(each) for each in found.stdout.split()]

    def shell(self, script: str, timeout: float = 120.0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in a fresh directory, as a user would paste it."""
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=directory,
                env={**self.environment(), **environment},
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )


def get(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, body; errors of HTTP are answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers.items()), error.read()


def get_json(url: str, method: str = "GET") -> Any:
    """A page of JSON."""
    return json.loads(get(url, method)[2])
