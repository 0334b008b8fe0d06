"""DynamoDB's sentences on values and expressions, as dynalite's tests saw them on AWS."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.services.dynamodb_checks import plain_number, refusal, reworded

S: dict[str, Any] = {"S": "a"}


class Values(SynchronousTestCase):
    def test_fine(self) -> None:
        for value in (
            S, {"N": "-1.5e3"}, {"N": "0"}, {"N": "1" + "0" * 50}, {"B": ""}, {"NULL": True}, {"BOOL": False},
            {"L": []}, {"M": {"a": {"SS": ["x"]}}}, {"NS": ["1", "2"]}, {"S": ""},
        ):  # fmt: skip
            self.assertIsNone(refusal("PutItem", {"Item": {"id": S, "x": value}}), value)

    def test_refused(self) -> None:
        for value, text in (
            ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
            ({"X": "a"}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
            (
                {"S": "a", "N": "1"},
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                "datatypes",
            ),
            ({"N": ""}, "The parameter cannot be converted to a numeric value"),
            ({"N": "abc"}, "The parameter cannot be converted to a numeric value: abc"),
            ({"N": "NaN"}, "The parameter cannot be converted to a numeric value: NaN"),
            ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
            (
                {"N": "1e126"},
                "Number overflow. Attempting to store a number with magnitude larger than supported range",
            ),
            (
                {"N": "1e-131"},
                "Number underflow. Attempting to store a number with magnitude smaller than supported range",
            ),
            (
                {"NULL": False},
                "One or more parameter values were invalid: Null attribute value types must have the value of true",
            ),
            ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
            ({"NS": []}, "One or more parameter values were invalid: An number set  may not be empty"),
            ({"BS": []}, "One or more parameter values were invalid: Binary sets should not be empty"),
            (
                {"SS": ["a", "a"]},
                "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
            ),
            ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
            ({"L": [{"M": {"k": {"N": "x"}}}]}, "The parameter cannot be converted to a numeric value: x"),
        ):  # fmt: skip
            self.assertEqual(refusal("PutItem", {"Item": {"id": S, "x": value}}), text)
            item = {"Item": {"x": value}}
            self.assertEqual(refusal("BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": item}]}}), text)
            self.assertEqual(refusal("TransactWriteItems", {"TransactItems": [{"Put": item}]}), text)
            self.assertEqual(
                refusal("Query", {"KeyConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": value}}),
                f"ExpressionAttributeValues contains invalid value: {text} for key :v",
            )

    def test_depth(self) -> None:
        value: dict[str, Any] = S
        for _ in range(32):
            value = {"L": [value]}
        self.assertIsNone(refusal("PutItem", {"Item": {"x": value}}))
        self.assertIn("Nesting Levels", refusal("PutItem", {"Item": {"x": {"M": {"a": value}}}}) or "")

    def test_numbers(self) -> None:
        for given, plain in (
            ("1.50", "1.5"), ("1e3", "1000"), ("-0", "0"), ("007", "7"), ("+1", "1"), (".5", "0.5"), ("1E-2", "0.01"),
            ("10", "10"), ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("abc", "abc"), (1, 1),
        ):  # fmt: skip
            self.assertEqual(plain_number(given), plain)


class Expressions(SynchronousTestCase):
    def test_fine(self) -> None:
        self.assertIsNone(
            refusal(
                "Query",
                {
                    "KeyConditionExpression": "#i = :v", "FilterExpression": "a > :w",
                    "ExpressionAttributeNames": {"#i": "id"}, "ExpressionAttributeValues": {":v": S, ":w": S},
                },
            )
        )  # fmt: skip
        self.assertIsNone(refusal("Scan", {}))
        self.assertIsNone(refusal("Query", {"KeyConditions": {"id": {}}}))

    def test_refused(self) -> None:
        value = "An expression attribute value used in expression is not defined; attribute value: :v"
        name = "An expression attribute name used in the document path is not defined; attribute name: #n"
        for body, text in (
            ({}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
            ({"KeyConditionExpression": "id = :v"}, f"Invalid KeyConditionExpression: {value}"),
            ({"KeyConditionExpression": "#n = :v"}, f"Invalid KeyConditionExpression: {name}"),
            (
                {"KeyConditionExpression": "id = :w", "FilterExpression": "a = :v",
                 "ExpressionAttributeValues": {":w": S}},
                f"Invalid FilterExpression: {value}",
            ),
            ({"KeyConditionExpression": " "}, "Invalid KeyConditionExpression: The expression can not be empty;"),
            (
                {"KeyConditionExpression": "id = :w", "ExpressionAttributeValues": {":w": S, ":x": S}},
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}",
            ),
            (
                {"KeyConditionExpression": "id = :w", "ExpressionAttributeValues": {":w": S},
                 "ExpressionAttributeNames": {"#a": "a", "#b": "b"}},
                "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}",
            ),
        ):  # fmt: skip
            self.assertEqual(refusal("Query", body), text)

    def test_newer_sentences(self) -> None:
        told = reworded({"__type": "ResourceNotFoundException", "message": "Invalid index: i for table: t. Available"})
        self.assertEqual(
            told, {"__type": "ValidationException", "message": "The table does not have the specified index: i"}
        )
        told = reworded({"__type": "E", "message": "other"})
        self.assertEqual(told, {"__type": "E", "message": "other"})
        self.assertEqual(reworded({"__type": "E"}), {"__type": "E"})
