"""What CreateDeployment compiles, and that nothing a user wrote makes it fail."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment.compiled import Broken
from emulator.deployment.compiler import compile_api, compile_integration, compile_templates
from emulator.deployment.models import BrokenModel, ModelCompiler
from emulator.deployment.selection import SelectionPattern
from emulator.deployment.uris import UriTemplate
from emulator.store.records import Snapshot
from tests.execute_api.world import World, http_method, mock_method


def snapshot(**parts: Any) -> Snapshot:
    given: dict[str, Any] = {
        "account": "000000000000",
        "region": "us-east-1",
        "api": {"id": "abc123", "name": "demo"},
        "resources": {},
        "models": {},
        "validators": {},
        "authorizers": {},
        "gateway_responses": {},
        **parts,
    }
    return Snapshot(**given)


class Apis(SynchronousTestCase):
    def test_an_empty_one(self) -> None:
        api = compile_api(snapshot())
        self.assertEqual((api.api_id, api.endpoint_type, api.minimum_compression_size), ("abc123", "EDGE", None))
        self.assertIsNone(api.routes.find("/", "GET"))

    def test_broken_parts_do_not_stop_it(self) -> None:
        integration = {
            "type": "HTTP",
            "requestTemplates": {"application/json": "#if("},
            "requestParameters": {"integration.request.header.X": "nonsense", "nonsense": "'x'"},
            "integrationResponses": {"200": {"statusCode": "200", "selectionPattern": "(["}},
        }
        method = {
            "requestValidatorId": "v",
            "requestModels": {"application/json": "Nope", "text/x": "Bad"},
            "methodIntegration": integration,
        }
        api = compile_api(
            snapshot(
                resources={"r": {"id": "r", "path": "/", "resourceMethods": {"GET": method}}},
                validators={"v": {"validateRequestBody": True}},
                models={"Bad": {"schema": "{"}},
            )
        )
        found = api.routes.find("/", "GET")
        assert found is not None
        compiled = found[0]
        self.assertIsInstance(compiled.integration.templates["application/json"].template, Broken)
        self.assertEqual(compiled.integration.parameters, ())
        for model in compiled.models.values():
            self.assertRaises(BrokenModel, model.errors, {})

    def test_required_parameters_in_awss_order(self) -> None:
        parameters = {
            "method.request.querystring.b": True,
            "method.request.path.z": True,
            "method.request.header.y": True,
            "method.request.header.a": False,
            "method.request.querystring.a": True,
        }
        method = {"requestValidatorId": "v", "requestParameters": parameters}
        api = compile_api(
            snapshot(
                resources={"r": {"id": "r", "path": "/", "resourceMethods": {"GET": method}}},
                validators={"v": {"validateRequestParameters": True}},
            )
        )
        expected = (("header", "y"), ("path", "z"), ("querystring", "a"), ("querystring", "b"))
        self.assertEqual(api.methods["r", "GET"].required, expected)

    def test_defaults_of_an_integration(self) -> None:
        made = compile_integration({"type": "HTTP_PROXY", "timeoutInMillis": 50})
        self.assertEqual((made.timeout, made.passthrough, made.stream), (0.05, "WHEN_NO_MATCH", False))
        self.assertEqual(compile_integration({"type": "HTTP"}).timeout, 29.0)

    def test_templates_by_media_type(self) -> None:
        made = compile_templates({"Application/JSON; charset=utf-8": "a", "text/plain": None})
        self.assertEqual(list(made), ["application/json", "text/plain"])
        self.assertEqual(made["text/plain"].source, "")


class Texts(SynchronousTestCase):
    def test_uris(self) -> None:
        made = UriTemplate("http://${stageVariables.h}/{a}/{b+}${stageVariables.none}?x={c}")
        self.assertEqual(made.parameters, ("a", "b", "c"))
        self.assertEqual(made.fill({"h": "host"}, {"a": "1", "b": "2/3"}), "http://host/1/2/3?x={c}")
        self.assertFalse(UriTemplate(""))

    def test_filled_values_are_not_filled_again(self) -> None:
        made = UriTemplate("{a}{b}")
        self.assertEqual(made.fill({"x": "no"}, {"a": "${stageVariables.x}{b}", "b": "2"}), "${stageVariables.x}{b}2")


class Selection(SynchronousTestCase):
    def test_the_whole_text_must_match(self) -> None:
        self.assertTrue(SelectionPattern("4\\d{2}").matches("404"))
        self.assertFalse(SelectionPattern("40").matches("404"))
        self.assertFalse(SelectionPattern(".*a.*").matches("b\na"))
        self.assertTrue(SelectionPattern("(\\n|.)+").matches("b\na"))
        for pattern, text in (("\\p{Alpha}+", "abc"), ("\\Qa.b\\E", "a.b"), ("a++b", "aab"), ("[a-z&&[^b]]+", "ac")):
            self.assertTrue(SelectionPattern(pattern).matches(text), pattern)
        self.assertFalse(SelectionPattern(".*").matches("a\u2028b"))
        self.assertFalse(SelectionPattern("(\\n|.)+").matches(""))

    def test_no_pattern_holds_the_reactor(self) -> None:
        self.assertFalse(SelectionPattern("(a|aa)+$").matches("a" * 60 + "b"))
        self.assertFalse(SelectionPattern("(x+x+)+y").matches("x" * 5000))

    def test_what_is_no_expression_matches_itself(self) -> None:
        self.assertTrue(SelectionPattern("([").matches("(["))
        self.assertFalse(SelectionPattern("([").matches("x"))


class Models(SynchronousTestCase):
    def errors(self, schema: Any, document: Any, **others: Any) -> list[str]:
        models = {name: {"schema": json.dumps(each)} for name, each in {"M": schema, **others}.items()}
        return ModelCompiler("abc123", models).model("M").errors(document)

    def test_awss_words(self) -> None:
        cases: list[tuple[Any, Any, str]] = [
            ({"required": ["b", "a"]}, {}, 'object has missing required properties (["a","b"])'),
            (
                {"type": "number"},
                "x",
                'instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])',
            ),
            ({"enum": ["a", "b"]}, "c", 'instance value ("c") not found in enum (possible values: ["a","b"])'),
            (
                {"minimum": 5},
                3,
                "numeric instance is lower than the required minimum (minimum: 5, found: 3)",
            ),
            (
                {"maximum": 5, "exclusiveMaximum": True},
                5,
                "numeric instance is not strictly lower than the required maximum 5",
            ),
            ({"minLength": 3}, "ab", 'string "ab" is too short (length: 2, required minimum: 3)'),
            ({"maxLength": 1}, "ab", 'string "ab" is too long (length: 2, maximum allowed: 1)'),
            ({"pattern": "^x$"}, "y", 'ECMA 262 regex "^x$" does not match input string "y"'),
            ({"minItems": 1}, [], "array is too short: must have at least 1 elements but instance has 0 elements"),
            ({"uniqueItems": True}, [1, 1], "array must not contain duplicate elements"),
            (
                {"properties": {"a": {}}, "additionalProperties": False},
                {"c": 1, "b": 2},
                'object instance has properties which are not allowed by the schema: ["b","c"]',
            ),
            (
                {"oneOf": [{"type": "string"}, {"type": "null"}]},
                1,
                "instance failed to match exactly one schema (matched 0 out of 2)",
            ),
            ({"oneOf": [{}, {}]}, 1, "instance failed to match exactly one schema (matched 2 out of 2)"),
            (
                {"anyOf": [{"type": "string"}]},
                1,
                "instance failed to match at least one required schema among 1",
            ),
            ({"not": {}}, 1, "instance matched a schema which it should not have"),
        ]
        for schema, document, words in cases:
            self.assertEqual(self.errors(schema, document), [words])

    def test_references(self) -> None:
        url = "https://apigateway.amazonaws.com/restapis/abc123/models/"
        item = {"properties": {"n": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"type": "null"}}}
        schema = {"type": "array", "items": {"$ref": url + "Item"}}
        self.assertEqual(self.errors(schema, [{"n": None}], Item=item), [])
        self.assertEqual(len(self.errors(schema, [{"n": 1}], Item=item)), 1)
        self.assertRaises(BrokenModel, self.errors, schema, [1])
        recursive = {"properties": {"next": {"$ref": url + "M"}}, "required": ["v"]}
        self.assertEqual(len(self.errors(recursive, {"v": 1, "next": {}})), 1)

    def test_a_pattern_made_to_explode(self) -> None:
        self.assertEqual(len(self.errors({"pattern": "^(a|aa)+$"}, "a" * 80 + "b")), 1)

    def test_deep_documents(self) -> None:
        document: Any = {}
        for _ in range(50_000):
            document = {"next": document}
        url = "https://apigateway.amazonaws.com/restapis/abc123/models/M"
        self.assertRaises(BrokenModel, self.errors, {"properties": {"next": {"$ref": url}}}, document)
        while document:
            document = document["next"]


class Lifetime(SynchronousTestCase):
    def test_no_circles(self) -> None:
        """A large API is compiled behind the collector's back: it must go by itself."""
        template = "#foreach($x in $input.path('$.a'))#if($x)$x#end#end"
        world = World({"/a/{id}": {"GET": mock_method(200, template), "POST": http_method()}})
        (deployment,) = world.api.deployments.values()
        gone: list[object] = []
        compiled = compile_api(deployment.snapshot)
        weakref.finalize(compiled, gone.append, 1)
        weakref.finalize(compiled.methods[next(iter(compiled.methods))], gone.append, 2)
        self.addCleanup(gc.enable)
        gc.disable()
        del compiled
        self.assertEqual(sorted(gone), [1, 2])
