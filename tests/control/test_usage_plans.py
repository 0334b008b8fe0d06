"""Usage plans, their keys, and what was used; texts as recorded on AWS."""

from __future__ import annotations

from typing import Any

from emulator.store import usage
from tests.control.making import deployed
from tests.control.support import ControlTestCase


class UsagePlanTestCase(ControlTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api_id = deployed(self.control)

    def plan(self, **arguments: Any) -> Any:
        arguments.setdefault("name", "plan")
        return self.control("CreateUsagePlan", **arguments)

    def patch(self, plan: Any, *operations: tuple[str, ...]) -> Any:
        return self.control("UpdateUsagePlan", usagePlanId=plan["id"], patchOperations=self.operations(operations))

    def operations(self, given: tuple[tuple[str, ...], ...]) -> list[dict[str, str]]:
        return [dict(zip(("op", "path", "value"), each, strict=False)) for each in given]

    def not_patched(self, status: int, code: str, text: str | None, plan: Any, *operations: tuple[str, ...]) -> None:
        self.refused(
            status, code, text, "UpdateUsagePlan", usagePlanId=plan["id"], patchOperations=self.operations(operations)
        )
        self.assertEqual(plan["name"], self.control("GetUsagePlan", usagePlanId=plan["id"])["name"])


class Plans(UsagePlanTestCase):
    def test_create(self) -> None:
        made = self.plan(
            description="d",
            apiStages=[{"apiId": self.api_id, "stage": "s"}],
            quota={"limit": 10, "period": "DAY"},
            throttle={"rateLimit": 2, "burstLimit": 1},
            tags={"k": "v"},
        )
        made.pop("id")
        self.assertEqual(
            {
                "name": "plan",
                "description": "d",
                "apiStages": [{"apiId": self.api_id, "stage": "s"}],
                "quota": {"limit": 10, "offset": 0, "period": "DAY"},
                "throttle": {"burstLimit": 1, "rateLimit": 2.0},
                "tags": {"k": "v"},
            },
            made,
        )

    def test_tags_are_shown_as_on_aws(self) -> None:
        plan = self.plan()
        self.assertNotIn("tags", plan)
        self.assertEqual({}, self.control("GetUsagePlan", usagePlanId=plan["id"])["tags"])
        self.assertNotIn("tags", self.control("GetUsagePlans")["items"][0])

    def test_stages_must_exist(self) -> None:
        for api_id, stage in ((self.api_id, "x"), ("nope", "s")):
            got = self.refused(
                404, "NotFoundException", None, "CreateUsagePlan", name="p",
                apiStages=[{"apiId": api_id, "stage": stage}],
            )  # fmt: skip
            text = f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan "
            self.assertTrue(got.message.startswith(text), got.message)
        self.assertEqual([], self.control("GetUsagePlans")["items"])

    def test_update_as_recorded(self) -> None:
        plan = self.plan(apiStages=[{"apiId": self.api_id, "stage": "s"}])
        changed = self.patch(
            plan,
            ("replace", "/throttle/burstLimit", "100"),
            ("replace", "/throttle/rateLimit", "200"),
            ("replace", "/quota/limit", "5000"),
            ("replace", "/quota/period", "MONTH"),
        )
        self.assertEqual({"limit": 5000, "offset": 0, "period": "MONTH"}, changed["quota"])
        self.assertEqual({"burstLimit": 100, "rateLimit": 200.0}, changed["throttle"])
        self.assertEqual({}, changed["tags"])
        self.refused(
            404, "NotFoundException", "Invalid Usage Plan ID specified", "UpdateUsagePlan", usagePlanId="none",
            patchOperations=[],
        )  # fmt: skip
        bad = "Invalid API Stage specified"
        self.not_patched(400, "BadRequestException", bad, plan, ("add", "/apiStages"))
        self.not_patched(400, "BadRequestException", bad, plan, ("add", "/apiStages", "fake"))
        for api_id, stage in ((self.api_id + "b", "s"), (self.api_id, "fakestagename")):
            self.not_patched(
                404,
                "NotFoundException",
                f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan {plan['id']}",
                plan,
                ("replace", "/name", "changed"),
                ("add", "/apiStages", f"{api_id}:{stage}"),
            )

    def test_every_other_patch(self) -> None:
        plan = self.plan()
        stage = f"{self.api_id}:s"
        self.assertEqual(
            [{"apiId": self.api_id, "stage": "s"}], self.patch(plan, ("add", "/apiStages", stage))["apiStages"]
        )
        one = f"/apiStages/{stage}/throttle/~1pets~1{{id}}/GET"
        changed = self.patch(plan, ("add", f"{one}/rateLimit", "0.5"), ("replace", f"{one}/burstLimit", "3"))
        self.assertEqual({"/pets/{id}/GET": {"rateLimit": 0.5, "burstLimit": 3}}, changed["apiStages"][0]["throttle"])
        self.assertNotIn("throttle", self.patch(plan, ("remove", one))["apiStages"][0])
        self.patch(plan, ("replace", f"/apiStages/{stage}/throttle//a/b/GET/rateLimit", "2"))  # as Terraform writes it
        changed = self.patch(plan, ("replace", f"/apiStages/{stage}/throttle//GET/burstLimit", "2"))
        self.assertEqual(
            {"/a/b/GET": {"burstLimit": 0, "rateLimit": 2.0}, "//GET": {"burstLimit": 2, "rateLimit": 0.0}},
            changed["apiStages"][0]["throttle"],
        )
        whole = '{"/a/GET": {"rateLimit": 1, "burstLimit": "2"}}'
        for op in ("add", "replace"):
            changed = self.patch(plan, (op, f"/apiStages/{stage}/throttle", whole))
            self.assertEqual({"/a/GET": {"rateLimit": 1.0, "burstLimit": 2}}, changed["apiStages"][0]["throttle"])
        self.assertNotIn("throttle", self.patch(plan, ("remove", f"/apiStages/{stage}/throttle"))["apiStages"][0])
        self.assertEqual("pc", self.patch(plan, ("add", "/productCode", "pc"))["productCode"])
        self.assertNotIn("productCode", self.patch(plan, ("remove", "/productCode")))
        self.assertEqual("d", self.patch(plan, ("replace", "/description", "d"))["description"])
        self.patch(plan, ("add", "/quota/limit", "9"), ("add", "/quota/period", "WEEK"), ("add", "/quota/offset", "1"))
        self.assertNotIn("quota", self.patch(plan, ("remove", "/quota")))
        self.patch(plan, ("add", "/throttle/rateLimit", "1"))
        self.assertNotIn("throttle", self.patch(plan, ("remove", "/throttle")))
        self.assertEqual([], self.patch(plan, ("remove", "/apiStages", stage))["apiStages"])

    def test_bad_patches(self) -> None:
        plan = self.plan(apiStages=[{"apiId": self.api_id, "stage": "s"}])
        for operation in (
            ("replace", "/quota/limit", "x"),
            ("replace", "/quota/limit", "5"),  # no period
            ("replace", "/quota/period", "YEAR"),
            ("replace", "/throttle/rateLimit", "fast"),
            ("replace", "/throttle/burstLimit", "-1"),
            ("replace", "/name", ""),
            ("add", f"/apiStages/{self.api_id}:s/throttle", "[]"),
            ("replace", "/nothing", "x"),
            ("test", "/name", "plan"),
        ):
            self.not_patched(400, "BadRequestException", None, plan, ("replace", "/name", "changed"), operation)
        self.not_patched(404, "NotFoundException", None, plan, ("remove", "/apiStages", f"{self.api_id}:x"))
        self.not_patched(404, "NotFoundException", None, plan, ("add", "/apiStages/a:b/throttle", "{}"))

    def test_a_plan_with_stages_stays(self) -> None:
        plan = self.plan(apiStages=[{"apiId": self.api_id, "stage": "s"}])
        self.refused(
            400,
            "BadRequestException",
            f"Cannot delete Usage Plan {plan['id']} because there are API Stages associated with it, including "
            f"{self.api_id}:s",
            "DeleteUsagePlan",
            usagePlanId=plan["id"],
        )
        self.patch(plan, ("remove", "/apiStages", f"{self.api_id}:s"))
        self.control("DeleteUsagePlan", usagePlanId=plan["id"])
        for operation in ("GetUsagePlan", "DeleteUsagePlan"):
            self.refused(404, "NotFoundException", "Invalid Usage Plan ID specified", operation, usagePlanId=plan["id"])
        self.assertEqual([], self.control("GetUsagePlanKeys", usagePlanId=plan["id"])["items"])

    def test_plans_let_go_of_what_is_deleted(self) -> None:
        stages = [{"apiId": self.api_id, "stage": "s"}]
        plan = self.plan(apiStages=stages)
        self.control("DeleteStage", restApiId=self.api_id, stageName="s")
        self.assertEqual([], self.control("GetUsagePlan", usagePlanId=plan["id"])["apiStages"])
        other = deployed(self.control, "other")
        self.patch(plan, ("add", "/apiStages", f"{other}:s"))
        self.control("DeleteRestApi", restApiId=other)
        self.control("DeleteUsagePlan", usagePlanId=plan["id"])

    def test_a_bad_path_is_told_with_the_good_ones(self) -> None:
        plan = self.plan()
        path = f"/apiStages/{self.api_id}:s"
        self.not_patched(
            400,
            "BadRequestException",
            f"Invalid patch path  '{path}' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, "
            "/productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
            "/apiStages/<apidId:stageName>/throttle]",
            plan,
            ("remove", path),
        )


class Keys(UsagePlanTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.plan_id = self.plan(quota={"limit": 10, "period": "DAY"})["id"]
        self.key = self.control("CreateApiKey", name="n", enabled=True)

    def add(self, plan_id: str, key_id: str) -> Any:
        return self.control("CreateUsagePlanKey", usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")

    def test_a_key_in_a_plan(self) -> None:
        wanted = {"id": self.key["id"], "type": "API_KEY", "value": self.key["value"], "name": "n"}
        self.assertEqual(wanted, self.add(self.plan_id, self.key["id"]))
        where = {"usagePlanId": self.plan_id, "keyId": self.key["id"]}
        self.assertEqual(wanted, self.control("GetUsagePlanKey", **where))
        self.assertEqual([wanted], self.control("GetUsagePlanKeys", usagePlanId=self.plan_id)["items"])
        self.assertEqual([], self.control("GetUsagePlanKeys", usagePlanId=self.plan_id, nameQuery="x")["items"])
        self.assertEqual(1, len(self.control("GetUsagePlans", keyId=self.key["id"])["items"]))
        self.assertEqual([], self.control("GetUsagePlans", keyId="other")["items"])
        self.refused(409, "ConflictException", None, "CreateUsagePlanKey", **where, keyType="API_KEY")
        self.control("DeleteUsagePlanKey", **where)
        for operation in ("GetUsagePlanKey", "DeleteUsagePlanKey", "UpdateUsage"):
            self.refused(404, "NotFoundException", "Invalid API Key identifier specified", operation, **where)

    def test_the_newest_key_comes_first(self) -> None:
        second = self.control("CreateApiKey", name="m")
        for key in (self.key, second):
            self.add(self.plan_id, key["id"])
        wanted = [second["id"], self.key["id"]]
        for items in (
            self.control("GetApiKeys")["items"],
            self.control("GetUsagePlanKeys", usagePlanId=self.plan_id)["items"],
        ):
            self.assertEqual(wanted, [each["id"] for each in items])
        first = self.control("GetApiKeys", limit=1)
        rest = self.control("GetApiKeys", limit=1, position=first["position"])
        self.assertEqual(wanted[1:], [each["id"] for each in rest["items"]])

    def test_refusals(self) -> None:
        for status, code, plan_id, key_id, kind in (
            (404, "NotFoundException", "none", self.key["id"], "API_KEY"),
            (404, "NotFoundException", self.plan_id, "none", "API_KEY"),
            (400, "BadRequestException", self.plan_id, self.key["id"], "TOKEN"),
        ):
            self.refused(status, code, None, "CreateUsagePlanKey", usagePlanId=plan_id, keyId=key_id, keyType=kind)

    def test_one_stage_by_one_plan_only(self) -> None:
        stages = [{"apiId": self.api_id, "stage": "s"}]
        one, two = self.plan(name="1", apiStages=stages)["id"], self.plan(name="2", apiStages=stages)["id"]
        self.add(one, self.key["id"])
        self.refused(
            409, "ConflictException", None, "CreateUsagePlanKey", usagePlanId=two, keyId=self.key["id"],
            keyType="API_KEY",
        )  # fmt: skip

    def test_usage(self) -> None:
        self.add(self.plan_id, self.key["id"])
        region = self.control.store.region("000000000000", "us-east-1")
        plan = region.usage_plans[self.plan_id]
        for _ in range(3):
            usage.spend(region, plan, self.key["id"], "2023-11-14")
        self.assertEqual(
            {
                "usagePlanId": self.plan_id,
                "startDate": "2023-11-13",
                "endDate": "2023-11-14",
                "values": {self.key["id"]: [[0, 10], [3, 7]]},
            },
            self.control("GetUsage", usagePlanId=self.plan_id, startDate="2023-11-13", endDate="2023-11-14"),
        )
        changed = self.control(
            "UpdateUsage",
            usagePlanId=self.plan_id,
            keyId=self.key["id"],
            patchOperations=[{"op": "replace", "path": "/remaining", "value": "100"}],
        )
        self.assertEqual({self.key["id"]: [[3, 100]]}, changed["values"])
        self.assertEqual(100, usage.remaining(region, plan, self.key["id"], "2023-11-14"))

    def test_usage_refusals(self) -> None:
        self.add(self.plan_id, self.key["id"])
        for start, end in (
            ("2023-13-01", "2023-11-14"),
            ("x", "y"),
            ("2023-11-14", "2023-11-13"),
            ("2023-01-01", "2023-12-31"),
        ):
            self.refused(
                400, "BadRequestException", None, "GetUsage", usagePlanId=self.plan_id, startDate=start, endDate=end
            )
        for operation in (
            {"op": "replace", "path": "/remaining", "value": "x"},
            {"op": "replace", "path": "/remaining", "value": "-1"},
            {"op": "add", "path": "/remaining", "value": "1"},
            {"op": "replace", "path": "/used", "value": "1"},
        ):
            self.refused(
                400, "BadRequestException", None, "UpdateUsage", usagePlanId=self.plan_id, keyId=self.key["id"],
                patchOperations=[operation],
            )  # fmt: skip
