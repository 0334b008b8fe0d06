"""Body models: keywords, formats and AWS's sentences for them."""

from __future__ import annotations

import json
from typing import Any

import orjson
from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment import schema_keywords
from emulator.deployment.models import BrokenModel, ModelCompiler

DRAFT4 = "http://json-schema.org/draft-04/schema#"


def errors(schema: Any, document: Any) -> list[str]:
    return ModelCompiler("abc123", {"M": {"schema": json.dumps(schema)}}).model("M").errors(document)


class Sentences(SynchronousTestCase):
    def test_texts_stand_as_they_are(self) -> None:
        # Escaped once, by $context.error.validationErrorString, not twice.
        self.assertEqual(errors({"maxLength": 1}, 'a"b'), ['string "a"b" is too long (length: 3, maximum allowed: 1)'])
        self.assertEqual(
            errors({"pattern": r"^\d{4}$"}, "x"), [r'ECMA 262 regex "^\d{4}$" does not match input string "x"']
        )

    def test_numbers_are_decimals(self) -> None:
        for value in (4.35, 0.07, 1.1, 19.99, 3, -8.29, 1e22):
            self.assertEqual(errors({"multipleOf": 0.01}, value), [])
        self.assertEqual(errors({"multipleOf": 0.01}, 4.355), ["remainder of division is not zero (4.355 / 0.01)"])
        self.assertEqual(errors({"multipleOf": 2}, True), [])

    def test_integers_of_any_size(self) -> None:
        for text in ("123456789012345678901234567890", "-18446744073709551617", "18446744073709551615"):
            self.assertEqual(errors({"type": "integer"}, orjson.loads(text)), [])
        self.assertEqual(len(errors({"type": "integer"}, 1.0)), 1)
        self.assertEqual(len(errors({"type": "integer"}, True)), 1)

    def test_keywords(self) -> None:
        cases: list[tuple[Any, Any, str]] = [
            ({"multipleOf": 3}, 10, "remainder of division is not zero (10 / 3)"),
            (
                {"items": [{}], "additionalItems": False},
                [1, 2],
                "schema only allows 1 elements in array but instance has 2 elements",
            ),
            (
                {"dependencies": {"a": ["c", "b"]}},
                {"a": 1, "c": 1},
                'property "a" of object has missing property dependencies (schema requires ["b","c"]; missing: ["b"])',
            ),
            (
                {"allOf": [{"type": "number"}, {"minimum": 5}]},
                3,
                "instance failed to match all required schemas (matched only 1 out of 2)",
            ),
            (
                {"minimum": 5, "exclusiveMinimum": True},
                4,
                "numeric instance is lower than the required minimum (minimum: 5, found: 4)",
            ),
            (
                {"minimum": 5, "exclusiveMinimum": True},
                5,
                "numeric instance is not strictly greater than the required minimum 5",
            ),
            (
                {"patternProperties": {"^x-": {}}, "additionalProperties": False},
                {"x-a": 1, "b": 2},
                'object instance has properties which are not allowed by the schema: ["b"]',
            ),
        ]
        for schema, document, words in cases:
            self.assertEqual(errors(schema, document), [words])

    def test_dependencies_and_additional_properties_as_schemas(self) -> None:
        self.assertEqual(errors({"dependencies": {"a": {"required": ["b"]}}}, {"a": 1, "b": 2}), [])
        self.assertEqual(
            errors({"dependencies": {"a": {"required": ["b"]}}}, {"a": 1}),
            ['object has missing required properties (["b"])'],
        )
        self.assertEqual(errors({"additionalProperties": {"type": "string"}}, {"a": "x"}), [])
        self.assertEqual(len(errors({"additionalProperties": {"type": "string"}}, {"a": 1})), 1)


