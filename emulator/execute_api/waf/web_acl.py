"""A web ACL: rules in the order of their priorities, and what becomes of a request.

Belongs here: rules, rule groups, actions and overrides, labels, custom responses. Never here: statements, or the
pipeline. AWS pages: "How AWS WAF handles rule and rule group actions", "Customized web requests and responses".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import Factory, evolve, frozen

from emulator.execute_api.waf.rates import Rates
from emulator.execute_api.waf.seen import Seen
from emulator.execute_api.waf.statements import Predicate, Record, Referenced, Scope, WafDirectory, compile_statement

BODY_LIMIT = 16 * 1024
_CONTENT_TYPES = {"TEXT_PLAIN": "text/plain", "TEXT_HTML": "text/html", "APPLICATION_JSON": "application/json"}


@frozen(kw_only=True)
class Custom:
    """A custom response: None where the rule leaves it to AWS."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    body: bytes = b""


@frozen(kw_only=True)
class Action:
    """``name`` is Allow, Block, Count, Captcha or Challenge; ``inserted`` are headers for the integration."""

    name: str
    custom: Custom | None = None
    inserted: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class Verdict:
    """What the web ACL made of a request; ``rule`` is empty when no rule ended it."""

    action: Action
    rule: str = ""
    inserted: tuple[tuple[str, str], ...] = Factory(tuple)


@frozen(eq=False)
class _Rule:
    """One rule: exactly one of ``matches`` (with ``action``) and ``group`` is there."""

    name: str
    labels: tuple[str, ...]
    matches: Predicate | None
    action: Action
    group: Callable[[], _Group | None] | None = None
    counts_only: bool = False
    overrides: Mapping[str, Action] = Factory(dict)


@frozen(eq=False)
class _Group:
    rules: tuple[_Rule, ...]


@frozen(eq=False)
class WebAcl:
    """A compiled web ACL. ``not_evaluated`` names what in it the emulator cannot evaluate."""

    arn: str
    rules: tuple[_Rule, ...]
    default: Action
    not_evaluated: tuple[str, ...]

    def evaluate(self, seen: Seen) -> Verdict:
        """The first terminating action, else the default one; counting rules leave their labels and headers."""
        inserted: list[tuple[str, str]] = []
        for rule in self.rules:
            found = _apply(rule, seen, inserted)
            if found is not None:
                return Verdict(action=found[0], rule=found[1], inserted=(*inserted, *found[0].inserted))
        return Verdict(action=self.default, inserted=(*inserted, *self.default.inserted))


def _apply(rule: _Rule, seen: Seen, inserted: list[tuple[str, str]]) -> tuple[Action, str] | None:
    if rule.group is not None:
        group = rule.group()
        return None if group is None else _apply_group(rule, group, seen, inserted)
    if rule.matches is None or not rule.matches(seen):
        return None
    seen.labels.update(rule.labels)
    if rule.action.name == "Count":
        inserted.extend(rule.action.inserted)
        return None
    return rule.action, rule.name


def _apply_group(outer: _Rule, group: _Group, seen: Seen, inserted: list[tuple[str, str]]) -> tuple[Action, str] | None:
    for rule in group.rules:
        override = outer.overrides.get(rule.name)
        found = _apply(rule if override is None else evolve(rule, action=override), seen, inserted)
        if found is not None:
            if outer.counts_only:
                return None
            return found[0], f"{outer.name}/{found[1]}"
    return None


# Compiling ---------------------------------------------------------------------------------


def compile_web_acl(record: Record, directory: WafDirectory, rates: Callable[[str], Rates]) -> WebAcl:
    """From a WebACL as wafv2 shows it. Raises ValueError for what is not understood: better no API than an open one."""
    scope = Scope(
        directory=directory,
        namespace=record.get("LabelNamespace") or "awswaf::",
        rates=rates,
        body_limit=_body_limit(record),
    )
    bodies = record.get("CustomResponseBodies") or {}
    return WebAcl(
        arn=record["ARN"],
        rules=_compile_rules(record.get("Rules") or (), scope, bodies),
        default=_compile_action(record["DefaultAction"], bodies),
        not_evaluated=tuple(scope.not_evaluated),
    )


