"""Keys that are not of the table's schema."""

from __future__ import annotations

from typing import Any

from tests.services.test_patches import Mended

TARGET = "DynamoDB_20120810."
SCHEMA = "The provided key element does not match the schema"
CONDITION = "One or more parameter values were invalid: Condition parameter type does not match schema type"


class Keys(Mended):
    def setUp(self) -> None:
        super().setUp()
        kinds = {"id": "S", "r": "N", "b": "B"}
        hashed, ranged = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}
        by_b = [{"AttributeName": "b", "KeyType": "HASH"}]
        self.json(
            "dynamodb", f"{TARGET}CreateTable", TableName="t", KeySchema=[hashed, ranged],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
            GlobalSecondaryIndexes=[{"IndexName": "i", "KeySchema": by_b, "Projection": {"ProjectionType": "ALL"}}],
            BillingMode="PAY_PER_REQUEST",
        )  # fmt: skip

    def call(self, action: str, **body: Any) -> Any:
        return self.json("dynamodb", TARGET + action, TableName="t", **body)

    def test_items(self) -> None:
        for key in (
            {"id": {"S": "a"}, "r": {"S": "1"}}, {"id": {"N": "1"}, "r": {"N": "1"}}, {"id": {"S": "a"}},
            {"id": {"S": "a"}, "r": {"N": "1"}, "x": {"S": "a"}},
        ):  # fmt: skip
            for action in ("GetItem", "DeleteItem", "UpdateItem"):
                self.assertEqual(self.call(action, Key=key)["message"], SCHEMA, (action, key))
        for action in ("GetItem", "DeleteItem", "UpdateItem"):
            told = self.call(action, Key={"id": {"S": ""}, "r": {"N": "1"}})["message"]
            self.assertIn("cannot contain an empty string value. Key: id", told, action)
        self.assertNotIn("message", self.call("GetItem", Key={"id": {"S": "a"}, "r": {"N": "0"}}))

    def query(self, condition: str, index: str = "", **values: Any) -> Any:
        named = {f":{name}": value for name, value in values.items()}
        more = {"IndexName": index} if index else {}
        return self.call("Query", KeyConditionExpression=condition, ExpressionAttributeValues=named, **more)

    def test_queries(self) -> None:
        self.assertEqual(self.query("id = :a", a={"N": "1"})["message"], CONDITION)
        self.assertEqual(self.query("id = :a AND r > :b", a={"S": "1"}, b={"S": "1"})["message"], CONDITION)
        self.assertEqual(self.query("b = :a", "i", a={"S": "1"})["message"], CONDITION)
        self.assertEqual(self.query("id = :a AND r > :b", a={"S": "1"}, b={"N": "1"})["Items"], [])
        self.assertEqual(self.query("b = :a", "i", a={"B": "YQ=="})["Items"], [])
