"""Streams that functions read: the records of a shard, in order, one batch at a time.

Belongs here: Lambda's side of Kinesis and DynamoDB streams: batches, retries, bisecting, giving up. Never here: queues
(``lambda_sources.py``), the shapes of records (``lambda_records.py``).

Follows https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html and with-ddb.html. moto hands over
each record as it is written, to one function per stream.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime.functions import LambdaError
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.logs import timestamp
from emulator.services.lambda_filters import passes
from emulator.services.lambda_records import kinesis_record, stream_record

LONGEST_BACKOFF = 60.0
_SHARD = "shardId-00000001541626099285-f35f62ef"  # a table of moto's has this one

Call = Callable[[str, str, str, bytes], Deferred[InvocationResult]]  # account, region, function ARN, payload
GiveUp = Callable[[str, str, str, str, bytes], None]  # account, region, function ARN, target ARN, record


@define(eq=False)
class _Line:
    """The records of one shard for one function, in order: one batch at a time."""

    mapping: Any  # moto's
    shard: str
    waiting: deque[dict[str, Any]] = field(factory=deque)
    opened: float = 0.0  # when the first of those that wait for a full batch came
    settling: bool = False
    running: bool = False
    attempts: int = 0
    size: int = 0  # of the batches a failed one was bisected into; 0: as configured

    @property
    def key(self) -> tuple[str, str]:
        return self.mapping.uuid, self.shard


class StreamSources:
    """The pollers of streams. ``later`` is the clock's; ``give_up`` sends what was given up to its destination."""

    log = Logger()

    def __init__(self, effects: Effects, call: Call, later: Callable[..., None], give_up: GiveUp) -> None:
        self._effects = effects
        self._call = call
        self._later = later
        self._give_up = give_up
        self._lines: dict[tuple[str, str], _Line] = {}

    def clear(self) -> None:
        """Forget everything: the emulator is emptied."""
        self._lines.clear()

    # On the writer's thread

    def began(self, mapping: Any) -> None:
        """A function was pointed at a stream: what is there already is read, if it is to begin there."""
        if mapping.starting_position == "TRIM_HORIZON":
            since = 0.0
        elif mapping.starting_position == "AT_TIMESTAMP":
            since = float(mapping.starting_position_timestamp or 0)
        else:
            return
        source = mapping.event_source_arn
        if ":kinesis:" in source:
            from moto.kinesis.models import kinesis_backends

            stream = kinesis_backends[mapping.account_id][mapping.region].describe_stream(source, None)
            for shard in stream.shards.values():
                earlier = [each for each in shard.records.values() if each.created_at >= since]
                self.put(mapping, shard.shard_id, [_as_record(each, mapping, shard.shard_id) for each in earlier])
        elif ":dynamodb:" in source:
            from moto.dynamodb.models import dynamodb_backends

            table = dynamodb_backends[mapping.account_id][mapping.region].tables[source.split("/")[1]]
            items = table.stream_shard.items
            self.put(mapping, _SHARD, [stream_record(each, source, mapping.region) for each in items])

    def put(self, mapping: Any, shard: str, records: Iterable[dict[str, Any]]) -> None:
        """Records for a function, from moto."""
        wanted = [each for each in records if passes(mapping.filter_criteria, each)]
        if wanted:
            self._effects.from_thread(self._queue, _Line(mapping, shard), wanted)

    # On the reactor

    def _queue(self, made: _Line, records: list[dict[str, Any]]) -> None:
        line = self._lines.setdefault(made.key, made)
        if not line.waiting:
            line.opened = self._effects.clock.seconds()
        line.waiting.extend(records)
        if not line.settling:
            # What one request writes comes record by record: it is over when the writer has time again.
            line.settling = True
            self._effects.in_writer(_nothing).addCallback(self._settled, line)

    def _settled(self, _: None, line: _Line) -> None:
        line.settling = False
        self._advance(line)

    def _advance(self, line: _Line) -> None:
        if line.running or not line.waiting or self._lines.get(line.key) is not line:
            return
        mapping = line.mapping
        full = line.size or int(mapping.batch_size)
        window = float(mapping.max_batch_window or 0)
        left = line.opened + window - self._effects.clock.seconds()
        if window and not line.attempts and len(line.waiting) < full and left > 0.001:
            self._later(left, self._advance, line)
            return
        line.running = True
        batch = [line.waiting[index] for index in range(min(full, len(line.waiting)))]
        payload = json.dumps({"Records": batch}, default=str).encode()
        self._call(mapping.account_id, mapping.region, mapping.function_arn, payload).addBoth(
            self._advanced, line, batch
        )

    def _advanced(self, result: InvocationResult | Failure, line: _Line, batch: list[dict[str, Any]]) -> None:
        if isinstance(result, Failure):
            result.trap(LambdaError)
        if self._lines.get(line.key) is not line or not line.mapping.enabled:
            self._lines.pop(line.key, None)
            return
        done = _handled(result, line.mapping, batch)
        for _ in range(done):
            line.waiting.popleft()
        if done == len(batch):
            line.attempts = line.size = 0
            line.opened = self._effects.clock.seconds()
            self._again(line)
            return
        line.attempts = 1 if done else line.attempts + 1
        self._failed(result, line, batch[done:])

    def _failed(self, result: InvocationResult | Failure, line: _Line, rest: list[dict[str, Any]]) -> None:
        mapping = line.mapping
        retries, age = mapping.max_retry_attempts, mapping.max_record_age
        old = age not in (None, -1) and self._effects.wall() - _arrived(rest[0]) > float(age)
        if not old and mapping.bisect_on_error and len(rest) > 1:
            # Halving uses up no attempt.
            line.size, line.attempts = (len(rest) + 1) // 2, 0
            self._again(line)
            return
        if not old and (retries in (None, -1) or line.attempts <= int(retries)):
            line.size = line.size or len(rest)
            self._later(min(2.0 ** (line.attempts - 1), LONGEST_BACKOFF), self._again, line)
            return
        self.log.warn("{count} records for {function} are given up", count=len(rest), function=mapping.function_arn)
        target = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if target:
            condition = "RecordAgeExceeded" if old else "RetryAttemptsExhausted"
            told = json.dumps(self._given_up(result, line, rest, condition)).encode()
            self._give_up(mapping.account_id, mapping.region, mapping.function_arn, target, told)
        for _ in rest:
            line.waiting.popleft()
        line.attempts = line.size = 0
        self._again(line)

    def _again(self, line: _Line) -> None:
        line.running = False
        self._advance(line)

    def _given_up(
        self, result: InvocationResult | Failure, line: _Line, rest: list[dict[str, Any]], condition: str
    ) -> dict[str, Any]:
        """The record that a destination gets: where the batch is in the stream, not the batch itself."""
        mapping = line.mapping
        failed = isinstance(result, Failure)
        context: dict[str, Any] = {
            "requestId": self._effects.uuid() if isinstance(result, Failure) else result.request_id,
            "functionArn": mapping.function_arn,
            "condition": condition,
            "approximateInvokeCount": line.attempts,
        }
        answer = {} if isinstance(result, Failure) else {"executedVersion": result.executed_version}
        if not isinstance(result, Failure) and result.function_error:
            answer["functionError"] = result.function_error
        kinesis = ":kinesis:" in mapping.event_source_arn
        return {
            "requestContext": context,
            "responseContext": {"statusCode": 429 if failed else 200, **answer},
            "version": "1.0",
            "timestamp": timestamp(self._effects.wall()),
            "KinesisBatchInfo" if kinesis else "DDBStreamBatchInfo": {
                "shardId": line.shard,
                "startSequenceNumber": _sequence(rest[0]),
                "endSequenceNumber": _sequence(rest[-1]),
                "approximateArrivalOfFirstRecord": timestamp(_arrived(rest[0])),
                "approximateArrivalOfLastRecord": timestamp(_arrived(rest[-1])),
                "batchSize": len(rest),
                "streamArn": mapping.event_source_arn,
            },
        }


