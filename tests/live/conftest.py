"""Fixtures of the live tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.daemon import Daemon


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Everything here is live."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def shared() -> Iterator[Daemon]:
    """A daemon for tests that keep to their own names."""
    daemon = Daemon().wait()
    yield daemon
    assert daemon.stop() == -signal.SIGTERM, daemon.log
    assert "Server Shut Down" in daemon.log


@pytest.fixture
def clients(shared: Daemon) -> Iterator[Any]:
    """``clients("lambda")``: a boto3 client of the shared daemon."""
    import boto3
    from botocore.config import Config

    session = boto3.session.Session("test", "test", region_name="us-east-1")
    made = []

    def client(service: str, **options: Any) -> Any:
        config = Config(retries={"max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"})
        made.append(session.client(service, endpoint_url=shared.url, config=config, **options))
        return made[-1]

    yield client
    for each in made:
        each.close()
