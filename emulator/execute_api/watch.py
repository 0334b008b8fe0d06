"""Watch: tells CloudWatch and X-Ray about finished requests, off the hot path and in batches.

Belongs here: collecting for a moment, formatting, handing on. Never here: formats (``observe``), other services.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from emulator.effects import Effects
from emulator.execute_api.access_values import access_values
from emulator.execute_api.context import has
from emulator.execute_api.execution import execution_of, observation_of
from emulator.execute_api.invocation import Invocation
from emulator.observe import execution_log, xray
from emulator.observe.access_log import AccessLogFormat, destination
from emulator.observe.metrics import NAMESPACE, Tally
from emulator.observe.sinks import LogSink, MetricSink, TraceSink
from emulator.wire import Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

# Seconds that observations wait for company, and how many requests may wait.
FLUSH_SECONDS = 0.5
MAX_WAITING = 200
MAX_COUNTED = 10_000

_Finished = tuple[Invocation, Response, float]


class Watch:
    """An observer of the gateway. Sinks that are None are not told."""

    def __init__(
        self,
        effects: Effects,
        logs: LogSink | None = None,
        metrics: MetricSink | None = None,
        traces: TraceSink | None = None,
    ) -> None:
        self._effects = effects
        self._logs = logs
        self._metrics = metrics
        self._traces = traces
        self._waiting: list[_Finished] = []
        self._call = None
        self._tally = Tally()
        self._formats: dict[str, AccessLogFormat] = {}

    def finished(self, invocation: Invocation, gateway: Gateway) -> None:
        """Remember a finished request until the next flush; requests that found no stage belong to nobody."""
        reply = invocation.reply
        if reply is None or not has(invocation, "stage"):
            return
        ended = self._effects.clock.seconds()
        if self._metrics is not None:
            self._tally.add(observation_of(invocation, reply, int((ended - invocation.started) * 1000)))
        # Most stages log nothing: their invocations are not kept.
        if _tells_more(invocation):
            self._waiting.append((invocation, reply, ended))
        if len(self._waiting) >= MAX_WAITING or len(self._tally) >= MAX_COUNTED:
            self.flush()
        elif self._call is None:
            self._call = self._effects.clock.callLater(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Hand on everything that waits."""
        self.stop()
        waiting, self._waiting = self._waiting, []
        events: dict[tuple[str, str, str, str], list[tuple[int, str]]] = {}
        for invocation, reply, ended in waiting:
            latency = int((ended - invocation.started) * 1000)
            if self._logs is not None:
                self._execution(invocation, reply, events)
                self._access(invocation, reply, latency, events)
            if self._traces is not None:
                self._trace(invocation, reply, ended)
        if self._logs is not None:
            for (account, region, group, stream), lines in events.items():
                self._logs.put_log_events(account, region, group, stream, lines)
        if self._metrics is not None:
            for account, region, data in self._tally.take(self._effects.wall()):
                self._metrics.put_metrics(account, region, NAMESPACE, data)

    def stop(self) -> None:
        """Cancel the pending flush."""
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def _execution(
        self, invocation: Invocation, reply: Response, events: dict[tuple[str, str, str, str], list[tuple[int, str]]]
    ) -> None:
        if not has(invocation, "method"):
            return
        settings = invocation.stage.settings(invocation.method, invocation.request.method)
        if settings.logging_level == "OFF":
            return
        execution = execution_of(invocation, reply)
        if settings.logging_level == "ERROR" and not (execution.failure or execution.response_type):
            return
        deployment, stage = invocation.deployment, invocation.stage.name
        group = execution_log.group(deployment.api_id, stage)
        at = int(invocation.epoch * 1000)
        texts = execution_log.for_cloudwatch(execution, settings.logging_level, settings.data_trace)
        for each in _groups(group, invocation):
            key = (deployment.account, deployment.region, each, _stream(each))
            events.setdefault(key, []).extend((at, text) for text in texts)

    def _access(
        self,
        invocation: Invocation,
        reply: Response,
        latency: int,
        events: dict[tuple[str, str, str, str], list[tuple[int, str]]],
    ) -> None:
        assert self._logs is not None
        settings = invocation.stage.record.get("accessLogSettings") or {}
        source, arn = settings.get("format"), settings.get("destinationArn")
        if not source or not arn:
            return
        where = destination(arn)
        if where is None:
            return
        known = self._formats.get(source)
        if known is None:
            known = self._formats[source] = AccessLogFormat(source)
        line = known.line(access_values(invocation, reply, latency))
        if where.kind == "firehose":
            self._logs.put_records(where.account, where.region, where.name, [line.encode() + b"\n"])
        else:
            for name in _groups(where.name, invocation):
                key = (where.account, where.region, name, _stream(f"{invocation.deployment.api_id}/{name}"))
                events.setdefault(key, []).append((int(invocation.epoch * 1000), line))

    def _trace(self, invocation: Invocation, reply: Response, ended: float) -> None:
        assert self._traces is not None
        if not invocation.stage.record.get("tracingEnabled") or "Sampled=1" not in invocation.trace_id:
            return
        deployment, request = invocation.deployment, invocation.request
        backend, began = "", 0.0
        if has(invocation, "answer") and invocation.integration_request.type != "MOCK":
            kind = invocation.integration_request.type
            backend = "Lambda" if kind == "AWS_PROXY" else kind
            began = invocation.epoch
        seconds = ended - invocation.started
        ours = xray.parts(invocation.trace_id).get("Parent", "")
        sent = "parent=" in (request.headers.last("x-amzn-trace-id") or "").lower()
        took = invocation.integration_latency / 1000 if backend else 0.0
        document = xray.segment(
            xray.Traced(
                trace_header=invocation.trace_id,
                segment_id=self._effects.hex(16) if sent else ours,
                parent_id=ours if sent else "",
                api_id=deployment.api_id,
                api_name=deployment.name,
                stage=invocation.stage.name,
                account=deployment.account,
                request_id=invocation.request_id,
                method=request.method,
                url=f"{request.scheme}://{invocation.domain_name}{invocation.request_path}",
                client_ip=request.source_ip,
                user_agent=request.headers.last("user-agent") or "",
                status=reply.status,
                started=invocation.epoch,
                ended=invocation.epoch + seconds,
                backend=backend,
                backend_id=self._effects.hex(16),
                backend_started=began,
                backend_ended=began + took,
            )
        )
        self._traces.put_trace_segments(deployment.account, deployment.region, [document])


def _tells_more(invocation: Invocation) -> bool:
    """Whether the stage has logs or traces of its requests."""
    record = invocation.stage.record
    if record.get("accessLogSettings") or record.get("tracingEnabled"):
        return True
    if not has(invocation, "method"):
        return False
    return bool(invocation.stage.settings(invocation.method, invocation.request.method).logging_level != "OFF")


def _groups(name: str, invocation: Invocation) -> tuple[str, ...]:
    """The log groups a request goes to: the canary's requests are in the stage's and in the canary's own."""
    return (name, f"{name}/Canary") if invocation.is_canary else (name,)


def _stream(name: str) -> str:
    """A stream's name: a hash, as API Gateway's are."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
