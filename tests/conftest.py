"""pytest's order: live tests last.

pytest-twisted runs the reactor for them and keeps it running; trial's tests, which run it themselves, come before.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "/tests/live/" in item.path.as_posix())
