"""Policy documents: compiled once, then asked what they say of one request.

Belongs here: the grammar (statements, effects, actions, resources, principals) and the decision. Pure: no I/O,
no clock, no store. Never here: where a request's context comes from, or what a decision leads to (``policy_outcome``).

Follows the IAM user guide's pages "Policy evaluation logic", "Principal", "NotPrincipal", "Resource", "Version".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from emulator.authorizers.policy_conditions import MalformedPolicy, Test, compile_conditions
from emulator.authorizers.policy_patterns import Context, ContextPredicate, arn_pattern, glob, tokenise

__all__ = ["Caller", "Decision", "MalformedPolicy", "Policy", "PolicyRequest", "compile_policy", "decide"]

Kind: TypeAlias = Literal["identity", "resource"]

_ELEMENTS = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition"),
    }
)
_SOMEBODY = re.compile(
    r"(?:\*|\d{12}|A[A-Z0-9]{15,}|arn:[^:*?]+:(?:iam|sts)::\d{12}:(?:root|(?:user|role|assumed-role|federated-user)/[^*?]+))\Z"
)
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?\Z")
_ACTION = re.compile(r"\*|[^:\s]+:\S+")
_MAX_ACTIONS = 64  # distinct actions remembered per policy: execute-api has four


class Decision(Enum):
    """What a policy says of a request."""

    ALLOW = "Allow"
    DELEGATED = "Delegated"
    """Allowed to the caller's account as a whole: that account's identity policies must allow it too."""
    NEITHER = "Neither"
    DENY = "Deny"


@frozen
class Caller:
    """Who asks, as far as policies can name them.

    ``names`` are all ARNs and unique ids a Principal may hold for the caller: the user's ARN and id, or for a session
    the session's ARN and the role's. ``root`` is whether the account itself asks. ``federated`` is the identity
    provider of a web identity session.
    """

    account: str
    names: frozenset[str]
    root: bool = False
    federated: str | None = None
    service: str | None = None


@define(eq=False)
class PolicyRequest:
    """One question: ``action`` as ``execute-api:Invoke``, ``resource`` an ARN, ``caller`` None when anonymous.

    ``context`` holds the condition keys in lower case; it is looked at only if a condition or a variable needs it.
    """

    action: str
    resource: str
    context: Context
    caller: Caller | None = None


@frozen
class _Statement:
    """One compiled statement. Whoever asks is matched by ``principal``: 0 no, 1 through the account, 2 yes."""

    acts: Callable[[str], bool]
    resources: tuple[ContextPredicate, ...]
    not_resource: bool
    principal: Callable[[Caller | None], int]
    conditions: tuple[Test, ...]

    def applies(self, request: PolicyRequest) -> int:
        """0: not to this request; 1: through the caller's account; 2: to the caller. The action is checked before."""
        resource, context = request.resource, request.context
        for matches in self.resources:
            if matches(resource, context):
                if self.not_resource:
                    return 0
                break
        else:
            if not self.not_resource:
                return 0
        reach = self.principal(request.caller)
        if reach and self.conditions and not all(test(context) for test in self.conditions):
            return 0
        return reach


@define(eq=False)
class Policy:
    """A compiled document. ``evaluate`` costs one look at each statement whose action fits."""

    denials: tuple[_Statement, ...]
    grants: tuple[_Statement, ...]
    _by_action: dict[str, tuple[tuple[_Statement, ...], tuple[_Statement, ...]]] = field(factory=dict)

    def evaluate(self, request: PolicyRequest) -> Decision:
        """An explicit Deny beats any Allow; no statement that applies is NEITHER."""
        denials, grants = self._by_action.get(request.action) or self._select(request.action)
        for statement in denials:
            if statement.applies(request):
                return Decision.DENY
        reach = 0
        for statement in grants:
            reach = max(reach, statement.applies(request))
            if reach == 2:
                return Decision.ALLOW
        return Decision.DELEGATED if reach else Decision.NEITHER

    def _select(self, action: str) -> tuple[tuple[_Statement, ...], tuple[_Statement, ...]]:
        """The statements that name an action; remembered."""
        lowered = action.lower()
        selected = (
            tuple(statement for statement in self.denials if statement.acts(lowered)),
            tuple(statement for statement in self.grants if statement.acts(lowered)),
        )
        if len(self._by_action) < _MAX_ACTIONS:
            self._by_action[action] = selected
        return selected


def decide(policies: Iterable[Policy], request: PolicyRequest) -> Decision:
    """Several policies as one: any Deny, else any Allow, else NEITHER."""
    best = Decision.NEITHER
    for policy in policies:
        decision = policy.evaluate(request)
        if decision is Decision.DENY:
            return decision
        if decision is Decision.ALLOW or best is Decision.NEITHER:
            best = decision
    return best


def compile_policy(document: object, kind: Kind = "identity", *, api_arn: str | None = None) -> Policy:
    """Compile a parsed document.

    ``kind`` "resource" wants a Principal in each statement, "identity" forbids it. ``api_arn``
    (``arn:aws:execute-api:region:account:api``) stands in for the short form ``execute-api:/stage/GET/path``.
    Raises MalformedPolicy for whatever breaks the grammar.
    """
    if not isinstance(document, Mapping):
        raise MalformedPolicy("The policy must be an object")
    version = document.get("Version", "2008-10-17")
    if version not in ("2012-10-17", "2008-10-17"):
        raise MalformedPolicy(f"Invalid policy version {version}")
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        raise MalformedPolicy(f"Unknown policy element {sorted(map(str, unknown))[0]}")
    if "Statement" not in document:
        raise MalformedPolicy("The policy has no Statement")
    statements = document["Statement"]
    listed = statements if isinstance(statements, (list, tuple)) else [statements]
    denials: list[_Statement] = []
    grants: list[_Statement] = []
    for statement in listed:
        compiled = _compile_statement(statement, kind, version == "2012-10-17", api_arn)
        (denials if statement["Effect"] == "Deny" else grants).append(compiled)
    return Policy(tuple(denials), tuple(grants))


