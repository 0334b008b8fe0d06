"""Settings of functions that Lambda refuses."""

from __future__ import annotations

from typing import Any

from emulator.errors import ServiceError
from tests.services.lambda_support import REGION, LambdaCase

_UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)


class CheckTests(LambdaCase):
    def refused(self, action: str = "", **settings: Any) -> tuple[str, str]:
        with self.assertRaises(ServiceError) as raised:
            if action:
                self.call("lambda", action, **settings)
            else:
                self.create(**settings)
        return raised.exception.code, raised.exception.message

    def test_numbers_and_names(self) -> None:
        for settings, told in (
            ({"Timeout": 901}, "Value '901' at 'timeout' failed to satisfy constraint: "
             "Member must have value less than or equal to 900"),
            ({"Handler": "a b"}, "Value 'a b' at 'handler' failed to satisfy constraint: "
             "Member must satisfy regular expression pattern: [^\\s]+"),
            ({"Environment": {"Variables": {"1a": "x"}}},
             "Value '{1a=x}' at 'environment.variables' failed to satisfy constraint: "
             "Map keys must satisfy constraint: "
             "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"),
        ):  # fmt: skip
            expected = ("ValidationException", f"1 validation error detected: {told}")
            self.assertEqual(self.refused(**settings), expected)
        self.create()
        code, message = self.refused(
            "UpdateFunctionConfiguration", FunctionName="greet", Timeout=901, Handler="x" * 129
        )
        self.assertTrue(message.startswith("2 validation errors detected: "), message)
        self.assertEqual(self.call("lambda", "GetFunctionConfiguration", FunctionName="greet")["Timeout"], 3)

    def test_environment(self) -> None:
        code, message = self.refused(Environment={"Variables": {"AWS_REGION": "x", "MINE": "y"}})
        self.assertEqual(code, "InvalidParameterValueException")
        told = "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
        self.assertEqual(message, f"{_UNABLE}{told}request: AWS_REGION")
        _, message = self.refused(Environment={"Variables": {"MINE": "y" * 4096}})
        self.assertTrue(message.startswith(f"{_UNABLE}exceeded the 4KB limit."))

    def test_what_a_package_needs(self) -> None:
        code, message = self.refused(Handler="")
        told = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        self.assertEqual((code, message), ("InvalidParameterValueException", told))
        self.call("s3", "CreateBucket", Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        code, message = self.refused(Code={"S3Bucket": "bucket", "S3Key": "none"})
        self.assertIn("NoSuchKey", message)