def _body_limit(record: Record) -> int:
    """``AssociationConfig.RequestBody.API_GATEWAY.DefaultSizeInspectionLimit`` (``KB_64``), 16 KB unless set."""
    configured = ((record.get("AssociationConfig") or {}).get("RequestBody") or {}).get("API_GATEWAY") or {}
    _, _, size = str(configured.get("DefaultSizeInspectionLimit") or "").partition("KB_")
    return int(size) * 1024 if size.isdigit() else BODY_LIMIT


def _compile_rules(rules: Iterable[Record], scope: Scope, bodies: Record) -> tuple[_Rule, ...]:
    return tuple(
        _compile_rule(
            rule, evolve(scope, path=f"{scope.path}/{rule['Name']}", not_evaluated=scope.not_evaluated), bodies
        )
        for rule in sorted(rules, key=lambda rule: int(rule["Priority"]))
    )


def _compile_rule(rule: Record, scope: Scope, bodies: Record) -> _Rule:
    statement = rule["Statement"]
    labels = tuple(scope.namespace + label["Name"] for label in rule.get("RuleLabels") or ())
    managed = statement.get("ManagedRuleGroupStatement")
    if managed is not None:
        note = f"The managed rule group {managed['VendorName']}:{managed['Name']} is not evaluated"
        scope.not_evaluated.append(note)
        return _Rule(rule["Name"], (), _noting(note), Action(name="Count"))
    reference = statement.get("RuleGroupReferenceStatement")
    if reference is not None:
        return _compile_reference(rule, reference, scope, bodies)
    action = _compile_action(rule.get("Action") or {"Count": {}}, bodies)
    return _Rule(rule["Name"], labels, compile_statement(statement, scope), action)


def _noting(note: str) -> Predicate:
    def predicate(seen: Seen) -> bool:
        seen.notes.append(note)
        return False

    return predicate


def _compile_reference(rule: Record, reference: Record, scope: Scope, bodies: Record) -> _Rule:
    overrides = {each["Name"]: Action(name="Count") for each in reference.get("ExcludedRules") or ()}
    for each in reference.get("RuleActionOverrides") or ():
        overrides[each["Name"]] = _compile_action(each["ActionToUse"], bodies)

    def build(record: Record) -> _Group:
        inner = evolve(scope, namespace=record.get("LabelNamespace") or "awswaf::", not_evaluated=scope.not_evaluated)
        return _Group(_compile_rules(record.get("Rules") or (), inner, record.get("CustomResponseBodies") or {}))

    return _Rule(
        rule["Name"],
        (),
        None,
        Action(name="Count"),
        group=Referenced(scope, reference["ARN"], build).get,
        counts_only="Count" in (rule.get("OverrideAction") or {}),
        overrides=overrides,
    )


def _compile_action(action: Record, bodies: Record) -> Action:
    for name in ("Allow", "Block", "Count", "Captcha", "Challenge"):
        if action.get(name) is not None:
            options = action[name]
            return Action(
                name=name,
                custom=_compile_custom(options.get("CustomResponse"), bodies),
                inserted=_inserted(options.get("CustomRequestHandling")),
            )
    raise ValueError(f"Unknown rule action {', '.join(action) or '(none)'}")


def _compile_custom(response: Record | None, bodies: Record) -> Custom | None:
    if not response:
        return None
    body: Record = bodies.get(response.get("CustomResponseBodyKey") or "") or {}
    return Custom(
        status=int(response["ResponseCode"]),
        headers=tuple((each["Name"], each["Value"]) for each in response.get("ResponseHeaders") or ()),
        content_type=_CONTENT_TYPES.get(body.get("ContentType", "")),
        body=str(body.get("Content", "")).encode(),
    )


def _inserted(handling: Any) -> tuple[tuple[str, str], ...]:
    """AWS prefixes inserted headers, so that they never clash with the client's."""
    listed = (handling or {}).get("InsertHeaders") or ()
    return tuple((f"x-amzn-waf-{each['Name']}", each["Value"]) for each in listed)
