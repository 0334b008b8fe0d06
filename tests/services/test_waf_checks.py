"""What WAFv2 refuses of web ACLs, rule groups and sets. Reasons, fields and parameters as users saw them on AWS."""

from __future__ import annotations

from typing import Any

from tests.services.test_patches import ACCOUNT, REGION, Mended

SEEN = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
PLAIN = [{"Priority": 0, "Type": "NONE"}]
GEO = {"GeoMatchStatement": {"CountryCodes": ["DE"]}}


class Refused(Mended):
    def ask_waf(self, operation: str, **body: Any) -> Any:
        return self.json("wafv2", f"AWSWAF_20190729.{operation}", Name="n", Scope="REGIONAL", **body)

    def web_acl(self, *rules: dict[str, Any], **more: Any) -> Any:
        return self.ask_waf(
            "CreateWebACL", **{"DefaultAction": {"Allow": {}}, "VisibilityConfig": SEEN, "Rules": rules, **more}
        )

    def rule(self, statement: dict[str, Any], **more: Any) -> dict[str, Any]:
        made = {"Name": "r", "Priority": 0, "Statement": statement, "VisibilityConfig": SEEN}
        return {**made, "Action": {"Block": {}}, **more}

    def wrong(self, answer: Any, field: str, parameter: str) -> str:
        self.assertEqual(
            (answer["__type"], answer["Field"], answer["Parameter"]),
            ("WAFInvalidParameterException", field, parameter),
        )
        self.assertEqual(answer["message"], f"Error reason: {answer['Reason']}, field: {field}, parameter: {parameter}")
        return str(answer["Reason"])

    def test_exactly_one(self) -> None:
        text = "You have used none or multiple values for a field that requires exactly one value."
        field = {"FieldToMatch": {"QueryString": {}, "Method": {}}, "TextTransformations": PLAIN}
        managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "g"}}
        for answer, named, parameter in (
            (self.web_acl(DefaultAction={}), "DEFAULT_ACTION", "DefaultAction"),
            (self.web_acl(self.rule({})), "STATEMENT", "Statement"),
            (self.web_acl(self.rule({**GEO, "NotStatement": {"Statement": GEO}})), "STATEMENT", "Statement"),
            (self.web_acl(self.rule({"NotStatement": {"Statement": {}}})), "STATEMENT", "Statement"),
            (self.web_acl(self.rule(GEO, Action={"Block": {}, "Allow": {}})), "RULE_ACTION", "RuleAction"),
            (self.web_acl(self.rule(GEO, Action=None)), "RULE", "Rule"),
            (self.web_acl(self.rule(managed)), "RULE", "Rule"),
            (self.web_acl(self.rule({"XssMatchStatement": field})), "FIELD_TO_MATCH", "FieldToMatch"),
        ):
            self.assertEqual(self.wrong(answer, named, parameter), text)
        managed_rule = self.rule(managed, Action=None, OverrideAction={"None": {}})
        self.assertIn("Summary", self.web_acl(self.rule(GEO), managed_rule))

    def test_one_statement_is_not_joined(self) -> None:
        answer = self.web_acl(self.rule({"OrStatement": {"Statements": [GEO]}}))
        self.assertIn("OR statement with only one", self.wrong(answer, "OR_STATEMENT", "OrStatement"))
        self.assertIn("Summary", self.web_acl(self.rule({"OrStatement": {"Statements": [GEO, GEO]}})))

    def test_addresses(self) -> None:
        for address in ("192.0.2.1", "0.0.0.0/0", "195.178.188.66/29", "2001:db8::/32", "x/8"):
            answer = self.ask_waf("CreateIPSet", IPAddressVersion="IPV4", Addresses=[address])
            self.assertEqual(
                self.wrong(answer, "IP_ADDRESS", address), "The parameter contains formatting that is not valid."
            )
        made = self.ask_waf("CreateIPSet", IPAddressVersion="IPV4", Addresses=["192.0.2.1/32", "195.178.188.64/29"])
        self.assertIn("Summary", made)

    def test_expressions(self) -> None:
        for expression, kept in (("(", False), ("(*UTF8)^a++$", True)):
            made = self.ask_waf("CreateRegexPatternSet", RegularExpressionList=[{"RegexString": expression}])
            self.assertEqual("Summary" in made, kept)

    def test_names_are_used_once(self) -> None:
        for _ in range(2):
            answers = [self.web_acl(), self.ask_waf("CreateIPSet", IPAddressVersion="IPV4", Addresses=[])]
        self.assertEqual([answer["__type"] for answer in answers], ["WAFDuplicateItemException"] * 2)

    def test_what_is_referred_to(self) -> None:
        def referring(arn: str) -> Any:
            return self.web_acl(self.rule({"IPSetReferenceStatement": {"ARN": arn}}))

        made = self.ask_waf("CreateIPSet", IPAddressVersion="IPV4", Addresses=[])["Summary"]["ARN"]
        self.assertIn("Summary", referring(made))
        absent = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/ipset/absent/1"
        self.assertEqual(referring(absent)["__type"], "WAFNonexistentItemException")
        self.wrong(referring("ipset/of/nobody/at/all"), "RESOURCE_ARN", "ipset/of/nobody/at/all")

    def test_a_set_in_use_stays(self) -> None:
        made = self.ask_waf("CreateIPSet", IPAddressVersion="IPV4", Addresses=[])["Summary"]
        statement = {"IPSetReferenceStatement": {"ARN": made["ARN"]}}
        acl = self.web_acl(self.rule({"NotStatement": {"Statement": statement}}))
        named = {"Id": made["Id"], "LockToken": made["LockToken"]}
        self.assertEqual(self.ask_waf("DeleteIPSet", **named)["__type"], "WAFAssociatedItemException")
        self.ask_waf("DeleteWebACL", Id=acl["Summary"]["Id"], LockToken=acl["Summary"]["LockToken"])
        self.assertNotIn("__type", self.ask_waf("DeleteIPSet", **named))

    def test_the_model_comes_first(self) -> None:
        self.assertIn("'defaultAction' failed to satisfy", self.web_acl(DefaultAction=None)["message"])
        self.assertEqual(self.web_acl(Rules={})["__type"], "SerializationException")
        # What the model does not have is lost.
        made = self.web_acl(self.rule({**GEO, "NoSuchStatement": {}}))["Summary"]
        shown = self.ask_waf("GetWebACL", Id=made["Id"])["WebACL"]
        self.assertEqual(shown["Rules"][0]["Statement"], GEO)
