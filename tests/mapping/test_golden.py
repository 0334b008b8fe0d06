"""The golden cases: templates and paths with what the reference engines (and AWS, where recorded) make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.mapping import json_smart
from emulator.mapping.errors import MappingError
from emulator.mapping.jsonpath import MISSING, compile_path
from emulator.mapping.render import render_case
from emulator.mapping.values import Budget, json_text, to_text

CASES = Path(__file__).parent.parent / "cases"
NO_OVERRIDES = {"requestOverride": {"header": {}, "path": {}, "querystring": {}}, "responseOverride": {"header": {}}}


def load(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


class TemplateCases(SynchronousTestCase):
    def check(self, name: str, at_least: int) -> None:
        loaded = load(name)
        wrong = []
        for case in loaded["cases"]:
            got = render_case({**case, "context": loaded["contexts"][case["context"]]})
            if case.get("error"):
                if "error" not in got:
                    wrong.append((case["id"], case["template"], "an error", got["out"]))
            elif got.get("out") != case["out"] or got["overrides"] != case.get("overrides", NO_OVERRIDES):
                wrong.append((case["id"], case["template"], case["out"], got))
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(loaded["cases"]), at_least)

    def test_corpus(self) -> None:
        self.check("vtl.json", 376)

    def test_odd_templates(self) -> None:
        """Random pieces of templates, methods, expressions and patterns, run through Velocity 1.7 itself."""
        self.check("vtl_odd.json", 300)

    def test_what_once_differed(self) -> None:
        self.check("vtl_engine.json", 200)

    def test_after_the_developer_guide(self) -> None:
        self.check("vtl_documented.json", 25)


class PathCases(SynchronousTestCase):
    def answer(self, path: str, body: str) -> dict[str, Any]:
        budget = Budget()
        try:
            compiled = compile_path(path)
            document = json_smart.loads(body)
            if document is None:
                return {"error": "json can not be null", "definite": compiled.definite}
            found = compiled.find(document)
        except MappingError as error:
            return {"error": str(error)}
        if found is MISSING:
            return {"error": "No results", "definite": compiled.definite}
        text = json_text(found, budget)
        return {
            "definite": compiled.definite,
            "str": to_text(found, budget),
            "json": f'"{text}"' if text == "NaN" else text,
        }

    def check(self, name: str, at_least: int) -> None:
        loaded = load(name)
        wrong = []
        for case in loaded["cases"]:
            got = self.answer(case["path"], loaded["bodies"][case["body"]])
            if "error" in case:
                if "error" not in got:
                    wrong.append((case, got))
            elif any(got.get(key) != case[key] for key in ("definite", "str", "json")):
                wrong.append((case, got))
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(loaded["cases"]), at_least)

    def test_corpus(self) -> None:
        self.check("jsonpath.json", 78)

    def test_odd_paths(self) -> None:
        """Random pieces of paths, and bodies that are hardly JSON, read by Jayway and json-smart themselves."""
        self.check("jsonpath_odd.json", 300)

    def test_what_once_differed(self) -> None:
        self.check("jsonpath_engine.json", 80)