def _handled(result: InvocationResult | Failure, mapping: Any, batch: list[dict[str, Any]]) -> int:
    """How many of the batch, from its start, are done with."""
    if isinstance(result, Failure) or result.function_error:
        return 0
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()):
        return len(batch)
    try:
        failures = (json.loads(result.payload) or {}).get("batchItemFailures") or []
        failed = {each["itemIdentifier"] for each in failures}
    except (ValueError, AttributeError, TypeError, KeyError):
        return 0
    numbers = [_sequence(each) for each in batch]
    if not failed:
        return len(batch)
    # From the first that failed on, all comes again; a number nobody knows fails the whole batch.
    return min((numbers.index(each) if each in numbers else 0 for each in failed), default=0)


def _sequence(record: dict[str, Any]) -> str:
    if "kinesis" in record:
        return str(record["kinesis"]["sequenceNumber"])
    return str(record["dynamodb"]["SequenceNumber"])


def _arrived(record: dict[str, Any]) -> float:
    if "kinesis" in record:
        return float(record["kinesis"]["approximateArrivalTimestamp"])
    made = record["dynamodb"].get("ApproximateCreationDateTime", 0)
    return made.timestamp() if isinstance(made, datetime) else float(made)


def _as_record(record: Any, mapping: Any, shard: str) -> dict[str, Any]:
    return kinesis_record(
        stream=mapping.event_source_arn,
        shard=shard,
        partition_key=record.partition_key,
        sequence=str(record.sequence_number),
        data=record.data,
        region=mapping.region,
        at=record.created_at_datetime.replace(tzinfo=UTC).timestamp(),
    )


def _nothing() -> None:
    return None


def install(models: Any, streams: Callable[[], StreamSources]) -> None:
    """Hear of records from moto's Lambda backend, which its streams tell; ``streams`` finds the emulator's."""
    backend = models.LambdaBackend

    def send_kinesis_message(
        self: Any,
        function_name: str,
        kinesis_stream: str,
        kinesis_partition_key: str,
        kinesis_sequence_number: str,
        kinesis_data: str,
        kinesis_shard_id: str,
    ) -> None:
        record = kinesis_record(
            stream=kinesis_stream,
            shard=kinesis_shard_id,
            partition_key=kinesis_partition_key,
            sequence=kinesis_sequence_number,
            data=kinesis_data,
            region=self.region_name,
            at=streams()._effects.wall(),
        )
        # moto's stream knows one of its functions only; all that read it are found here.
        for mapping in list(self._event_source_mappings.values()):
            if mapping.event_source_arn == kinesis_stream and mapping.enabled:
                streams().put(mapping, kinesis_shard_id, [record])

    def send_dynamodb_items(self: Any, function_arn: str, items: list[Any], source: str) -> None:
        for mapping in list(self._event_source_mappings.values()):
            if mapping.event_source_arn == source and mapping.function_arn == function_arn and mapping.enabled:
                # moto hands over the whole shard each time; the last one is what is new.
                records = [stream_record(each, source, self.region_name) for each in items[-1:]]
                streams().put(mapping, _SHARD, records)

    backend.send_kinesis_message = send_kinesis_message
    backend.send_dynamodb_items = send_dynamodb_items
