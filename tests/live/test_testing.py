"""What ``emulator.testing`` offers to users, in a process of its own: one process has one reactor."""

from __future__ import annotations

import subprocess
import sys

_PYTEST = """
import json, urllib.request
from emulator.testing import apigw_emu

def test_it(apigw_emu):
    assert json.load(urllib.request.urlopen(apigw_emu + "/restapis")) == {"item": []}
"""
_TRIAL = """
from twisted.internet.defer import inlineCallbacks
from twisted.trial.unittest import TestCase
import treq
from emulator.testing import EmulatorMixin

class It(EmulatorMixin, TestCase):
    @inlineCallbacks
    def test_it(self):
        answer = yield treq.get(self.emulator_url + "/restapis", persistent=False)
        self.assertEqual((yield treq.json_content(answer)), {"item": []})
"""


def test_the_pytest_fixture(tmp_path: object) -> None:
    _run(tmp_path, _PYTEST, "pytest", "-q", "-p", "no:twisted", "-p", "no:cacheprovider", "test_users.py")


def test_the_trial_mixin(tmp_path: object) -> None:
    _run(tmp_path, _TRIAL, "twisted.trial", "test_users")


def _run(directory: object, source: str, *module: str) -> None:
    path = str(directory)
    with open(f"{path}/test_users.py", "w") as file:
        file.write(source)
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, cwd=path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
