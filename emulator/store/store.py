"""The store: regions of records, found by account and region, or by API id.

Belongs here: look-up, reset, and the generation that tells derived indexes they are stale. Never here: AWS's rules.
Everything in it is touched on the reactor only.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import Factory, define

from emulator.store.records import Region, RestApi


@define(eq=False)
class Store:
    """All records of the emulator.

    ``generation`` grows with every change of the control plane (``touch``): whoever keeps something derived from
    records (a compiled stage, an index of API keys) keeps the generation beside it and rebuilds when it moved.
    """

    regions: dict[tuple[str, str], Region] = Factory(dict)
    apis: dict[str, RestApi] = Factory(dict)  # every region's, by id: execute-api's addresses name nothing else
    generation: int = 0

    def region(self, account: str, name: str) -> Region:
        """The records of one account in one region; made on first use."""
        key = (account, name)
        found = self.regions.get(key)
        if found is None:
            found = self.regions[key] = Region(account=account, name=name)
        return found

    def add_api(self, api: RestApi) -> None:
        self.region(api.account, api.region).apis[api.id] = api
        self.apis[api.id] = api

    def remove_api(self, api: RestApi) -> None:
        del self.region(api.account, api.region).apis[api.id]
        del self.apis[api.id]

    def touch(self) -> None:
        """Something changed: derived indexes are stale."""
        self.generation += 1

    def reset(self) -> None:
        """Empty everything."""
        self.regions.clear()
        self.apis.clear()
        self.touch()

    def each_region(self) -> Iterator[Region]:
        return iter(list(self.regions.values()))
