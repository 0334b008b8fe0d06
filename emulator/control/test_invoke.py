"""TestInvokeMethod and TestInvokeAuthorizer: one request through the API as it is being edited, with its log.

Belongs here: finding what is tested. Never here: running it: that is the data plane's, and so is the log.
"""

from __future__ import annotations

from emulator.control import lookup
from emulator.control.authorizers import MISSING
from emulator.control.call import Call, DataPlane
from emulator.errors import NotFoundException, NotImplementedByEmulator
from emulator.store.records import Record

__test__ = False  # the name is AWS's; there is no test in here


def _data_plane(call: Call, operation: str) -> DataPlane:
    if call.data_plane is None:
        raise NotImplementedByEmulator(f"{operation} needs the data plane, which this emulator runs without")
    return call.data_plane


async def test_invoke_method(call: Call, request: Record) -> Record:
    api, _resource, _method = lookup.method(call, request)
    return await _data_plane(call, "TestInvokeMethod").test_method(api.id, request)


async def test_invoke_authorizer(call: Call, request: Record) -> Record:
    api = lookup.api_or_refuse(call, request["restApiId"], MISSING)
    if request["authorizerId"] not in api.authorizers:
        raise NotFoundException(MISSING)
    return await _data_plane(call, "TestInvokeAuthorizer").test_authorizer(api.id, request)
