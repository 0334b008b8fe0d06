"""Templates that mean harm: none reaches Python, a file, or holds the process up."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import OUTPUT_LIMIT
from emulator.mapping.scope import Scope
from emulator.mapping.velocity.template import TEMPLATE_LIMIT, compile_template


def render(template: str, body: str = '{"s": "hello", "l": [1, {"b": 2}]}') -> str:
    return compile_template(template).render(Scope(body=body, context={"stage": "prod"}))


class Reach(SynchronousTestCase):
    def test_no_attribute_of_python_is_reached(self) -> None:
        for tail in (
            "mro()",
            "func_globals",
            "class.bases",
            "class.mro()",
            "class.forName('os')",
            "getClass().getClassLoader()",
            "run.scope",
            "scope.body",
            "keys()",
            "items()",
            "upper()",
            "encode()",
            "append(1)",
            "get_x()",
        ):
            for root in ("$input", "$util", "$context", "$stageVariables", "$input.params()", "$input.path('$')", "$s"):
                with self.subTest(root + "." + tail):
                    got = render(f"#set($s='x')[#set($v={root}.{tail})$v]")
                    self.assertEqual(got, "[]")

    def test_names_with_underscores_are_only_names(self) -> None:
        self.assertEqual(render("#set($s='x')[$s.x__class__][$input.x__init__.x__globals__][$__class__]"), "[][][]")
        self.assertEqual(render("[$input.path('$.__class__')][$input.path('$.s.__class__')]"), "[][]")

    def test_format_strings_are_javas(self) -> None:
        self.assertEqual(render("#set($s='{0.__class__}')$s.format($s, $input)"), "{0.__class__}")
        self.assertEqual(render("#set($s='%s')$s.format($s, 'a')"), "a")

    def test_no_file_is_read(self) -> None:
        for template in ("#include('/etc/passwd')", '#parse("/etc/passwd")', "#parse($nope)"):
            self.assertRaises(MappingError, render, template)
        self.assertEqual(render("#evaluate('#set($x=1)$x')"), "#evaluate('#set($x=1)$x')")

    def test_the_callers_context_is_not_changed(self) -> None:
        context = {"stage": "prod", "identity": {"sourceIp": "1.2.3.4"}}
        scope = Scope(context=context, stage_variables={"a": "1"})
        template = compile_template(
            "#set($context.stage = 'x')#set($context.identity.sourceIp = 'y')#set($stageVariables.a = '2')"
        )
        template.render(scope)
        self.assertEqual(context, {"stage": "prod", "identity": {"sourceIp": "1.2.3.4"}})
        self.assertEqual(scope.stage_variables, {"a": "1"})


class Limits(SynchronousTestCase):
    def fails(self, template: str, body: str = "{}") -> None:
        # Not assertRaises: it prints the variables of every frame, and here they are large.
        try:
            got = render(template, body)
        except MappingError:
            return
        self.fail(f"rendered {len(got)} characters")

    def test_a_loop_stops_after_a_thousand_rounds(self) -> None:
        self.assertEqual(len(render("#foreach($i in [1..1000000000])x#end")), 1000)

    def test_a_range_is_not_laid_out_without_end(self) -> None:
        self.fails("#set($x=[1..1000000000])$x.size()")
        self.fails("#foreach($i in [1..1000])#set($x=[1..90000])#end")

    def test_loops_in_loops_end(self) -> None:
        loops = "#foreach($i in [1..1000])"
        self.fails(loops * 3 + "x" + "#end" * 3)

    def test_exploding_patterns_end(self) -> None:
        subject = "a" * 40
        for pattern in ("(a+)+b", "(a|a)*b", "(a|aa)+$b", "(.*)*x(.*)*y", "(?:(?:a?){20})*b"):
            try:
                got = render(f"#set($s='{subject}!')$s.matches('{pattern}')")
            except LimitError:
                continue
            self.assertEqual(got, "false")
        self.fails(
            "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($s='aaaaaaaaaaaaaaaaaaaaaaaa')"
            "$s.matches('(a|a)*c')#end#end"
        )

    def test_a_filters_pattern_ends(self) -> None:
        body = '{"a": ["' + "a" * 60 + '!"]}'
        try:
            got = render("$input.path('$.a[?(@ =~ /(a|a)*b/)]')", body)
        except LimitError:
            return
        self.assertEqual(got, "[]")

    def test_work_on_long_texts_is_counted(self) -> None:
        """Each of these ran for ten seconds and more, when it only counted how often it was called."""
        loops = "#foreach($i in [1..1000])#foreach($j in [1..1000])"
        for call, body in (
            ("$input.body.hashCode()", "az" * 100_000),
            ("$input.body.substring(2).length()", "\U0001f600" * 100_000),
            ("$util.urlDecode($input.body).length()", "%41" * 30_000),
            ("$util.escapeJavaScript($input.body).length()", "\u00e9" * 100_000),
        ):
            with self.subTest(call):
                self.fails(f"{loops}{call}#end#end", body)
        self.fails("#set($n=99999999999)" + "#set($n=$n*$n)" * 8 + f"{loops}$n#end#end")

    def test_huge_exponents_are_not_written_out(self) -> None:
        body = '{"d": 1.2345678901234567890123e999999999}'
        self.assertEqual(render("#set($d=$input.path('$.d'))$d.intValue() $d.longValue()", body), "0 0")
        self.assertEqual(render("#set($d=$input.path('$.d'))$d.doubleValue()", body), "Infinity")
        self.assertEqual(render("#set($d=$input.path('$.d'))#if($d==1)a#{else}b#end", body), "b")
        self.fails("$input.body.format('%f', $input.path('$.d'))", body)
        self.assertEqual(render("$input.path('$[?(@.a size 1e999999999)]')", '{"a": []}'), "[]")
        self.assertEqual(render("$input.body.format('%.2e', $input.path('$.d'))", body), "1.23e+999999999")

    def test_a_long_body_is_not_read_leniently(self) -> None:
        self.assertEqual(render("$input.path('$.a')", "{a:1}"), "1")
        self.fails("$input.path('$.a')", "{" + "a:1," * 1_000_000 + "}")
        self.fails("$input.path('$.a')", '{"a": "' + "x" * 2_000_000)
        self.assertEqual(render("$input.path('$.a')", '{"a": 1, "b": "' + "x" * 2_000_000 + '"} trailing'), "1")
        self.assertEqual(render("$input.path('$').length()", "x" * 2_000_000), "2000000")

    def test_literal_replacements_of_long_texts_are_quick(self) -> None:
        self.assertEqual(render("$input.body.replaceAll(\"\\'\", '\"').length()", "'" * 1_000_000), "1000000")

    def test_a_map_that_changes_while_it_is_printed(self) -> None:
        self.fails("#set($m={'a': 1, 'b': 2})#define($d)$m.put('c', 3)#end#set($m.a=$d)$m")

    def test_text_that_doubles_is_stopped(self) -> None:
        self.fails("#set($s='0123456789abcdef')" + '#set($s="$s$s")' * 40 + "$s")
        self.fails("#set($s='0123456789abcdef')" + "#set($s=$s+$s)" * 40 + "$s")
        self.fails("#set($s='aaaaaaaa')" + "#set($s=$s.replace('a',$s))" * 10)
        self.fails("#set($s='aaaaaaaa')" + "#set($s=$s.replaceAll('a',$s))" * 10)
        self.fails("#set($s='a')$s.repeat(2000000000)")
        self.fails("#set($s='a')$s.format('%2000000000d', 1)")
        self.fails("#set($s='0123456789')" + '#set($s="$s$s$s$s")' * 9 + "#foreach($i in [1..1000])$s#end")

    def test_output_is_bounded(self) -> None:
        text = "x" * 20_000
        self.assertEqual(len(render(f"#foreach($i in [1..500]){text}#end")), 10_000_000)
        self.assertGreater(600 * len(text), OUTPUT_LIMIT)
        self.fails(f"#foreach($i in [1..600]){text}#end")

    def test_lists_that_double_are_stopped(self) -> None:
        doubled = "#set($l=['a'])" + "#set($l=[$l,$l])" * 50
        self.fails(doubled + "$l")
        self.fails(doubled + "$l.hashCode()")
        self.fails("#set($l=[1,2,3,4])" + "#set($q=$l.addAll($l))" * 40)

    def test_values_that_hold_themselves_are_errors_or_marked(self) -> None:
        self.assertEqual(render("#set($m={})#set($m.m=$m)$m"), "{m=(this Map)}")
        self.fails("#set($r=$input.path('$'))#set($r.x=$r)$input.json('$')")
        self.fails("#set($r=$input.path('$'))#set($r.x=$r)$input.json('$..y')")
        self.fails("#set($l=[1])#set($k=[$l])#set($q=$l.add($k))$l")

    def test_numbers_stay_short(self) -> None:
        self.fails("#set($x=99999999)" + "#set($x=$x*$x)" * 40 + "$x")

    def test_definitions_do_not_run_away(self) -> None:
        self.assertEqual(render("#define($d)x$d$d#end$d"), "xx$d$dx$d$d")
        chain = "#define($d0)x#end" + "".join(f"#define($d{n + 1})$d{n}$d{n}$d{n}#end" for n in range(40))
        self.fails(chain + "$d40")

    def test_deep_json_is_an_error(self) -> None:
        self.fails("$input.path('$').size()", "[" * 100_000 + "]" * 100_000)
        self.fails("$util.parseJson($input.body)", '{"a":' * 5000 + "1" + "}" * 5000)
        self.fails("$input.json('$..a')", "[" * 100_000)

    def test_deep_templates_are_errors(self) -> None:
        for template in (
            "#if(true)" * 1000 + "#end" * 1000,
            "#set($x=" + "(" * 2000 + "1" + ")" * 2000 + ")",
            "#set($x=" + "[" * 2000 + "]" * 2000 + ")",
            "$a.b(" * 2000 + ")" * 2000,
        ):
            self.assertRaises(MappingError, compile_template, template)

    def test_lookahead_does_not_explode(self) -> None:
        self.assertEqual(render("#set($x=" + "[$a.b(" * 25 + "1" + ")]" * 25 + ")ok"), "ok")

    def test_long_templates(self) -> None:
        self.assertRaises(LimitError, compile_template, "x" * (TEMPLATE_LIMIT + 1))
        self.assertRaises(LimitError, compile_template, "é" * (TEMPLATE_LIMIT // 2 + 1))
        self.assertEqual(len(render("x" * TEMPLATE_LIMIT)), TEMPLATE_LIMIT)
        self.assertEqual(render("\\" * 50_000 + "x"), "\\" * 50_000 + "x")
