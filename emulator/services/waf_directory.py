"""Web ACLs, IP sets, regex pattern sets and rule groups, read from moto's WAFv2.

Belongs here: finding an object by its ARN. Reads only, in process: it may be called on the reactor. Never here: what
the objects mean; WAFv2 is not even loaded for the question, because an ARN can exist only if somebody has used it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

_KINDS = {"webacl": "wacls", "ipset": "ip_sets", "regexpatternset": "regex_pattern_sets", "rulegroup": "rule_groups"}


class MotoWafDirectory:
    """Looks objects up by ARN: ``arn:aws:wafv2:region:account:regional/webacl/name/id``."""

    def lock_token(self, arn: str) -> str | None:
        """The object's lock token, which changes whenever the object does; None when there is no such object."""
        found = self._find(arn)
        return None if found is None else str(found.lock_token)

    def record(self, arn: str) -> Mapping[str, Any] | None:
        """The object as wafv2 shows it."""
        found = self._find(arn)
        if found is None:
            return None
        record: dict[str, Any] = found.to_dict()
        if hasattr(found, "label_namespace"):
            record["LabelNamespace"] = found.label_namespace
        return record

    def _find(self, arn: str) -> Any:
        models = sys.modules.get("moto.wafv2.models")
        parts = arn.split(":", 5)
        if models is None or len(parts) != 6:
            return None
        account, resource = parts[4:]
        kind = _KINDS.get(resource.partition("/")[2].partition("/")[0])
        if kind is None or account not in models.wafv2_backends:
            return None
        for backend in list(models.wafv2_backends[account].values()):
            found = getattr(backend, kind).get(arn)
            if found is not None:
                return found
        return None
