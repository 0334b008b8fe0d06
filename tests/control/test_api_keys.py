"""API keys: made, given, imported, filtered, changed."""

from __future__ import annotations

from typing import Any

from tests.control.making import deployed
from tests.control.support import ControlTestCase

VALUE = "abcdefghij0123456789"


class ApiKeys(ControlTestCase):
    def test_a_value_is_made(self) -> None:
        made = self.control("CreateApiKey", name="n", enabled=True)
        self.assertRegex(made["value"], r"\A[A-Za-z0-9]{40}\Z")
        self.assertRegex(made["id"], r"\A[a-z0-9]{10}\Z")
        self.assertEqual([], made["stageKeys"])
        self.assertTrue(made["enabled"])
        self.assertEqual(made["createdDate"], made["lastUpdatedDate"])
        self.assertNotIn("tags", made)

    def test_shown_with_its_value_only_when_asked(self) -> None:
        key = self.control("CreateApiKey", name="n", value=VALUE, tags={"a": "b"})
        self.assertFalse(key["enabled"])
        self.assertEqual({"a": "b"}, key["tags"])
        self.assertNotIn("value", self.control("GetApiKey", apiKey=key["id"]))
        self.assertEqual(VALUE, self.control("GetApiKey", apiKey=key["id"], includeValue=True)["value"])
        self.assertNotIn("value", self.control("GetApiKeys")["items"][0])
        self.assertEqual(VALUE, self.control("GetApiKeys", includeValues=True)["items"][0]["value"])

    def test_values(self) -> None:
        self.control("CreateApiKey", value=VALUE)
        self.refused(409, "ConflictException", "API Key already exists", "CreateApiKey", value=VALUE)
        self.refused(
            400, "BadRequestException", "API Key value should be at least 20 characters", "CreateApiKey", value="short"
        )
        self.refused(
            400,
            "BadRequestException",
            "API Key value exceeds maximum size of 128 characters",
            "CreateApiKey",
            value="x" * 129,
        )

    def test_an_empty_value_is_none(self) -> None:
        self.assertEqual(40, len(self.control("CreateApiKey", value="")["value"]))

    def test_an_id_that_is_the_value(self) -> None:
        key = self.control("CreateApiKey", value=VALUE, generateDistinctId=False)
        self.assertEqual(VALUE, key["id"])
        self.assertNotEqual(VALUE, self.control("CreateApiKey", value=VALUE + "x", generateDistinctId=True)["id"])

    def test_filters_and_pages(self) -> None:
        for number in range(30):
            self.control("CreateApiKey", name=f"{'ab'[number % 2]}-{number}", customerId=f"c{number % 3}")
        first = self.control("GetApiKeys")
        self.assertEqual(25, len(first["items"]))
        second = self.control("GetApiKeys", position=first["position"])
        self.assertEqual((5, False), (len(second["items"]), "position" in second))
        self.assertEqual(15, len(self.control("GetApiKeys", nameQuery="a-", limit=100)["items"]))
        self.assertEqual(10, len(self.control("GetApiKeys", customerId="c1", limit=100)["items"]))

    def test_stage_keys(self) -> None:
        api_id = deployed(self.control)
        key = self.control("CreateApiKey", stageKeys=[{"restApiId": api_id, "stageName": "s"}])
        self.assertEqual([f"{api_id}/s"], key["stageKeys"])
        changed = self.patch(key, "remove", "/stages", f"{api_id}/s")
        self.assertEqual([], changed["stageKeys"])
        self.assertEqual([f"{api_id}/s"], self.patch(key, "add", "/stages", f"{api_id}/s")["stageKeys"])
        self.refused(
            400, "BadRequestException", None, "CreateApiKey", stageKeys=[{"restApiId": api_id, "stageName": "x"}]
        )

    def test_patches(self) -> None:
        key = self.control("CreateApiKey", name="n", value=VALUE)
        self.control.clock.advance(5)
        changed = self.patch(key, "replace", "/enabled", "true")
        self.assertTrue(changed["enabled"])
        self.assertEqual(5, changed["lastUpdatedDate"] - key["lastUpdatedDate"])
        self.assertEqual(({}, False), (changed["tags"], "value" in changed))
        for member, value in (("name", "m"), ("description", "d"), ("customerId", "c")):
            self.assertEqual(value, self.patch(key, "replace", f"/{member}", value)[member])
        self.patch(key, "add", "/labels", "l")
        self.patch(key, "remove", "/labels", "l")
        self.refused(
            400,
            "BadRequestException",
            None,
            "UpdateApiKey",
            apiKey=key["id"],
            patchOperations=[{"op": "replace", "path": "/name", "value": "z"}, {"op": "add", "path": "/x"}],
        )
        self.assertEqual("m", self.control("GetApiKey", apiKey=key["id"])["name"])

    def test_unknown(self) -> None:
        for operation in ("GetApiKey", "DeleteApiKey", "UpdateApiKey"):
            self.refused(404, "NotFoundException", "Invalid API Key identifier specified", operation, apiKey="none")

    def test_deleting_takes_it_out_of_its_plans(self) -> None:
        key = self.control("CreateApiKey", name="n")
        plan = self.control("CreateUsagePlan", name="p")
        self.control("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        self.control("DeleteApiKey", apiKey=key["id"])
        self.assertEqual([], self.control("GetUsagePlanKeys", usagePlanId=plan["id"])["items"])
        self.assertEqual([], self.control("GetApiKeys")["items"])

    def patch(self, key: Any, op: str, path: str, value: str) -> Any:
        operation = {"op": op, "path": path, "value": value}
        return self.control("UpdateApiKey", apiKey=key["id"], patchOperations=[operation])


class Import(ControlTestCase):
    def load(self, text: str, **arguments: Any) -> Any:
        return self.control("ImportApiKeys", body=text.encode(), format="csv", **arguments)

    def test_columns_in_any_order_and_case(self) -> None:
        plans = [self.control("CreateUsagePlan", name=name)["id"] for name in "ab"]
        for number, quote in enumerate("'\""):
            answer = self.load(
                "Enabled,name,KEY,Description,Colour,usageplanIds\n"
                f"FALSE,one,{VALUE}{number},some text,red,{quote}{','.join(plans)}{quote}\n"
            )
            self.assertNotIn("warnings", answer)
            key = self.control("GetApiKey", apiKey=answer["ids"][0], includeValue=True)
            self.assertEqual(("one", f"{VALUE}{number}", "some text"), (key["name"], key["value"], key["description"]))
            self.assertFalse(key["enabled"])
        for plan in plans:
            self.assertEqual(2, len(self.control("GetUsagePlanKeys", usagePlanId=plan)["items"]))

    def test_defaults(self) -> None:
        (key_id,) = self.load(f"Key,name\n{VALUE},MyFirst\n\n")["ids"]
        key = self.control("GetApiKey", apiKey=key_id)
        self.assertTrue(key["enabled"])
        self.assertNotIn("description", key)

    def test_the_last_one_of_a_value_wins(self) -> None:
        (first,) = self.load(f"name,key\na,{VALUE}\n")["ids"]
        (second,) = self.load(f"name,key\nb,{VALUE}\nc,{VALUE}\n")["ids"]
        self.assertEqual(first, second)
        self.assertEqual(["c"], [key["name"] for key in self.control("GetApiKeys")["items"]])

    def test_warnings(self) -> None:
        text = f"name,key,usageplanids\na,short,\n,{VALUE},\nb,{VALUE},nope\n"
        self.refused(
            400,
            "BadRequestException",
            "Warnings found during import:\n\t"
            "Unable to import API Key 'a': the key must be between 20 and 128 characters\n\t"
            "Unable to import API Key '': a name and a key are required\n\t"
            "Unable to add API Key 'b' to usage plan 'nope': no such usage plan",
            "ImportApiKeys",
            body=text.encode(),
            format="csv",
            failOnWarnings=True,
        )
        self.assertEqual([], self.control("GetApiKeys")["items"])
        answer = self.load(text)
        self.assertEqual((1, 3), (len(answer["ids"]), len(answer["warnings"])))

    def test_no_key_file(self) -> None:
        for bad in (b"", b"a,b\n1,2\n", b"name\nx\n", b"\xff\xfe"):
            self.refused(400, "BadRequestException", None, "ImportApiKeys", body=bad, format="csv")
