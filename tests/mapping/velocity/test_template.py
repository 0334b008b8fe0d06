"""Compiling and rendering: what a caller of the package relies on."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import EmulatorError
from emulator.mapping.errors import MappingError
from emulator.mapping.scope import Scope
from emulator.mapping.velocity.template import compile_template


def render(template: str, **scope: Any) -> str:
    return compile_template(template).render(Scope(**scope))


class Errors(SynchronousTestCase):
    def test_bad_syntax_says_where(self) -> None:
        error = self.assertRaises(MappingError, compile_template, "a\nb #if(x)\n#end")
        self.assertEqual((error.line, error.column), (2, 7))
        self.assertIsInstance(error, EmulatorError)
        error = self.assertRaises(MappingError, compile_template, "a\n  #set($x = )")
        self.assertEqual(error.line, 2)
        self.assertIn("line 2", str(error))

    def test_a_failure_while_rendering_says_where(self) -> None:
        template = compile_template("ok\n #set($l=[1])\n $l.get(5)")
        error = self.assertRaises(MappingError, template.render, Scope())
        self.assertEqual((error.line, error.column), (3, 2))

    def test_a_template_can_be_rendered_again_after_a_failure(self) -> None:
        template = compile_template("$input.path('$.a')")
        self.assertRaises(MappingError, template.render, Scope(body='{"a": 1'))
        self.assertEqual(template.render(Scope(body='{"a": 1}')), "1")


class Context(SynchronousTestCase):
    def test_nulls_and_maps_print_nothing(self) -> None:
        context = {"identity": {"user": None, "sourceIp": "1.2.3.4"}, "stage": "prod"}
        self.assertEqual(render("[$context.identity.user]", context=context), "[]")
        self.assertEqual(render("[$context.get('identity')][$context.identity]", context=context), "[][]")
        self.assertEqual(
            render("#foreach($k in $context.identity.keySet())$k=$context.identity.get($k);#end", context=context),
            "user=;sourceIp=1.2.3.4;",
        )

    def test_it_is_made_when_it_is_needed(self) -> None:
        made = []

        def context() -> dict[str, Any]:
            made.append(1)
            return {"stage": "prod"}

        self.assertEqual(render("none", context=context), "none")
        self.assertEqual(made, [])
        self.assertEqual(render("$context.stage $context.stage", context=context), "prod prod")
        self.assertEqual(made, [1])


class Overrides(SynchronousTestCase):
    def left(self, template: str) -> Scope:
        scope = Scope(context={"stage": "prod"})
        compile_template(template).render(scope)
        return scope

    def test_they_are_in_the_scope_afterwards(self) -> None:
        scope = self.left(
            "#set($context.requestOverride.header.X-A = 'a')"
            "#set($context.requestOverride.querystring['q'] = ['1', '2'])"
            "#set($context.requestOverride.path.p = 'x')"
            "#set($context.responseOverride.header.B = 'b')"
            "#set($context.responseOverride.status = 404)"
        )
        self.assertEqual(
            scope.request_override, {"header": {"X-A": "a"}, "querystring": {"q": ["1", "2"]}, "path": {"p": "x"}}
        )
        self.assertEqual(scope.response_override, {"header": {"B": "b"}, "status": 404})

    def test_none_leaves_none(self) -> None:
        self.assertEqual(self.left("$context.stage").response_override, {"header": {}, "status": None})

    def test_a_second_override_of_one_parameter_is_an_error(self) -> None:
        for place in ("requestOverride.header.a", "requestOverride.path.a", "responseOverride.status"):
            once = f"#set($context.{place} = 1)"
            self.left(once)
            self.assertRaises(MappingError, self.left, once + once)
        put = "$context.requestOverride.querystring.put('a', '1')"
        self.assertRaises(MappingError, self.left, put + put)


class Input(SynchronousTestCase):
    def test_an_empty_body_is_an_empty_object(self) -> None:
        self.assertEqual(render("$input.body $input.json('$') [$input.path('$.a')]"), "{} {} []")
        self.assertEqual(render("$input.json('$.nope')"), '""')

    def test_a_changed_document_is_seen_again(self) -> None:
        template = "#set($r=$input.path('$'))#set($r.b = 2)$input.json('$') $input.path('$.b')"
        self.assertEqual(render(template, body='{"a": 1}'), '{"a":1,"b":2} 2')

    def test_params_look_in_path_query_and_header(self) -> None:
        places = {"path": {"a": "p"}, "querystring": {"a": "q", "b": "q"}, "header": {"b": "h", "C": "h"}}
        self.assertEqual(render("$input.params('a')$input.params('b')$input.params('C')", **places), "pqh")
        self.assertEqual(render("[$input.params('c')]", **places), "[]")

    def test_json_is_written_as_json_smart_does(self) -> None:
        body = '{"f": 1e-5, "g": 12345678.5, "s": "a/\\u0001\\u007f\\u2028é", "i": 1E400, "h": 0.1234567890123456789}'
        self.assertEqual(
            render("$input.json('$')", body=body),
            '{"f":1.0E-5,"g":1.23456785E7,"s":"a/\\u0001\\u007F\\u2028é","i":null,"h":0.1234567890123456789}',
        )


class Util(SynchronousTestCase):
    def test_functions(self) -> None:
        for call, wanted in (
            ("escapeJavaScript('it''s \"a/b\" é')", 'it\\\'s \\"a\\/b\\" \\u00E9'),
            ("escapeJavaScript($nope)", ""),
            ("urlEncode('a b+c/é~*')", "a+b%2Bc%2F%C3%A9%7E*"),
            ("urlDecode('a+b%2Bc%C3%A9')", "a b+cé"),
            ("base64Encode('é')", "w6k="),
            ("base64Decode('w6k=')", "é"),
            ('parseJson(\'{"a":[1,{"b":2}]}\').a[1].b', "2"),
        ):
            with self.subTest(call):
                self.assertEqual(render(f"$util.{call}"), wanted)

    def test_a_wrong_percent_is_an_error(self) -> None:
        self.assertRaises(MappingError, render, "$util.urlDecode('%zz')")
        self.assertRaises(MappingError, render, "$util.parseJson('{')")
