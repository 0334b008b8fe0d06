"""The firewall: a golden table of statements (tests/cases/waf.json), and web ACLs through the pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api.waf.rates import MAX_KEYS, Rates
from emulator.execute_api.waf.seen import Seen
from emulator.execute_api.waf.statements import Scope, compile_statement
from emulator.execute_api.waf.transformations import TRANSFORMATIONS, compile_transformations
from emulator.settings import Settings
from emulator.wire import Headers
from tests.execute_api.world import World, mock_method

CASES = Path(__file__).parent.parent / "cases" / "waf.json"
PREFIX = "arn:aws:wafv2:us-east-1:000000000000:regional/"
ACL = PREFIX + "webacl/acl/1"
URI = {"UriPath": {}}
NONE = [{"Priority": 0, "Type": "NONE"}]


class Directory:
    """A double of wafv2: records by ARN, each change under a new lock token."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, int] = {}
        self.reads = 0

    def put(self, arn: str, record: dict[str, Any]) -> None:
        self.records[arn] = {**record, "ARN": arn}
        self.tokens[arn] = self.tokens.get(arn, 0) + 1

    def lock_token(self, arn: str) -> str | None:
        return str(self.tokens[arn]) if arn in self.tokens else None

    def record(self, arn: str) -> dict[str, Any] | None:
        self.reads += 1
        return self.records.get(arn)


def contains(text: str, **more: Any) -> dict[str, Any]:
    import base64

    return {
        "ByteMatchStatement": {
            "SearchString": base64.b64encode(text.encode()).decode(),
            "FieldToMatch": URI,
            "TextTransformations": NONE,
            "PositionalConstraint": "CONTAINS",
            **more,
        }
    }


def rule(name: str, statement: dict[str, Any], action: Any = "Block", priority: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "Action": {action: {}} if isinstance(action, str) else action,
        **more,
    }


class Golden(SynchronousTestCase):
    def test_statements(self) -> None:
        cases = json.loads(CASES.read_text())
        self.assertGreaterEqual(len(cases["statements"]), 60)
        directory = Directory()
        for arn, record in cases["objects"].items():
            directory.put(arn, record)
        wrong = []
        for case in cases["statements"]:
            scope = Scope(
                directory=directory, namespace="awswaf:000000000000:webacl:acl:", rates=lambda _: Rates(), body_limit=64
            )
            asked = case["request"]
            seen = Seen(
                method=asked.get("method", "GET"),
                path=asked.get("path", "/prod/pets").encode(),
                query=asked.get("query", "").encode(),
                headers=Headers([(name, value) for name, value in asked.get("headers", [])]),
                body=asked.get("body", "").encode(),
                source_ip=asked.get("ip", "192.0.2.1"),
                country=asked.get("country"),
                now=0.0,
                labels=set(asked.get("labels", [])),
            )
            answer = compile_statement(case["statement"], scope)(seen)
            if answer is not case["expect"]:
                wrong.append(f"{case['name']}: {answer}")
        self.assertEqual(wrong, [])

    def test_transformations(self) -> None:
        cases = json.loads(CASES.read_text())["transformations"]
        self.assertEqual({case["type"] for case in cases}, set(TRANSFORMATIONS))
        wrong = []
        for case in cases:
            transform = compile_transformations([{"Priority": 0, "Type": case["type"]}])
            answer = transform(case["text"].encode("latin-1")).decode("latin-1")
            if answer != case["expect"]:
                wrong.append(f"{case['type']}: {answer!r}, not {case['expect']!r}")
        self.assertEqual(wrong, [])

    def test_transformations_in_order(self) -> None:
        listed = [{"Priority": 2, "Type": "LOWERCASE"}, {"Priority": 1, "Type": "BASE64_DECODE"}]
        self.assertEqual(compile_transformations(listed)(b"QUJD"), b"abc")
        self.assertRaises(ValueError, compile_transformations, [{"Priority": 0, "Type": "ROT13"}])

    def test_unknown_statements(self) -> None:
        scope = Scope(directory=Directory(), namespace="", rates=lambda _: Rates(), body_limit=64)
        self.assertRaises(ValueError, compile_statement, {"MoonPhaseStatement": {}}, scope)
        self.assertRaises(ValueError, compile_statement, contains("x", FieldToMatch={"Mood": {}}), scope)
        broken = {"RegexMatchStatement": {"RegexString": "(", "FieldToMatch": URI, "TextTransformations": NONE}}
        self.assertRaises(ValueError, compile_statement, broken, scope)


