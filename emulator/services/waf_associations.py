"""Web ACLs and the stages they guard, in moto's WAFv2: one web ACL a stage, none deleted while it guards one.

Belongs here: those rules, filled in moto's own classes. Never here: evaluating a web ACL (``execute_api/waf``).

AWS pages: AssociateWebACL, DeleteWebACL and ListResourcesForWebACL in the WAF API reference.
"""

from __future__ import annotations

import json
from typing import Any

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
