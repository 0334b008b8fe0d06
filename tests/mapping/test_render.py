"""The command ``apigw-emu render``."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import TestCase

from emulator.mapping import render


class Command(TestCase):
    def run_it(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        out, err = StringIO(), StringIO()
        code = render.main(list(arguments), StringIO(stdin), out, err)
        return code, out.getvalue(), err.getvalue()

    def file(self, name: str, text: str) -> str:
        path = Path(self.mktemp())
        path.mkdir()
        (path / name).write_text(text, encoding="utf-8")
        return str(path / name)

    def test_one_template(self) -> None:
        template = self.file("t.vtl", "$input.path('$.a') $input.params('id') $stageVariables.v $context.stage")
        body = self.file("b.json", '{"a": 1}')
        context = self.file(
            "c.json", '{"params": {"path": {"id": "p"}}, "stageVariables": {"v": "x"}, "context": {"stage": "prod"}}'
        )
        self.assertEqual(
            self.run_it("--template", template, "--body", body, "--context", context), (0, "1 p x prod", "")
        )

    def test_overrides_are_shown(self) -> None:
        template = self.file("t.vtl", "#set($context.responseOverride.status = 404)x")
        code, out, err = self.run_it("--template", template)
        self.assertEqual((code, out), (0, "x"))
        self.assertEqual(json.loads(err)["responseOverride"], {"header": {}, "status": 404})
        shown = json.loads(self.run_it("--template", template, "--json")[1])
        self.assertEqual((shown["out"], shown["overrides"]["responseOverride"]["status"]), ("x", 404))

    def test_an_error_points_at_line_and_column(self) -> None:
        code, out, err = self.run_it("--template", "-", stdin="a\n #set($x = )")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("line 2, column", err)

    def test_cases(self) -> None:
        cases = [
            {"id": "a", "template": "$input.body", "context": {"body": "x"}},
            {"id": "b", "template": "#if(", "response": True},
        ]
        code, out, _ = self.run_it("--cases", self.file("cases.json", json.dumps(cases)))
        self.assertEqual(code, 0)
        first, second = json.loads(out)
        overrides = {
            "requestOverride": {"header": {}, "path": {}, "querystring": {}},
            "responseOverride": {"header": {}},
        }
        self.assertEqual(first, {"id": "a", "out": "x", "overrides": overrides})
        self.assertEqual((second["id"], second["line"]), ("b", 1))

    def test_a_case_that_is_none_does_not_stop_the_others(self) -> None:
        cases = [
            {"id": 1},
            {"id": 2, "template": 5},
            {"id": 3, "template": "x", "context": []},
            {"id": 4, "template": "x", "context": {"params": []}},
            {"id": 5, "template": "x", "context": {"params": {"path": "p"}}},
            {"id": 6, "template": "$input.body", "context": {"body": {"a": "\u00e9"}, "params": None}},
        ]
        code, out, _ = self.run_it("--cases", "-", stdin=json.dumps(cases))
        *broken, fine = json.loads(out)
        self.assertEqual([set(case) for case in broken], [{"id", "error"}] * 5)
        self.assertEqual((code, fine["out"]), (0, '{"a": "\u00e9"}'))

    def test_overrides_are_plain_values(self) -> None:
        template = (
            "#set($o = $context.requestOverride.header)#define($d)x#end#set($s = 'ab')"
            "#set($o.a = $d)#set($o.b = $s.charAt(0))#set($o.c = {'k': 1})#set($o.d = [1, $s.charAt(1), true])"
            "#set($o.e = 1.0E10)#set($context.responseOverride.status = 201)"
        )
        code, out, _ = self.run_it("--cases", "-", stdin=json.dumps([{"id": 1, "template": template}]))
        overrides = json.loads(out)[0]["overrides"]
        expected = {"a": "x", "b": "a", "c": "{k=1}", "d": [1, "b", True], "e": "1.0E10"}
        self.assertEqual((code, overrides["requestOverride"]["header"]), (0, expected))
        self.assertEqual(overrides["responseOverride"]["status"], 201)

    def test_halves_of_surrogate_pairs(self) -> None:
        template = "#set($s = $input.path('$.s'))[$s.charAt(0)][$s.charAt(0)$s.charAt(1)]$input.path('$.h')"
        body = '{"s": "\U0001f600", "h": "\\ud83d"}'
        code, out, _ = self.run_it(
            "--cases", "-", stdin=json.dumps([{"template": template, "context": {"body": body}}])
        )
        self.assertEqual((code, json.loads(out)[0]["out"]), (0, "[?][\U0001f600]?"))

    def test_unreadable_input(self) -> None:
        self.assertEqual(self.run_it("--template", "/nonexistent/t.vtl")[0], 2)
        self.assertEqual(self.run_it("--cases", "-", stdin='{"a": 1}')[0], 2)
        for text in ("[", "[1]", "[" * 100_000, "\ufeff"):
            code, _, err = self.run_it("--cases", "-", stdin=text)
            self.assertEqual((code, err.startswith("apigw-emu render: ")), (2, True), text[:10])
