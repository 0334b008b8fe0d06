"""Settings of an API that are not frozen with a deployment: its host's, which all its deployments share.

Belongs here: carrying them over to what was deployed before. Never here: when the control plane does so.
Pages followed: "Change a public or private API endpoint type" (nothing is deployed anew) and "Disable the default
endpoint for REST APIs" (takes effect with the next change of any stage, and then for all of them).
"""

from __future__ import annotations

from emulator.deployment.compiled import CompiledApi
from emulator.store.records import RestApi, copied


def move_endpoint(api: RestApi) -> None:
    """Let every deployment answer at the endpoint that the API has now."""
    endpoint = api.record.get("endpointConfiguration") or {}
    types = endpoint.get("types") or ["EDGE"]
    for deployment in api.deployments.values():
        deployment.snapshot.api["endpointConfiguration"] = copied(endpoint)
        compiled: CompiledApi | None = deployment.compiled
        if compiled is not None:
            compiled.endpoint_type = types[0]
            compiled.vpc_endpoint_ids = tuple(endpoint.get("vpcEndpointIds") or ())
            compiled.memo.clear()  # a private API's policy is another one


def settle_default_endpoint(api: RestApi) -> None:
    """Let every deployment serve the default endpoint, or not, as the API says now."""
    disabled = bool(api.record.get("disableExecuteApiEndpoint"))
    for deployment in api.deployments.values():
        deployment.snapshot.api["disableExecuteApiEndpoint"] = disabled
        if deployment.compiled is not None:
            deployment.compiled.disable_execute_api_endpoint = disabled
