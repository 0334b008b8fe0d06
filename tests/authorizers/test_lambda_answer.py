"""What an authorizer function may answer, and how its numbers print."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from emulator.authorizers.lambda_answer import MAX_ANSWER, BadAnswer, parse_answer
from emulator.authorizers.lambda_function import function_arn

POLICY = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"


class Answers(SynchronousTestCase):
    def context(self, text: str) -> object:
        answer = f'{{"principalId": 7, "policyDocument": {POLICY}, "context": {{"a": {text}}}}}'
        return parse_answer(answer.encode()).context.get("a")

    def test_scalars_as_text(self) -> None:
        for text, shown in (
            ('"x"', "x"),
            ("true", "true"),
            ("false", "false"),
            ("null", None),
            ("7", "7"),
            ("-7", "-7"),
            ("1.0", "1.0"),
            ("1.50", "1.5"),
            ("1e10", "1.0E10"),
            ("12345678.5", "1.23456785E7"),
            ("0.0001", "1.0E-4"),
            ("12345678901234567890", "12345678901234567890"),
        ):
            self.assertEqual(self.context(text), shown, text)

    def test_no_numbers(self) -> None:
        for text in ("NaN", "Infinity", "-Infinity", "1" * 5000):
            self.assertRaises(BadAnswer, self.context, text)

    def test_principals(self) -> None:
        for principal, shown in (("7", "7"), ('"x"', "x"), ("true", "true"), ('""', "")):
            answer = parse_answer(f'{{"principalId": {principal}, "policyDocument": {POLICY}}}'.encode())
            self.assertEqual(answer.principal_id, shown)
        for principal in ("null", "[]", "{}"):
            answer = f'{{"principalId": {principal}, "policyDocument": {POLICY}}}'
            self.assertRaises(BadAnswer, parse_answer, answer.encode())

    def test_other_members(self) -> None:
        with self.assertRaises(BadAnswer) as caught:
            parse_answer(f'{{"principalId": "x", "policyDocument": {POLICY}, "isAuthorized": true}}'.encode())
        self.assertIn('Unrecognized field "isAuthorized" , not marked as ignorable', str(caught.exception))

    def test_size(self) -> None:
        answer = {"principalId": "x", "policyDocument": json.loads(POLICY), "context": {"a": ""}}
        room = MAX_ANSWER - len(json.dumps(answer))
        answer["context"] = {"a": "x" * room}
        self.assertEqual(len(parse_answer(json.dumps(answer).encode()).context["a"]), room)
        answer["context"] = {"a": "x" * (room + 1)}
        self.assertRaises(BadAnswer, parse_answer, json.dumps(answer).encode())

    def test_not_utf8(self) -> None:
        self.assertRaises(BadAnswer, parse_answer, b'{"principalId": "\xff"}')


class Uris(SynchronousTestCase):
    def test_functions(self) -> None:
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        self.assertEqual(function_arn(f"{URI}{arn}/invocations"), arn)
        self.assertEqual(function_arn(f"{URI}{arn}:live/invocations"), arn + ":live")

    def test_no_functions(self) -> None:
        arn = "arn:aws:lambda:us-east-1:000000000000:function:"
        for uri in (
            "",
            URI,
            f"{URI}{arn}/invocations",
            f"{URI}x",
            f"{URI}x/invocations/y",
            "http://x/functions/f/invocations",
        ):
            self.assertIsNone(function_arn(uri), uri)