class WafCase(SynchronousTestCase):
    def world(self, *rules: dict[str, Any], default: str = "Allow", **acl: Any) -> World:
        template = (
            '{"code": "$context.wafResponseCode", "arn": "$context.webaclArn",'
            ' "added": "$input.params(\'x-amzn-waf-note\')"}'
        )
        method = mock_method(200, template)
        world = World(
            {"/{proxy+}": {"ANY": method}},
            stage={"webAclArn": ACL},
            settings=Settings(trusted_proxies=("127.0.0.1",)),
        )
        self.directory = Directory()
        world.gateway.waf_directory = self.directory
        self.put(*rules, default=default, **acl)
        return world

    def put(self, *rules: dict[str, Any], default: str = "Allow", **acl: Any) -> None:
        record = {
            "Name": "acl",
            "Rules": list(rules),
            "DefaultAction": {default: {}},
            "LabelNamespace": "awswaf:000000000000:webacl:acl:",
            **acl,
        }
        self.directory.put(ACL, record)

    def status(self, world: World, path: str = "/pets", headers: dict[str, str] | None = None, **more: Any) -> int:
        return world.send("GET", path, headers or {}, **more).status


class Actions(WafCase):
    def test_allowed_and_shown(self) -> None:
        seen: list[Any] = []

        class Observer:
            def finished(self, invocation: Any, gateway: Any) -> None:
                seen.append(invocation.waf)

        world = self.world()
        world.gateway.observers.append(Observer())
        response = world.send("GET", "/pets")
        self.assertEqual(json.loads(response.body), {"code": "WAF_ALLOW", "arn": ACL, "added": ""})

        self.assertEqual(seen, [{"status": 200, "latency": 0, "webAclArn": ACL, "wafResponseCode": "WAF_ALLOW"}])

    def test_blocked(self) -> None:
        response = self.world(rule("evil", contains("evil"))).send("GET", "/evil")
        self.assertEqual((response.status, json.loads(response.body)), (403, {"message": "Forbidden"}))
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), "ForbiddenException")

    def test_what_is_not_there_is_looked_at_too(self) -> None:
        world = self.world(rule("scans", contains("/wp-")))
        response = world.send("TRACE", "/wp-login.php")
        self.assertEqual((response.status, json.loads(response.body)), (403, {"message": "Forbidden"}))
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), "ForbiddenException")
        response = world.send("TRACE", "/nothing")
        self.assertEqual(json.loads(response.body), {"message": "Missing Authentication Token"})

    def test_default_block(self) -> None:
        world = self.world(rule("good", contains("good"), "Allow"), default="Block")
        self.assertEqual(self.status(world, "/good"), 200)
        self.assertEqual(self.status(world, "/pets"), 403)

    def test_priority(self) -> None:
        world = self.world(
            rule("block", contains("pets"), "Block", priority=2), rule("allow", contains("pets"), "Allow", priority=1)
        )
        self.assertEqual(self.status(world), 200)
        self.put(rule("block", contains("pets"), "Block", 0), rule("allow", contains("pets"), "Allow", 1))
        self.assertEqual(self.status(world), 403)

    def test_count_goes_on(self) -> None:
        counting = {"Count": {"CustomRequestHandling": {"InsertHeaders": [{"Name": "note", "Value": "seen"}]}}}
        world = self.world(
            rule("count", contains("pets"), counting, 0),
            rule("block", contains("evil"), "Block", 1),
        )
        response = world.send("GET", "/pets", {"x-amzn-waf-note": "forged"})
        self.assertEqual(json.loads(response.body)["added"], "seen")
        self.assertEqual(self.status(world, "/pets/evil"), 403)

    def test_custom_response(self) -> None:
        custom = {
            "Block": {
                "CustomResponse": {
                    "ResponseCode": 418,
                    "CustomResponseBodyKey": "tea",
                    "ResponseHeaders": [{"Name": "X-Tea", "Value": "black"}],
                }
            }
        }
        world = self.world(
            rule("evil", contains("evil"), custom),
            CustomResponseBodies={"tea": {"ContentType": "TEXT_PLAIN", "Content": "short and stout"}},
        )
        response = world.send("GET", "/evil")
        self.assertEqual((response.status, response.body), (418, b"short and stout"))
        self.assertEqual(response.headers.last("X-Tea"), "black")
        self.assertEqual(response.headers.last("Content-Type"), "text/plain")

    def test_puzzles(self) -> None:
        world = self.world(
            rule("captcha", contains("captcha"), "Captcha", 0), rule("challenge", contains("challenge"), "Challenge", 1)
        )
        response = world.send("GET", "/captcha")
        self.assertEqual((response.status, response.headers.last("x-amzn-waf-action")), (405, "captcha"))
        response = world.send("GET", "/challenge")
        self.assertEqual((response.status, response.headers.last("x-amzn-waf-action")), (202, "challenge"))

    def test_nothing_later_runs(self) -> None:
        world = self.world(rule("all", contains("/")))
        world.api.record["policy"] = "{"
        world.deploy("dep2")
        world.stage["deploymentId"] = "dep2"
        self.assertEqual(self.status(world), 403)

    def test_no_web_acl(self) -> None:
        world = self.world(rule("all", contains("/")))
        del world.stage["webAclArn"]
        self.assertEqual(self.status(world), 200)

    def test_a_web_acl_that_is_not_understood_lets_nobody_through(self) -> None:
        world = self.world(rule("odd", {"MoonPhaseStatement": {}}))
        self.assertEqual(self.status(world), 500)

    def test_compiled_once_per_lock_token(self) -> None:
        world = self.world(rule("evil", contains("evil")))
        for _ in range(5):
            self.status(world)
        self.assertEqual(self.directory.reads, 1)
        self.put(rule("pets", contains("pets")))
        self.assertEqual(self.status(world), 403)
        self.assertEqual(self.directory.reads, 2)


