"""Where observations go: the Protocols that ``services`` implements over the other AWS services.

Belongs here: the seams. Never here: what is written, or moto.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class LogSink(Protocol):
    """CloudWatch Logs and Firehose. Whatever is missing (group, stream) is made; problems are logged, not raised."""

    def put_log_events(
        self, account: str, region: str, group: str, stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """``events``: (milliseconds since the epoch, text), in order."""

    def put_records(self, account: str, region: str, delivery_stream: str, records: Sequence[bytes]) -> None:
        """Records for a Firehose delivery stream."""


class MetricSink(Protocol):
    """CloudWatch."""

    def put_metrics(self, account: str, region: str, namespace: str, data: Sequence[dict[str, Any]]) -> None:
        """``data``: MetricDatum members as botocore names them (``Values`` with ``Counts``)."""


class TraceSink(Protocol):
    """X-Ray."""

    def put_trace_segments(self, account: str, region: str, documents: Sequence[str]) -> None:
        """Segment documents as JSON texts."""
