"""Call: what an operation of the control plane is given beside its input.

Belongs here: the Call, what it asks of the other parts (as Protocols), and the event a finished call leaves behind.
Never here: an operation, or how requests come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import Factory, define, frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.errors import ControlError
from emulator.settings import Settings
from emulator.store.records import Record, Region
from emulator.store.store import Store


class DataPlane(Protocol):
    """What the control plane asks of the data plane. The first two answer the operations' output records.

    What the request names is there: the operation looked.
    """

    def test_method(self, api_id: str, request: Record) -> Deferred[Record]: ...

    def test_authorizer(self, api_id: str, request: Record) -> Deferred[Record]: ...

    def flush_cache(self, api_id: str, stage: str) -> None: ...

    def flush_authorizers(self, api_id: str, stage: str) -> None: ...


class Services(Protocol):
    """The other AWS services: botocore-shaped parameters in, botocore-shaped output out."""

    def call(
        self, service: str, action: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> Deferred[dict[str, Any]]: ...


@frozen(kw_only=True)
class Principal:
    """Who calls, as the front made it out from the signature; for CloudTrail."""

    account: str = ""
    access_key: str = ""
    arn: str = ""
    type: str = "IAMUser"
    user_name: str = ""


@define(eq=False, kw_only=True)
class Call:
    """One call: where its records are, and whom it may ask."""

    store: Store
    region: Region
    effects: Effects
    settings: Settings
    services: Services | None = None
    data_plane: DataPlane | None = None
    account: str = "000000000000"
    region_name: str = "us-east-1"
    principal: Principal | None = None
    request_id: str = ""
    endpoint: str = ""  # scheme and host the caller reached us by; empty for calls from inside

    def now(self) -> float:
        """Whole seconds since the epoch: AWS keeps no fractions."""
        return float(int(self.effects.wall()))

    def new_id(self, taken: Mapping[str, Any], length: int = 6) -> str:
        """A fresh id of ``length`` letters and digits that is not a key of ``taken``."""
        while True:
            made = self.effects.new_id(length)
            if made not in taken:
                return made


@frozen(kw_only=True)
class CallEvent:
    """A finished call, for whoever records them (CloudTrail)."""

    operation: str
    request: Record  # parsed input; empty when it could not be parsed
    answer: Record | None
    error: ControlError | None
    account: str
    region: str
    principal: Principal | None
    source_ip: str
    user_agent: str
    request_id: str
    epoch: float
    read_only: bool
    extra: Mapping[str, Any] = Factory(dict)
