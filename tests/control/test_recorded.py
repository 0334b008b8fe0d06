"""Scenarios, step by step: every field of the answers and every text of the refusals.

``control_recorded.json`` is what AWS was recorded to answer; ``control_rules.json`` what its pages say beyond that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from tests.control.support import Control, ControlTestCase

CASES = Path(__file__).parent.parent / "cases"


def filled(value: Any, kept: dict[str, str]) -> Any:
    """``value`` with ``$name`` replaced by what was kept under that name, longest names first."""
    if isinstance(value, dict):
        return {filled(key, kept): filled(each, kept) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, kept) for each in value]
    if isinstance(value, str):
        for name in sorted(kept, key=len, reverse=True):
            value = value.replace(f"${name}", kept[name])
    return value


def unlike(expected: Any, got: Any, where: str = "answer") -> str:
    """Where two answers part, or "" when they agree; ``*`` agrees with everything."""
    if expected == "*":
        return ""
    if isinstance(expected, dict) and isinstance(got, dict):
        if set(expected) != set(got):
            return f"{where}: members {sorted(set(expected) ^ set(got))} differ"
        return next(filter(None, (unlike(expected[key], got[key], f"{where}.{key}") for key in expected)), "")
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return next(filter(None, (unlike(a, b, f"{where}[{n}]") for n, (a, b) in pairs)), "")
    return "" if expected == got else f"{where}: {expected!r} != {got!r}"


class RecordedTest(ControlTestCase):
    """One test per scenario of the case file."""

    def play(self, scenario: dict[str, Any]) -> None:
        self.control = Control()
        kept: dict[str, str] = {}
        for number, step in enumerate(scenario["steps"]):
            place = f"step {number}, {step['op']}"
            response = self.control.send(step["op"], filled(step["in"], kept))
            answer = orjson.loads(response.body) if response.body else None
            if "error" in step:
                status, code, message = filled(step["error"], kept)
                got = [response.status, response.headers.first("x-amzn-ErrorType"), (answer or {}).get("message")]
                self.assertEqual([status, code, message], got, place)
                continue
            self.assertLess(response.status, 400, f"{place}: {response.body!r}")
            if "status" in step:
                self.assertEqual(step["status"], response.status, place)
            if "out" in step:
                expected = filled(step["out"], kept)
                if isinstance(expected, dict):
                    expected.pop("items", None)
                self.assertEqual("", unlike(expected, answer), place)
            for name, member in step.get("keep", {}).items():
                kept[name] = answer[member]


def _add(group: str, number: int, scenario: dict[str, Any]) -> None:
    def test(self: RecordedTest) -> None:
        self.play(scenario)

    test.__doc__ = scenario["name"]
    name = "".join(letter if letter.isalnum() else "_" for letter in scenario["name"])
    setattr(RecordedTest, f"test_{group}_{number:02}_{name}", test)


for _group in ("recorded", "rules"):
    for _number, _scenario in enumerate(json.loads((CASES / f"control_{_group}.json").read_text())["scenarios"]):
        _add(_group, _number, _scenario)
