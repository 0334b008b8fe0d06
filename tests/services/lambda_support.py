"""All of Lambda on moto, with a clock of our own and workers driven by hand."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.services.calls import ServiceCalls
from emulator.services.lambda_invoker import Lambda
from emulator.services.moto_services import MotoServices
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response
from tests.lambda_runtime.support import FakeStarter, Runtime, archive

ACCOUNT, REGION = "000000000000", "eu-west-3"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/none-has-made-it"


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class LambdaCase(SynchronousTestCase):
    """``call`` a service, ``invoke`` over HTTP, and answer as the ``runtime`` of a function."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.effects = Effects.fake(self.clock)
        # moto refuses logs of long ago.
        import moto.core.utils

        now = moto.core.utils.unix_time()
        self.effects.wall = lambda: now + self.clock.seconds()
        settings = Settings(region=REGION, account_id=ACCOUNT, lambda_concurrency=8)
        self.moto = MotoServices(self.effects, settings, prepare=self.prepare)
        self.calls = ServiceCalls(self.effects, settings, self.moto)
        self.starter = FakeStarter()
        self.lambdas = Lambda(
            self.effects,
            settings,
            "/nowhere",
            lambda: "http://x",
            self.calls,
            starter=self.starter,  # type: ignore[arg-type]
        )
        self.lambdas.startService()
        self.addCleanup(self.clean_up)

    def prepare(self, module: str) -> None:
        if not module:
            self.lambdas.install()

    def clean_up(self) -> None:
        stopped = self.lambdas.stopService()
        self.clock.advance(30)
        for runtime in list(self.starter.runtimes):
            runtime.die(None, 9)
        self.successResultOf(stopped)
        self.successResultOf(self.moto.reset())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def call(self, service: str, action: str, **params: Any) -> dict[str, Any]:
        """A service's answer; what it refuses is raised."""
        results: list[Any] = []
        self.calls.call(service, action, params, account=ACCOUNT, region=REGION).addBoth(results.append)
        if isinstance(results[0], Failure):
            results[0].raiseException()
        answer: dict[str, Any] = results[0]
        return answer

    def create(self, name: str = "greet", **options: Any) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": archive({"index.py": "def handler(event, context): return 1"})},
        }
        return self.call("lambda", "CreateFunction", **{**settings, **options})

    def runtime(self, name: str = "greet") -> Runtime:
        """The last worker of the function, which has asked for work."""
        found = [each for each in self.starter.runtimes if each.worker.function.name == name][-1]
        if found.worker.state.value in ("starting", "answered"):
            found.ask()
        return found

    def event(self, name: str = "greet") -> Any:
        """What the function has been called with last."""
        return json.loads(self.runtime(name).connection.sent[-1][0])

    def request(self, path: str, body: bytes = b"", query: bytes = b"", **headers: str) -> Any:
        lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
        made = Request(method="POST", raw_path=path.encode(), raw_query=query, headers=Headers(lines), body=body)
        self.assertTrue(self.lambdas.api.serves(made))
        return self.lambdas.api.handle(made, account=ACCOUNT, region=REGION)

    def invoke(self, name: str, body: bytes = b"{}", query: bytes = b"", **headers: str) -> Any:
        return self.request(f"/2015-03-31/functions/{name}/invocations", body, query, **headers)

    def answered(self, response: Response) -> tuple[int, Any]:
        return response.status, json.loads(response.body) if response.body else None
