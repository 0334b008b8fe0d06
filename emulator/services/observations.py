"""Where the data plane's observations go: CloudWatch Logs, CloudWatch, X-Ray and Firehose of moto.

Belongs here: keeping them cheaply until a service that shows them is asked, then handing them over. Never here: their
form (``observe``). Most emulators are never asked: nothing is imported and nothing expanded before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from twisted.logger import Logger

from emulator.effects import Effects
from emulator.services.moto_services import MotoServices

_LINES_KEPT = 20_000  # log events, per stream
_BATCHES_KEPT = 2_000  # batches of metrics, of segments, of records; per account and region
_MOST_DATA = 50_000  # metric values expanded in one go: moto keeps each count as an object
_SOON = 1.0  # seconds; groups may have subscription filters, streams may have destinations

Place = tuple[str, str]  # account, region


class Observations:
    """``observe.sinks``' three sinks in one."""

    log = Logger()

    def __init__(self, effects: Effects, moto: MotoServices) -> None:
        self._effects = effects
        self._moto = moto
        self._events: dict[tuple[str, str, str, str], deque[tuple[int, str]]] = {}
        self._metrics: dict[Place, deque[tuple[str, Sequence[dict[str, Any]]]]] = {}
        self._segments: dict[Place, deque[str]] = {}
        self._records: dict[tuple[str, str, str], deque[bytes]] = {}
        self._call: Any = None

    def put_log_events(
        self, account: str, region: str, group: str, stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Keep log events: (milliseconds since the epoch, text)."""
        kept = self._events.setdefault((account, region, group, stream), deque(maxlen=_LINES_KEPT))
        kept.extend(events)
        self._soon()

    def put_records(self, account: str, region: str, delivery_stream: str, records: Sequence[bytes]) -> None:
        """Keep records for a Firehose delivery stream."""
        kept = self._records.setdefault((account, region, delivery_stream), deque(maxlen=_LINES_KEPT))
        kept.extend(records)
        self._soon()

    def put_metrics(self, account: str, region: str, namespace: str, data: Sequence[dict[str, Any]]) -> None:
        """Keep metric data."""
        self._metrics.setdefault((account, region), deque(maxlen=_BATCHES_KEPT)).append((namespace, data))

    def put_trace_segments(self, account: str, region: str, documents: Sequence[str]) -> None:
        """Keep segments."""
        self._segments.setdefault((account, region), deque(maxlen=_LINES_KEPT)).extend(documents)

    def stop(self) -> None:
        """Cancel what is scheduled."""
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def clear(self) -> None:
        """Forget everything."""
        self.stop()
        for kept in (self._events, self._metrics, self._segments, self._records):
            kept.clear()  # type: ignore[attr-defined]

    def _soon(self) -> None:
        # Only when the services are in use already: else whoever asks them first gets it all.
        if self._call is None and self._moto.in_use({"logs", "firehose"}):
            self._call = self._effects.clock.callLater(_SOON, self._later)

    def _later(self) -> None:
        self._call = None
        self._moto.run(self._hand_over_soon).addErrback(
            lambda failure: self.log.failure("Observations could not be handed over", failure)
        )

    def _hand_over_soon(self) -> None:
        self.hand_over("logs")
        self.hand_over("firehose")

    # On the writer's thread.

    def hand_over(self, module: str) -> None:
        """Give one of moto's modules what is kept for it, before it answers."""
        if module == "logs":
            self._give_events()
        elif module == "cloudwatch":
            self._give_metrics()
        elif module == "xray":
            self._give_segments()
        elif module == "firehose":
            self._give_records()

    def _give_events(self) -> None:
        pending, self._events = self._events, {}
        if not pending:
            return
        from moto.logs.models import logs_backends

        for (account, region, group, stream), events in pending.items():
            backend = logs_backends[account][region]
            backend.ensure_log_group(group)
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)
            latest, shaped = 0, []
            for at, text in events:
                latest = max(latest, at)
                shaped.append({"timestamp": latest, "message": text})
            backend.put_log_events(group, stream, shaped)

    def _give_metrics(self) -> None:
        pending, self._metrics = self._metrics, {}
        if not pending:
            return
        from moto.cloudwatch.models import cloudwatch_backends

        left = _MOST_DATA
        for (account, region), batches in pending.items():
            backend = cloudwatch_backends[account][region]
            for namespace, data in reversed(batches):
                left -= sum(int(sum(datum.get("Counts") or (1,))) for datum in data)
                if left < 0:
                    self.log.warn("Old metric data of {account} {region} is dropped", account=account, region=region)
                    break
                backend.put_metric_data(namespace, [_datum(each) for each in data])

    def _give_segments(self) -> None:
        pending, self._segments = self._segments, {}
        if not pending:
            return
        from moto.xray.models import xray_backends

        for (account, region), documents in pending.items():
            for document in documents:
                xray_backends[account][region].process_segment(document)

    def _give_records(self) -> None:
        pending, self._records = self._records, {}
        if not pending:
            return
        from moto.core.exceptions import ServiceException
        from moto.firehose.models import firehose_backends

        for (account, region, name), records in pending.items():
            shaped = [{"Data": each} for each in records]
            try:
                firehose_backends[account][region].put_record_batch(name, shaped)
            except (ServiceException, RuntimeError) as error:  # no such stream, or no bucket behind it
                self.log.warn("Access logs for the stream {name} are lost: {reason}", name=name, reason=str(error))


def _datum(datum: dict[str, Any]) -> dict[str, Any]:
    """A datum as moto's backend takes it: times are datetimes without a zone."""
    made = dict(datum)
    at = made.get("Timestamp")
    if isinstance(at, (int, float)):
        made["Timestamp"] = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    return made
