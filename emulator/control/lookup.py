"""Looking records up by what a request names, with AWS's text for what is not there.

Belongs here: finding, for records that several nouns refer to. Never here: changing anything.
"""

from __future__ import annotations

from emulator.control.call import Call
from emulator.errors import NotFoundException
from emulator.store.records import Record, RestApi

NO_RESOURCE = "Invalid Resource identifier specified"
NO_METHOD = "Invalid Method identifier specified"
NO_INTEGRATION = "Invalid Integration identifier specified"
NO_STATUS = "Invalid Response status code specified"


def rest_api(call: Call, api_id: str) -> RestApi:
    """The API of that id in the caller's account and region."""
    found = call.region.apis.get(api_id)
    if found is None:
        raise NotFoundException(f"Invalid API identifier specified {call.account}:{api_id}")
    return found


def api_or_refuse(call: Call, api_id: str, text: str) -> RestApi:
    """The API of that id; its absence is told with the text that belongs to what was looked for inside it."""
    found = call.region.apis.get(api_id)
    if found is None:
        raise NotFoundException(text)
    return found


def resource(call: Call, request: Record, member: str = "resourceId") -> tuple[RestApi, Record]:
    """The API and the resource that a request names; AWS blames the resource for a wrong API, too."""
    api = api_or_refuse(call, request["restApiId"], NO_RESOURCE)
    found = api.resources.get(request[member])
    if found is None:
        raise NotFoundException(NO_RESOURCE)
    return api, found


def method(call: Call, request: Record, text: str = NO_METHOD) -> tuple[RestApi, Record, Record]:
    """The API, the resource and the method that a request names."""
    api, parent = resource(call, request)
    found = parent.get("resourceMethods", {}).get(request["httpMethod"])
    if found is None:
        raise NotFoundException(text)
    return api, parent, found


def integration(call: Call, request: Record, no_method: str = NO_METHOD) -> tuple[RestApi, Record, Record]:
    """The API, the method and its integration."""
    api, _parent, owner = method(call, request, no_method)
    found = owner.get("methodIntegration")
    if found is None:
        raise NotFoundException(NO_INTEGRATION)
    return api, owner, found


def stage(call: Call, request: Record) -> tuple[RestApi, Record]:
    """The API and the stage that a request names."""
    api = rest_api(call, request["restApiId"])
    found = api.stages.get(request["stageName"])
    if found is None:
        raise NotFoundException("Invalid stage identifier specified")
    return api, found