class Labels(WafCase):
    def test_labels_of_earlier_rules(self) -> None:
        key = {"LabelMatchStatement": {"Scope": "LABEL", "Key": "suspect"}}
        world = self.world(
            rule("mark", contains("evil"), "Count", 0, RuleLabels=[{"Name": "suspect"}]),
            rule("act", {"AndStatement": {"Statements": [key, contains("really")]}}, "Block", 1),
        )
        self.assertEqual(self.status(world, "/evil"), 200)
        self.assertEqual(self.status(world, "/really"), 200)
        self.assertEqual(self.status(world, "/really/evil"), 403)

    def test_by_full_name_and_namespace(self) -> None:
        for scope, key, status in (
            ("LABEL", "awswaf:000000000000:webacl:acl:a:b", 403),
            ("LABEL", "a:b", 403),
            ("LABEL", "a", 200),
            ("NAMESPACE", "a:", 403),
            ("NAMESPACE", "b:", 200),
        ):
            world = self.world(
                rule("mark", contains("evil"), "Count", 0, RuleLabels=[{"Name": "a:b"}]),
                rule("act", {"LabelMatchStatement": {"Scope": scope, "Key": key}}, "Block", 1),
            )
            self.assertEqual(self.status(world, "/evil"), status, (scope, key))