class Declarations(SynchronousTestCase):
    """``$schema`` changes nothing: every model is draft 4, under our own keywords."""

    def test_patterns_are_matched_under_our_time_limit(self) -> None:
        # jsonschema's own keywords would match with re, for as long as it takes.
        asked: list[tuple[str, str]] = []
        self.patch(schema_keywords, "matches", lambda pattern, text: bool(asked.append((pattern, text))))
        errors({"$schema": DRAFT4, "properties": {"a": {"pattern": "p"}}}, {"a": "text"})
        errors({"$schema": DRAFT4, "patternProperties": {"q": {}}, "additionalProperties": False}, {"name": 1})
        self.assertEqual(set(asked), {("p", "text"), ("q", "name")})

    def test_no_pattern_holds_the_reactor(self) -> None:
        self.assertFalse(schema_keywords.matches("^(a+)+$", "a" * 40 + "!"))
        self.assertFalse(schema_keywords.matches("(", "("))

    def test_a_later_draft_is_read_as_draft_4(self) -> None:
        declared = "http://json-schema.org/draft-07/schema#"
        schema = {"$schema": declared, "properties": {"a": {"$schema": declared, "const": 1}}}
        self.assertEqual(errors(schema, {"a": 2}), [])
        with self.assertRaises(BrokenModel):
            errors({"$schema": declared, "exclusiveMinimum": 5}, 5)

    def test_a_property_of_that_name(self) -> None:
        schema = {"properties": {"$schema": {"type": "string"}}, "enum": [{"$schema": "x"}]}
        self.assertEqual(errors(schema, {"$schema": "x"}), [])
        self.assertEqual(len(errors(schema, {"$schema": 1})), 2)


class Formats(SynchronousTestCase):
    def test_what_has_the_format(self) -> None:
        for name, text in (
            ("date-time", "2024-02-29T23:59:59Z"),
            ("date-time", "2024-01-01T00:00:00.123+01:00"),
            ("date-time", "2024-01-01T00:00:00-0800"),
            ("email", "a.b+c@example.com"),
            ("hostname", "api.example.com"),
            ("hostname", "localhost"),
            ("ipv4", "10.0.0.1"),
            ("ipv6", "::1"),
            ("uri", "https://example.com/a?b=c#d"),
            ("uri", "/relative"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
            ("regex", "^a$"),
            ("base64", "not looked at"),
            ("int32", "nor this"),
        ):
            self.assertEqual(errors({"format": name}, text), [], (name, text))

    def test_what_has_not(self) -> None:
        dates = "is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.SSSZ]"
        for name, text, words in (
            ("date-time", "2024-02-30T00:00:00Z", f'string "2024-02-30T00:00:00Z" {dates}'),
            ("date-time", "2024-01-01", f'string "2024-01-01" {dates}'),
            ("email", "nobody", 'string "nobody" is not a valid email address'),
            ("hostname", "-a-.b", 'string "-a-.b" is not a valid hostname'),
            ("ipv4", "256.0.0.1", 'string "256.0.0.1" is not a valid IPv4 address'),
            ("ipv6", "fe80::1%eth0", 'string "fe80::1%eth0" is not a valid IPv6 address'),
            ("uri", "a b", 'string "a b" is not a valid URI'),
            ("uuid", "123", 'input string "123" is not a valid UUID'),
        ):
            self.assertEqual(errors({"format": name}, text), [words])
        self.assertEqual(errors({"format": "email"}, 5), [], "a format is of texts")

    def test_a_format_nobody_knows_is_mentioned_beside_errors(self) -> None:
        schema = {"properties": {"a": {"type": "number", "format": "double", "maximum": 90}}}
        self.assertEqual(errors(schema, {"a": 1.5}), [])
        self.assertEqual(
            sorted(errors(schema, {"a": 91})),
            [
                'format attribute "double" not supported',
                "numeric instance is greater than the required maximum (maximum: 90, found: 91)",
            ],
        )

    def test_and_does_not_decide_between_branches(self) -> None:
        branch = {"type": "integer", "format": "int32"}
        for keyword in ("oneOf", "anyOf", "allOf"):
            self.assertEqual(errors({keyword: [branch]}, 1), [])
        self.assertEqual(len(errors({"not": branch}, 1)), 1)
