"""Policy documents against the golden table (tests/cases/policy.json) and hostile ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from emulator.authorizers import policy_outcome
from emulator.authorizers.policy import (
    Caller,
    Decision,
    MalformedPolicy,
    PolicyRequest,
    compile_policy,
    decide,
    known_principals,
)
from emulator.authorizers.policy_patterns import arn_pattern, glob, tokenise

CASES = Path(__file__).parent.parent / "cases"
API = "arn:aws:execute-api:us-east-1:111122223333:abc123"


def _caller(given_caller: dict[str, Any] | None) -> Caller | None:
    if given_caller is None:
        return None
    return Caller(**{**given_caller, "names": frozenset(given_caller["names"])})


def _request(described: dict[str, Any]) -> PolicyRequest:
    context = {key: tuple(value) if isinstance(value, list) else value for key, value in described["context"].items()}
    return PolicyRequest(described["action"], described["resource"], context, _caller(described["caller"]))


class GoldenPolicies(SynchronousTestCase):
    def test_every_case(self) -> None:
        cases = json.loads((CASES / "policy.json").read_text())
        self.assertGreaterEqual(len(cases), 150)
        wrong = []
        for case in cases:
            try:
                policy = compile_policy(case["document"], case["kind"], api_arn=API)
            except MalformedPolicy:
                answer = "Malformed"
            else:
                answer = policy.evaluate(_request(case["request"])).value
            if answer != case["expect"]:
                wrong.append(f"{case['name']}: {answer}, not {case['expect']}")
        self.assertEqual(wrong, [])

    def test_outcome_tables(self) -> None:
        rows = json.loads((CASES / "policy_outcomes.json").read_text())
        wrong = []
        for row in rows:
            resource = Decision(row["resource"])
            if row["rule"] == "policy_alone":
                answer = policy_outcome.policy_alone(resource)
            else:
                answer = getattr(policy_outcome, row["rule"])(Decision(row["identity"]), resource)
            if answer.value != row["expect"]:
                wrong.append(f"{row}: {answer}")
        self.assertEqual(wrong, [])


class Limits(SynchronousTestCase):
    """Boundaries and session policies limit, they do not grant."""

    request = PolicyRequest("execute-api:Invoke", f"{API}/prod/GET/pets", {})
    allow = compile_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    other = compile_policy({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    deny = compile_policy({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})

    def _decision(self, **policies: Any) -> Decision:
        return policy_outcome.IdentityPolicies(**policies).evaluate(self.request)

    def test_limits(self) -> None:
        self.assertIs(self._decision(attached=(self.allow,)), Decision.ALLOW)
        self.assertIs(self._decision(attached=(self.allow,), boundary=self.other), Decision.NEITHER)
        self.assertIs(self._decision(attached=(self.other,), boundary=self.allow), Decision.NEITHER)
        self.assertIs(self._decision(attached=(self.allow,), session=(self.other,)), Decision.NEITHER)
        self.assertIs(self._decision(attached=(self.allow,), session=(self.allow,)), Decision.ALLOW)
        self.assertIs(self._decision(attached=(self.allow,), boundary=self.deny), Decision.DENY)

    def test_decide(self) -> None:
        self.assertIs(decide((), self.request), Decision.NEITHER)
        self.assertIs(decide((self.allow, self.other, self.deny), self.request), Decision.DENY)
        self.assertIs(decide((self.other, self.allow), self.request), Decision.ALLOW)


class Hostile(SynchronousTestCase):
    """What costs others a minute must not cost us more than one pass over the text."""

    def test_catastrophic_wildcards(self) -> None:
        text = f"{API}/prod/GET/" + "a" * 8000
        for tail in ("*a" * 2000 + "b", "*a?" * 2000 + "b", "?*" * 1000 + "b", "*" * 5000 + "b"):
            matches = arn_pattern(f"{API}/prod/GET/{tail}", variables=True)
            self.assertFalse(matches(text, {}))
            self.assertTrue(arn_pattern(f"{API}/prod/GET/{tail}", variables=True)(text + "b", {}))

    def test_a_thousand_statements(self) -> None:
        statements = [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{API}/prod/GET/pets/{number}"}
            for number in range(1000)
        ]
        policy = compile_policy({"Version": "2012-10-17", "Statement": statements})
        for number, expected in ((999, Decision.ALLOW), (1000, Decision.NEITHER)):
            asked = PolicyRequest("execute-api:Invoke", f"{API}/prod/GET/pets/{number}", {})
            self.assertIs(policy.evaluate(asked), expected)

    def test_many_actions_are_not_remembered(self) -> None:
        policy = compile_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
        for number in range(1000):
            policy.evaluate(PolicyRequest(f"x:{number}", "arn:aws:s3:::b", {}))
        self.assertLessEqual(len(policy._by_action), 64)

    @given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
    def test_globs_agree_with_the_plain_definition(self, pattern: str, text: str) -> None:
        expected = _slowly(pattern, text)
        self.assertIs(glob(tokenise(pattern, variables=False))(text), expected)


_TEXTS = st.sampled_from(
    [
        "Allow",
        "Deny",
        "*",
        "execute-api:Invoke",
        "execute-api:/*",
        "${aws:username}",
        "${",
        "",
        "2012-10-17",
        "9" * 5000,
    ]
)
_KEYS = st.sampled_from(
    ["Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "AWS"]
    + ["IpAddress", "DateEquals", "NumericLessThan", "ForAllValues:StringLike", "Null", "BoolIfExists", "BinaryEquals"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | _TEXTS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_STATEMENT = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": _JSON, "Resource": _JSON},
    optional={"Principal": _JSON, "Condition": st.dictionaries(_KEYS, _JSON, max_size=3)},
)


class Fuzz(SynchronousTestCase):
    """Whatever a document is: it compiles and answers, or it is malformed."""

    @settings(max_examples=300, deadline=None)
    @given(_JSON | st.fixed_dictionaries({"Version": _TEXTS, "Statement": _JSON | st.lists(_STATEMENT, max_size=2)}))
    def test_documents(self, document: object) -> None:
        for kind in ("identity", "resource"):
            try:
                policy = compile_policy(document, kind, api_arn=API)
            except MalformedPolicy:
                continue
            context = {"a": "1", "aws": ("x", "2"), "condition": "203.0.113.1", "aws:username": "*"}
            for caller in (None, Caller("111122223333", frozenset({"x"}))):
                policy.evaluate(PolicyRequest("execute-api:Invoke", f"{API}/prod/GET/", context, caller))


def _slowly(pattern: str, text: str) -> bool:
    """The definition of a glob, by recursion."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _slowly(pattern[1:], text) or (bool(text) and _slowly(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and _slowly(pattern[1:], text[1:])


class Principals(SynchronousTestCase):
    def test_who_can_be_somebody(self) -> None:
        account = "arn:aws:iam::111122223333"
        for name in (
            *("*", "111122223333", f"{account}:root", f"{account}:user/path/bob", f"{account}:role/service-role/r"),
            *("AIDACKCEVSQ6C2EXAMPLE", "arn:aws-cn:sts::111122223333:assumed-role/r/session"),
            "arn:aws:sts::111122223333:federated-user/bob",
        ):
            self.assertTrue(known_principals({"Principal": {"AWS": [name, "*"]}}), name)
        for named in ({"Service": "x.amazonaws.com"}, {"Federated": "cognito-identity.amazonaws.com"}, "*"):
            self.assertTrue(known_principals({"NotPrincipal": named}), named)
        for name in ("", "bob", "1234", f"{account}:user/*", f"{account}:group/g", "arn:aws:s3:::bucket"):
            self.assertFalse(known_principals({"Principal": {"AWS": name}}), name)
        self.assertFalse(known_principals({"Principal": f"{account}:root"}))