class RuleGroups(WafCase):
    arn = PREFIX + "rulegroup/group/1"

    def group(self, override: dict[str, Any] | None = None, **reference: Any) -> World:
        outer = {
            "Name": "group",
            "Priority": 0,
            "Statement": {"RuleGroupReferenceStatement": {"ARN": self.arn, **reference}},
            "OverrideAction": override or {"None": {}},
        }
        key = "awswaf:000000000000:rulegroup:group:marked"
        labelled = rule("after", {"LabelMatchStatement": {"Scope": "LABEL", "Key": key}}, "Captcha", 1)
        world = self.world(outer, labelled)
        self.directory.put(
            self.arn,
            {
                "Name": "group",
                "LabelNamespace": "awswaf:000000000000:rulegroup:group:",
                "Rules": [
                    rule("mark", contains("mark"), "Count", 0, RuleLabels=[{"Name": "marked"}]),
                    rule("evil", contains("evil"), "Block", 1),
                ],
            },
        )
        return world

    def test_its_rules_act(self) -> None:
        world = self.group()
        self.assertEqual(self.status(world, "/evil"), 403)
        self.assertEqual(self.status(world, "/pets"), 200)
        self.assertEqual(self.status(world, "/mark"), 405)

    def test_overrides(self) -> None:
        self.assertEqual(self.status(self.group({"Count": {}}), "/evil"), 200)
        self.assertEqual(self.status(self.group(ExcludedRules=[{"Name": "evil"}]), "/evil"), 200)
        overrides = [{"Name": "evil", "ActionToUse": {"Challenge": {}}}]
        self.assertEqual(self.status(self.group(RuleActionOverrides=overrides), "/evil"), 202)

    def test_a_change_of_the_group_acts(self) -> None:
        world = self.group()
        self.assertEqual(self.status(world, "/pets"), 200)
        self.directory.put(self.arn, {"Rules": [rule("pets", contains("pets"))]})
        self.assertEqual(self.status(world, "/pets"), 403)

    def test_managed_groups_are_named_not_evaluated(self) -> None:
        managed = {
            "Name": "managed",
            "Priority": 0,
            "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}},
            "OverrideAction": {"None": {}},
        }
        world = self.world(managed, rule("evil", contains("evil"), "Block", 1))
        self.assertEqual(self.status(world), 200)
        self.assertEqual(self.status(world, "/evil"), 403)
        (_, compiled) = world.gateway.memo["web ACLs"]._compiled[ACL]
        self.assertEqual(
            compiled.not_evaluated, ("The managed rule group AWS:AWSManagedRulesCommonRuleSet is not evaluated",)
        )


