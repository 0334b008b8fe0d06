"""The store as moto's ``apigateway`` backend, for the moto services that reach into it.

Belongs here: what other services ask of API Gateway's records (WAFv2 finds a stage and tells it its web ACL; tagging
walks what has tags), put in moto's words. Never here: API Gateway's own operations, or anything that imports moto
before ``register`` is called by whoever loads moto.

moto runs on the writer's thread, records belong to the reactor: reading is done as is, changes go through
``effects.from_thread``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moto.apigateway
from moto.apigateway import models
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

from emulator.effects import Effects
from emulator.store.records import Record, Region, RestApi
from emulator.store.store import Store


def register(store: Store, effects: Effects) -> None:
    """Make ``moto.apigateway.apigateway_backends`` a view of ``store``, and known to whoever walks all backends."""
    bound = type("BoundBackend", (StoreBackend,), {"_store": store, "_effects": effects})
    backends = _Backends(bound, "apigateway")
    moto.apigateway.apigateway_backends = models.apigateway_backends = backends
    others = [each for each in BackendDict._instances if each.service_name != "apigateway"]
    BackendDict._instances = _Instances(others, backends)


class _Backends(BackendDict):
    """API Gateway's backends: there is one for every account, touched through moto or not."""

    def __contains__(self, account: object) -> bool:
        return True


class _Instances(list[Any]):
    """moto's list of the backends in use, which a reset empties: ours stays, since the store is not moto's."""

    def __init__(self, others: list[Any], ours: Any) -> None:
        super().__init__([*others, ours])
        self._ours = ours

    def clear(self) -> None:
        super().clear()
        self.append(self._ours)


class StageView:
    """A Stage as moto's WAFv2 sees it: an object whose ``web_acl_arn`` can be set."""

    def __init__(self, store: Store, effects: Effects, api_id: str, name: str) -> None:
        self._store = store
        self._effects = effects
        self._api_id = api_id
        self.name = name

    @property
    def record(self) -> Record | None:
        """The stage as it is now: updates put a new record in place of the old. None when it is gone."""
        api = self._store.apis.get(self._api_id)
        return api.stages.get(self.name) if api is not None else None

    @property
    def web_acl_arn(self) -> str | None:
        return (self.record or {}).get("webAclArn")

    @web_acl_arn.setter
    def web_acl_arn(self, arn: str | None) -> None:
        self._effects.from_thread(self._set, arn)

    def _set(self, arn: str | None) -> None:
        record = self.record
        if record is None:
            return
        record.pop("webAclArn", None)
        if arn is not None:
            record["webAclArn"] = arn
        self._store.touch()


class StoreBackend(BaseBackend, TaggableResourcesMixin):
    """One region's records. What is not here is an AttributeError: no other service asks for it."""

    SERVICE_NAMESPACE = "apigateway"
    _store: Store  # given by ``register``
    _effects: Effects

    @property
    def _region(self) -> Region:
        found = self._store.regions.get((self.account_id, self.region_name))
        return found if found is not None else Region(self.account_id, self.region_name)

    @property
    def apis(self) -> dict[str, RestApi]:
        return self._region.apis

    def reset(self) -> None:
        """The store is emptied by its owner, not by moto."""

    def get_rest_api(self, function_id: str) -> RestApi:
        """Raises KeyError when there is no such API."""
        return self._region.apis[function_id]

    def list_apis(self) -> list[RestApi]:
        return list(self._region.apis.values())

    def get_stage(self, function_id: str, stage_name: str) -> StageView:
        """Raises KeyError when there is no such stage."""
        name = self._region.apis[function_id].stages[stage_name]["stageName"]
        return StageView(self._store, self._effects, function_id, name)

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Whatever may have tags, for the Resource Groups Tagging API."""
        for arn, record in self._taggable():
            kind = arn.split("/")[-2]
            yield TaggedResource(arn=arn, tags=dict(record.get("tags") or {}), resource_type=f"apigateway:{kind}")

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        self._effects.from_thread(self._tag, arn, tags, ())

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        self._effects.from_thread(self._tag, arn, {}, tag_keys)

    def _tag(self, arn: str, added: dict[str, str], removed: Any) -> None:
        record = dict(self._taggable()).get(arn)
        if record is not None:
            tags = {**(record.get("tags") or {}), **added}
            record["tags"] = {key: value for key, value in tags.items() if key not in removed}
            self._store.touch()

    def _taggable(self) -> Iterator[tuple[str, Record]]:
        """The ARN and the record of everything that can have tags."""
        start = f"arn:aws:apigateway:{self.region_name}::"
        region = self._region
        for api in list(region.apis.values()):
            yield f"{start}/restapis/{api.id}", api.record
            for name, stage in list(api.stages.items()):
                yield f"{start}/restapis/{api.id}/stages/{name}", stage
        places: tuple[tuple[str, dict[str, Record]], ...] = (
            ("apikeys", region.api_keys),
            ("usageplans", region.usage_plans),
            ("clientcertificates", region.client_certificates),
            ("domainnames", region.domain_names),
            ("vpclinks", region.vpc_links),
        )
        for kind, records in places:
            for name, record in list(records.items()):
                yield f"{start}/{kind}/{name}", record
