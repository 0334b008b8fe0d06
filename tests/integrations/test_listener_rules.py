"""An Application Load Balancer's rules."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.integrations.listener_rules import Asked, actions_for
from emulator.wire import Headers

ASKED = Asked("GET", "API.example", "/a/b", (("v", "2"), ("v", "1")), Headers([("X-Kind", "Blue")]), "10.1.2.3")


class Rules(SynchronousTestCase):
    def meets(self, *conditions: dict[str, Any]) -> bool:
        rules = [{"Priority": "1", "Conditions": list(conditions), "Actions": [{"Type": "forward"}]}]
        return bool(actions_for(rules, ASKED))

    def test_conditions(self) -> None:
        for met, condition in (
            (True, {"Field": "path-pattern", "Values": ["/x", "/a/*"]}),
            (True, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/?/b"]}}),
            (False, {"Field": "path-pattern", "Values": ["/A/*"]}),
            (False, {"Field": "path-pattern", "Values": ["/a.b"]}),
            (True, {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.EXAMPLE"]}}),
            (False, {"Field": "host-header", "Values": ["example"]}),
            (True, {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "PUT"]}}),
            (False, {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}}),
            (True, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-kind", "Values": ["b*"]}}),
            (False, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-kin", "Values": ["*"]}}),
            (True, {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}]}}),
            (True, {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "2"}]}}),
            (False, {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "w", "Value": "*"}]}}),
            (True, {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
            (False, {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.168.0.0/16"]}}),
            (False, {"Field": "phase-of-the-moon", "Values": ["full"]}),
        ):
            self.assertEqual(self.meets(condition), met, condition)

    def test_all_of_them(self) -> None:
        path = {"Field": "path-pattern", "Values": ["/a/*"]}
        self.assertTrue(self.meets(path, {"Field": "host-header", "Values": ["api.*"]}))
        self.assertFalse(self.meets(path, {"Field": "host-header", "Values": ["www.*"]}))

    def test_by_priority_as_a_number(self) -> None:
        rules: list[dict[str, Any]] = [
            {"Priority": "default", "Conditions": [], "Actions": ["default"]},
            {"Priority": "10", "Conditions": [], "Actions": ["ten"]},
            {"Priority": "9", "Conditions": [], "Actions": ["nine"]},
        ]
        self.assertEqual(actions_for(rules, ASKED), ["nine"])
        self.assertEqual(actions_for([], ASKED), ())

    def test_many_stars_are_one(self) -> None:
        self.assertFalse(self.meets({"Field": "path-pattern", "Values": ["*" * 100 + "x"]}))