class RateBased(WafCase):
    def limited(self, limit: int = 10, **more: Any) -> World:
        statement = {"Limit": limit, "AggregateKeyType": "IP", "EvaluationWindowSec": 60, **more}
        return self.world(rule("rate", {"RateBasedStatement": statement}))

    def test_by_address(self) -> None:
        world = self.limited()
        for address in ("192.0.2.1", "192.0.2.2"):
            statuses = [self.status(world, source_ip=address) for _ in range(12)]
            self.assertEqual(statuses, [200] * 10 + [403] * 2)
        world.clock.advance(61)
        self.assertEqual(self.status(world, source_ip="192.0.2.1"), 200)

    def test_the_window_slides(self) -> None:
        world = self.limited()
        for _ in range(20):
            self.assertEqual(self.status(world), 200)
            world.clock.advance(6.1)
        self.assertEqual([self.status(world) for _ in range(2)], [200, 403])

    def test_scope_down(self) -> None:
        world = self.limited(1, ScopeDownStatement=contains("login"))
        self.assertEqual([self.status(world) for _ in range(3)], [200] * 3)
        self.assertEqual([self.status(world, "/login") for _ in range(3)], [200, 403, 403])
        self.assertEqual(self.status(world), 200)

    def test_other_keys(self) -> None:
        for keys, same, other in (
            ({"AggregateKeyType": "CONSTANT"}, {"a": "1"}, None),
            (
                {
                    "AggregateKeyType": "CUSTOM_KEYS",
                    "CustomKeys": [{"Header": {"Name": "a", "TextTransformations": NONE}}, {"HTTPMethod": {}}],
                },
                {"a": "1"},
                {"a": "2"},
            ),
            (
                {
                    "AggregateKeyType": "FORWARDED_IP",
                    "ForwardedIPConfig": {"HeaderName": "X-Real", "FallbackBehavior": "NO_MATCH"},
                },
                {"X-Real": "192.0.2.9"},
                {"X-Real": "192.0.2.8"},
            ),
            (
                {
                    "AggregateKeyType": "CUSTOM_KEYS",
                    "CustomKeys": [{"Cookie": {"Name": "s", "TextTransformations": NONE}}],
                },
                {"Cookie": "x=1; s=1"},
                {"Cookie": "s=2"},
            ),
        ):
            world = self.limited(1, **keys)
            self.assertEqual([self.status(world, headers=same) for _ in range(2)], [200, 403], keys)
            if other is not None:
                self.assertEqual(self.status(world, headers=other), 200)
                self.assertEqual([self.status(world) for _ in range(3)], [200] * 3)

    def test_counters_outlive_a_change_of_the_web_acl(self) -> None:
        world = self.limited(1)
        self.status(world)
        statement = {"Limit": 1, "AggregateKeyType": "IP", "EvaluationWindowSec": 60}
        self.put(rule("rate", {"RateBasedStatement": statement}), rule("more", contains("x"), priority=1))
        self.assertEqual(self.status(world), 403)

    def test_keys_are_bounded(self) -> None:
        rates = Rates()
        for number in range(MAX_KEYS + 100):
            rates.count(number, 0.0, 60.0)
        self.assertEqual(len(rates._counts), MAX_KEYS)


class Sources(WafCase):
    def test_ip_set_behind_a_trusted_proxy(self) -> None:
        arn = PREFIX + "ipset/bad/1"
        world = self.world(rule("bad", {"IPSetReferenceStatement": {"ARN": arn}}))
        self.directory.put(arn, {"Addresses": ["203.0.113.0/24"]})
        self.assertEqual(self.status(world, headers={"X-Forwarded-For": "203.0.113.7"}), 403)
        self.assertEqual(self.status(world, headers={"X-Forwarded-For": "203.0.113.7"}, source_ip="10.0.0.1"), 200)
        self.directory.put(arn, {"Addresses": []})
        self.assertEqual(self.status(world, headers={"X-Forwarded-For": "203.0.113.7"}), 200)

    def test_geo_by_header(self) -> None:
        world = self.world(rule("geo", {"GeoMatchStatement": {"CountryCodes": ["DE", "FR"]}}))
        for country, status in (("DE", 403), ("de", 403), ("US", 200), ("", 200)):
            headers = {"CloudFront-Viewer-Country": country}
            self.assertEqual(self.status(world, headers=headers), status, country)

    def test_hostile_regexes_and_bodies(self) -> None:
        expression = {"RegexString": "(x+x+)+y", "FieldToMatch": {"Body": {}}, "TextTransformations": NONE}
        deep = {
            "RegexString": "z",
            "FieldToMatch": {"JsonBody": {"MatchPattern": {"All": {}}, "MatchScope": "ALL"}},
            "TextTransformations": NONE,
        }
        world = self.world(
            rule("slow", {"RegexMatchStatement": expression}), rule("deep", {"RegexMatchStatement": deep})
        )
        self.assertEqual(world.send("POST", "/pets", {}, b"x" * 5000).status, 200)
        self.assertEqual(world.send("POST", "/pets", {}, b"[" * 9000).status, 200)
        self.assertEqual(world.send("POST", "/pets", {}, b'{"a": [' * 900).status, 200)
