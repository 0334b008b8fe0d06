"""The integrations of one emulator, built once.

Belongs here: which class serves which type, and what each is handed. Never here: what they do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from emulator.effects import Effects
from emulator.integrations.aws import Aws, Services
from emulator.integrations.aws_proxy import AwsProxy
from emulator.integrations.dispatch import Dispatch
from emulator.integrations.http import Http, HttpCalls
from emulator.integrations.http_proxy import HttpProxy
from emulator.integrations.lambda_calls import LambdaCalls, LambdaInvoker
from emulator.integrations.mock import Mock
from emulator.integrations.vpc_link import ServiceAsker, VpcLink
from emulator.settings import Settings
from emulator.store.store import Store
from emulator.web.client_pool import ClientPool


class AllServices(Services, ServiceAsker, Protocol):
    """What integrations ask of ``services.calls.ServiceCalls``."""


def build(
    effects: Effects,
    settings: Settings,
    store: Store,
    pool: ClientPool,
    invoker: LambdaInvoker,
    services: AllServices,
    own_url: Callable[[], str],
) -> Dispatch:
    """The dispatch of all integration types."""
    calls = HttpCalls(effects, pool, store, own_url)
    lambdas = LambdaCalls(invoker, effects.wall)
    return Dispatch(
        effects,
        {
            "MOCK": Mock(),
            "HTTP": Http(calls),
            "HTTP_PROXY": HttpProxy(calls),
            "AWS": Aws(effects, lambdas, services),
            "AWS_PROXY": AwsProxy(lambdas),
            "VPC_LINK": VpcLink(effects, settings, store, calls, services),
        },
    )
