"""The command lines."""

from __future__ import annotations

import contextlib
import io
import json

from twisted.trial.unittest import SynchronousTestCase

from emulator import cli
from emulator.control.app import OPERATIONS


class CliCase(SynchronousTestCase):
    def run_it(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def test_operations(self) -> None:
        code, out, _ = self.run_it("operations", "--json")
        self.assertEqual(code, 0)
        listed = json.loads(out)
        self.assertEqual(len(listed), 124)
        self.assertEqual(set(listed), set(OPERATIONS))
        self.assertEqual(listed["CreateStage"], "emulator/control/stages.py")

    def test_nobody_there(self) -> None:
        self.patch(cli, "endpoint", lambda: "http://127.0.0.1:9")
        for command in (["status"], ["reset"], ["requests"], ["requests", "x"], ["wait", "--timeout", "0"]):
            code, _, err = self.run_it(*command)
            self.assertEqual(code, 1)
            self.assertTrue(err.startswith("apigw-emu: no answer from http://127.0.0.1:9: "), err)
            self.assertEqual(err.count("\n"), 1)

    def test_requests(self) -> None:
        one = {"requestId": "a-1", "time": "T", "status": 403, "milliseconds": 0.12, "method": "GET", "path": "/p"}
        failed = {**one, "gatewayResponse": "INVALID_API_KEY", "why": "No x-api-key was sent"}
        fine = {**one, "requestId": "b-2", "status": 200, "gatewayResponse": None, "why": None}
        answers = {
            "/_emulator/requests": {"requests": [fine, failed]},
            "/_emulator/requests/a%2F": {**failed, "log": ["first", "second"]},
        }
        self.patch(cli, "_ask", answers.__getitem__)
        shown = "a-1  T  403      0.1 ms  GET /p  INVALID_API_KEY: No x-api-key was sent\n"
        self.assertEqual(self.run_it("requests"), (0, shown + "b-2  T  200      0.1 ms  GET /p\n", ""))
        self.assertEqual(self.run_it("requests", "a/"), (0, shown + "  first\n  second\n", ""))

    def test_no_command(self) -> None:
        code, out, _ = self.run_it()
        self.assertEqual(code, 2)
        self.assertIn("operations", out)

    def test_the_environment_of_the_aws_cli(self) -> None:
        made = cli.aws_environment({"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "HOME": "/h"})
        self.assertEqual((made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"]), ("test", "test"))
        self.assertEqual((made["AWS_DEFAULT_REGION"], made["HOME"]), ("us-east-1", "/h"))
        self.assertNotIn("AWS_PROFILE", made)
        mine = {"AWS_ACCESS_KEY_ID": "111122223333", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
        made = cli.aws_environment(mine)
        self.assertEqual((made["AWS_ACCESS_KEY_ID"], made["AWS_DEFAULT_REGION"]), ("111122223333", "eu-west-1"))
