"""Web ACLs and the stages they guard, in moto's WAFv2: one web ACL a stage, none deleted while it guards one, and none
kept that could not be evaluated.

Belongs here: those rules, filled in moto's own classes. Never here: what makes a web ACL a bad one (``waf_checks.py``),
evaluating it (``execute_api/waf``).

AWS pages: AssociateWebACL, DeleteWebACL and ListResourcesForWebACL in the WAF API reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from emulator.services import request_checks, waf_checks
from emulator.services.protocols import describe
from emulator.wire import Headers, Request

_IN_USE = (
    "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s "
    "associated with another resource."
)
_KINDS = {
    "API_GATEWAY": ":apigateway:",
    "APPLICATION_LOAD_BALANCER": ":elasticloadbalancing:",
    "APPSYNC": ":appsync:",
    "COGNITO_USER_POOL": ":cognito-idp:",
}
_DUPLICATE = (
    "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one."
)
_KEPT = {"WebACL": "web_acl", "RuleGroup": "rule_group", "IPSet": "ip_set", "RegexPatternSet": "regex_pattern_set"}


def mend_waf() -> None:
    """Once per process."""
    from moto.wafv2.exceptions import WAFNonexistentItemException, WAFv2ClientError
    from moto.wafv2.models import WAFV2Backend
    from moto.wafv2.responses import WAFV2Response

    if "_emulator" in vars(WAFV2Backend):
        return
    WAFV2Backend._emulator = True
    associate, delete = WAFV2Backend.associate_web_acl, WAFV2Backend.delete_web_acl

    def guarded(backend: Any, web_acl: Any) -> list[str]:
        """What it guards; a stage that was deleted is guarded no more."""
        return [
            arn
            for arn in web_acl.associated_resources
            if ":apigateway:" not in arn or backend._find_apigw_stage(arn) is not None
        ]

    def associate_web_acl(self: Any, web_acl_arn: str, resource_arn: str) -> None:
        if web_acl_arn not in self.wacls or (
            ":apigateway:" in resource_arn and self._find_apigw_stage(resource_arn) is None
        ):
            raise WAFNonexistentItemException
        # The new web ACL takes the place of the one before.
        self.disassociate_web_acl(resource_arn)
        associate(self, web_acl_arn, resource_arn)

    def delete_web_acl(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        for web_acl in self.wacls.values():
            if web_acl.id == _id and web_acl.lock_token == lock_token and guarded(self, web_acl):
                raise WAFv2ClientError("WAFAssociatedItemException", _IN_USE)
        delete(self, name, scope, _id, lock_token)

    def list_resources_for_web_acl(self: Any) -> tuple[int, dict[str, str], str]:
        asked = json.loads(self.body)
        web_acl = self.wafv2_backend.wacls.get(asked["WebACLArn"])
        if web_acl is None:
            raise WAFNonexistentItemException
        kind = _KINDS.get(asked.get("ResourceType") or "APPLICATION_LOAD_BALANCER", "")
        found = [arn for arn in guarded(self.wafv2_backend, web_acl) if kind and kind in arn]
        return 200, {}, json.dumps({"ResourceArns": found})

    WAFV2Backend.associate_web_acl = associate_web_acl
    WAFV2Backend.delete_web_acl = delete_web_acl
    WAFV2Response.list_resources_for_web_acl = list_resources_for_web_acl
    _mend_keeping()


def _mend_keeping() -> None:
    """What is created or updated is looked at first: moto keeps anything."""
    from moto.wafv2 import exceptions
    from moto.wafv2.models import GLOBAL_REGION, wafv2_backends
    from moto.wafv2.responses import WAFV2Response

    def named(self: Any) -> None:
        # moto calls it WafV2DuplicateItem.
        exceptions.WAFv2ClientError.__init__(self, "WAFDuplicateItemException", _DUPLICATE)

    def refuse(response: Any, operation: str) -> None:
        asked = Request(
            method="POST",
            raw_path=b"/",
            raw_query=b"",
            headers=Headers([("X-Amz-Target", f"AWSWAF_20190729.{operation}")]),
            body=response.body.encode() if isinstance(response.body, str) else response.body,
        )
        description = describe("wafv2")
        assert description is not None  # botocore has it
        refused = request_checks.refusal(description, None, asked)
        if refused is not None:
            raise exceptions.WAFv2ClientError(refused.code, refused.message or "")
        shape = description.model.operation_model(operation).input_shape
        given = waf_checks.known(shape, json.loads(response.body))
        response.body = json.dumps(given)
        wrong = waf_checks.invalid(given)
        if wrong is not None:
            error = exceptions.WAFv2ClientError("WAFInvalidParameterException", wrong.message)
            told = {"Field": wrong.field, "Parameter": wrong.parameter, "Reason": wrong.reason}
            error.description = json.dumps({**json.loads(error.description), **told})
            raise error
        account = response.current_account
        region = GLOBAL_REGION if given["Scope"] == "CLOUDFRONT" else response.region
        backend = wafv2_backends[account][region]
        if operation == "CreateIPSet" and any(
            (each.name, each.scope) == (given["Name"], given["Scope"]) for each in backend.ip_sets.values()
        ):
            raise exceptions.WAFV2DuplicateItemException
        for arn in waf_checks.references(given):
            kept = arn in backend.ip_sets or arn in backend.regex_pattern_sets or arn in backend.rule_groups
            if not kept and f":{account}:" in arn:
                raise exceptions.WAFNonexistentItemException

    def refuse_in_use(response: Any, _operation: str) -> None:
        given = json.loads(response.body)
        region = GLOBAL_REGION if given.get("Scope") == "CLOUDFRONT" else response.region
        backend = wafv2_backends[response.current_account][region]
        for holder in (*backend.wacls.values(), *backend.rule_groups.values()):
            if any(
                arn.endswith(f"/{given.get('Id')}")
                for arn in waf_checks.references({"Rules": [each.to_dict() for each in holder.rules]})
            ):
                raise exceptions.WAFv2ClientError("WAFAssociatedItemException", _IN_USE)

    def looked_at(keep: Callable[[Any], Any], operation: str, look: Callable[[Any, str], None]) -> Callable[[Any], Any]:
        def method(self: Any) -> Any:
            look(self, operation)
            return keep(self)

        return method

    exceptions.WAFV2DuplicateItemException.__init__ = named
    for noun, named_by_moto in _KEPT.items():
        for verb, look in (("create", refuse), ("update", refuse), ("delete", refuse_in_use)):
            attribute = f"{verb}_{named_by_moto}"
            keep = getattr(WAFV2Response, attribute)
            setattr(WAFV2Response, attribute, looked_at(keep, f"{verb.capitalize()}{noun}", look))
