"""The store as moto's ``apigateway`` backend, for the moto services that reach into it.

Belongs here: what other services ask of API Gateway's records (WAFv2 finds a stage and tells it its web ACL; tagging
walks what has tags), put in moto's words. Never here: API Gateway's own operations, or anything that imports moto
before ``register`` is called by whoever loads moto.

moto runs on the writer's thread, records belong to the reactor: reading is done as is, changes go through
``effects.from_thread``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from moto.apigateway import models
from moto.core.base_backend import BaseBackend

from emulator.effects import Effects
from emulator.store.records import Record, Region, RestApi
from emulator.store.store import Store


def register(store: Store, effects: Effects) -> None:
    """Make ``moto.apigateway.apigateway_backends`` a view of ``store``."""
    models.apigateway_backends.clear()
    models.apigateway_backends.backend = partial(StoreBackend, store, effects)


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


class StoreBackend(BaseBackend):
    """One region's records. What is not here is an AttributeError: no other service asks for it."""

    def __init__(self, store: Store, effects: Effects, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._store = store
        self._effects = effects

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

    def tagged(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The ARN and the tags of everything that has tags."""
        start = f"arn:aws:apigateway:{self.region_name}::"
        region = self._region
        for api in list(region.apis.values()):
            yield from _tags(f"{start}/restapis/{api.id}", api.record)
            for name, stage in list(api.stages.items()):
                yield from _tags(f"{start}/restapis/{api.id}/stages/{name}", stage)
        places: tuple[tuple[str, dict[str, Record]], ...] = (
            ("apikeys", region.api_keys),
            ("usageplans", region.usage_plans),
            ("clientcertificates", region.client_certificates),
            ("domainnames", region.domain_names),
            ("vpclinks", region.vpc_links),
        )
        for kind, records in places:
            for name, record in list(records.items()):
                yield from _tags(f"{start}/{kind}/{name}", record)


def _tags(arn: str, record: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if record.get("tags"):
        yield arn, dict(record["tags"])