def _compile_statement(statement: object, kind: Kind, variables: bool, api_arn: str | None) -> _Statement:
    if not isinstance(statement, Mapping):
        raise MalformedPolicy("A statement must be an object")
    unknown = set(statement) - _ELEMENTS
    if unknown:
        raise MalformedPolicy(f"Unknown statement element {sorted(map(str, unknown))[0]}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy("Effect must be Allow or Deny")
    resources, not_resource = _either(statement, "Resource")
    condition = statement.get("Condition")
    return _Statement(
        acts=_compile_actions(statement),
        resources=tuple(arn_pattern(_full(each, api_arn), variables=variables) for each in resources),
        not_resource=not_resource,
        principal=_compile_principal(statement, kind),
        conditions=() if condition is None else compile_conditions(condition, variables),
    )


def _either(statement: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    """The texts of ``name`` or of its Not form, exactly one of which must be there; and whether it was the Not form."""
    inverse = f"Not{name}"
    if (name in statement) is (inverse in statement):
        raise MalformedPolicy(f"A statement needs either {name} or {inverse}")
    negated = inverse in statement
    texts = _texts(statement[inverse if negated else name], name)
    if not texts:
        raise MalformedPolicy(f"{name} must not be empty")
    return texts, negated


def _texts(value: object, name: str) -> tuple[str, ...]:
    listed: Sequence[object] = value if isinstance(value, (list, tuple)) else [value]
    for each in listed:
        if not isinstance(each, str):
            raise MalformedPolicy(f"{name} must be a string or a list of strings")
    return tuple(str(each) for each in listed)


def _full(resource: str, api_arn: str | None) -> str:
    """API Gateway's short form written out: ``execute-api:/stage/GET/pets``."""
    if resource.startswith("execute-api:/") and api_arn is not None:
        return api_arn + resource.removeprefix("execute-api:")
    return resource


def _compile_actions(statement: Mapping[str, Any]) -> Callable[[str], bool]:
    """A predicate over the action in lower case: actions compare without case."""
    texts, negated = _either(statement, "Action")
    for text in texts:
        if not _ACTION.fullmatch(text):
            raise MalformedPolicy(f"Invalid action {text}")
    predicates = [glob(tokenise(text.lower(), variables=False)) for text in texts]
    return lambda action: any(matches(action) for matches in predicates) is not negated


# Principals ------------------------------------------------------------


def _compile_principal(statement: Mapping[str, Any], kind: Kind) -> Callable[[Caller | None], int]:
    named = {"Principal", "NotPrincipal"} & set(statement)
    if kind == "identity":
        if named:
            raise MalformedPolicy("An identity policy has no Principal")
        return _anyone
    if len(named) != 1:
        raise MalformedPolicy("A statement needs either Principal or NotPrincipal")
    if "Principal" in named:
        return _principals(statement["Principal"])
    matches = _principals(statement["NotPrincipal"])
    return lambda caller: 0 if matches(caller) else 2


def known_principals(statement: Mapping[str, Any]) -> bool:
    """Whether everybody a statement names could be somebody; who saves a policy is told that this is wrong.

    Accounts, users, roles and their sessions by ARN or unique id, without wildcards: "AWS JSON policy elements:
    Principal" of the IAM user guide.
    """
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if not isinstance(named, Mapping):
        return named in ("*", "")
    names = named.get("AWS", ())
    return all(_SOMEBODY.match(name) for name in ([names] if isinstance(names, str) else names))


def _anyone(_caller: Caller | None) -> int:
    return 2


def _principals(element: object) -> Callable[[Caller | None], int]:
    if isinstance(element, str):
        return _anyone if element == "*" else lambda _caller: 0
    if not isinstance(element, Mapping) or not element:
        raise MalformedPolicy("Principal must be * or an object")
    sets: dict[str, frozenset[str]] = {}
    for provider, values in element.items():
        if provider not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise MalformedPolicy(f"Unknown kind of principal {provider}")
        sets[provider] = frozenset(_texts(values, "Principal"))
    if "*" in sets.get("AWS", ()):
        return _anyone
    names = sets.get("AWS", frozenset())
    accounts = frozenset(found[1] for found in map(_ACCOUNT.match, names) if found)
    return _NamedPrincipals(names, accounts, sets.get("Service", frozenset()), sets.get("Federated", frozenset()))


@frozen
class _NamedPrincipals:
    """Principals by name; an account's name stands for everyone in it, and lets the account's own policies decide."""

    names: frozenset[str]
    accounts: frozenset[str]
    services: frozenset[str]
    federated: frozenset[str]

    def __call__(self, caller: Caller | None) -> int:
        if caller is None:
            return 0
        if not self.names.isdisjoint(caller.names):
            return 2
        if caller.service in self.services or caller.federated in self.federated:
            return 2
        if caller.account in self.accounts:
            return 2 if caller.root else 1
        return 0
