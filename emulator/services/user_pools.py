"""moto's Cognito user pools: their key sets, and what is mended in them.

Belongs here: which issuer is a pool of ours, and its public keys. Reads only, in process: it may be called on the
reactor. moto's Cognito is not loaded for the question: a pool that exists was made by it. Never here: tokens.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from emulator.services.pool_tokens import mend_pool_tokens
from emulator.services.user_pool_errors import mend_user_pool_errors

_ISSUER = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([A-Za-z0-9_-]+)")


class MotoUserPools:
    """Finds pools in every account moto knows."""

    def __init__(self) -> None:
        self._key_set: Mapping[str, Any] | None = None

    def key_set(self, issuer: str) -> Mapping[str, Any] | None:
        """The JWKS of the pool whose tokens carry ``issuer``; None when there is no such pool.

        moto signs for all its pools with one key pair.
        """
        found = _ISSUER.fullmatch(issuer)
        if found is None:
            return None
        models = sys.modules.get("moto.cognitoidp.models")
        if models is None:
            return None
        region, pool_id = found.groups()
        for regions in list(models.cognitoidp_backends.values()):
            backend = dict(regions).get(region)
            if backend is not None and pool_id in backend.user_pools:
                return self._keys()
        return None

    def _keys(self) -> Mapping[str, Any]:
        if self._key_set is None:
            from moto.cognitoidp.responses import CognitoIdpJsonWebKeyResponse

            self._key_set = json.loads(CognitoIdpJsonWebKeyResponse.json_web_key)
        return self._key_set


def mend_user_pools() -> None:
    """Once per process, on the writer's thread."""
    mend_pool_tokens()
    mend_user_pool_errors()
