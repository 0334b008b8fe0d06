"""Step Functions where moto has a gap: StartSyncExecution, and executions that were given no name.

Belongs here: starting an express execution and waiting for its end on the reactor's clock, while others use moto.
Never here: running state machines (moto's interpreter does, on threads of its own).
AWS page: StartSyncExecution in the Step Functions API reference.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from emulator.effects import Effects
from emulator.services import failures
from emulator.services.moto_services import MotoServices
from emulator.wire import Headers, Request, Response

_TARGET = "AWSStepFunctions.StartSyncExecution"
_POLL_SECONDS = 0.01
_LONGEST = 300.0  # an express execution ends after five minutes at most


class _Refused(Exception):
    """Step Functions would not start it: AWS's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@frozen
class _Running:
    machine: Any
    execution: Any
    name: str


class SyncExecutions:
    """StartSyncExecution."""

    def __init__(self, effects: Effects, moto: MotoServices) -> None:
        self._effects = effects
        self._moto = moto

    @staticmethod
    def serves(service: str, request: Request) -> bool:
        return service in ("states", "stepfunctions") and request.headers.last("x-amz-target") == _TARGET

    def request(self, request: Request, *, account: str, region: str) -> Deferred[Response]:
        """The answer, when the execution has ended. Whoever gives up waiting does not stop it, as on AWS."""
        return Deferred.fromCoroutine(self._request(request, account, region))

    async def _request(self, request: Request, account: str, region: str) -> Response:
        request_id = self._effects.uuid()
        try:
            params = orjson.loads(request.body or b"{}")
            name = params.get("name") or self._effects.uuid()
            running: _Running = await self._moto.run(_start, account, region, params, name)
        except (orjson.JSONDecodeError, AttributeError) as error:
            return failures.render(request, "states", 400, "SerializationException", str(error), request_id)
        except _Refused as error:
            return failures.render(request, "states", 400, error.code, error.message, request_id)
        began = self._effects.clock.seconds()
        while running.execution.exec_status == "RUNNING" and self._effects.clock.seconds() - began < _LONGEST:
            await deferLater(self._effects.clock, _POLL_SECONDS)
        took = self._effects.clock.seconds() - began
        body = orjson.dumps(await self._moto.run(_finish, running, took, self._effects.uuid()))
        lines = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", request_id)]
        return Response(status=200, headers=Headers(lines), body=body)


def _start(account: str, region: str, params: dict[str, Any], name: str) -> _Running:
    """On the writer's thread."""
    from moto.core.exceptions import AWSError
    from moto.stepfunctions.responses import get_backend

    backend = get_backend(account, region)
    try:
        machine = backend.describe_state_machine(params.get("stateMachineArn", ""))
        if machine.type != "EXPRESS":
            raise _Refused(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
            )
        execution = backend.start_execution(machine.arn, name, params.get("input", "{}"))
    except AWSError as error:
        raise _Refused(error.error_type or type(error).__name__, error.message or "") from error
    return _Running(machine, execution, name)


def _finish(running: _Running, took: float, execution_id: str) -> dict[str, Any]:
    """On the writer's thread: what the execution came to. Express executions are not listed: it is forgotten."""
    from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

    execution, machine = running.execution, running.machine
    if execution in machine.executions:
        machine.executions.remove(execution)
    status = str(execution.exec_status.value)
    milliseconds = max(100, -(-int(took * 1000) // 100) * 100)
    stopped = execution.stop_date or execution.start_date
    answer: dict[str, Any] = {
        "billingDetails": {"billedDurationInMilliseconds": milliseconds, "billedMemoryUsedInMB": 64},
        "executionArn": machine.arn.replace(":stateMachine:", ":express:") + f":{running.name}:{execution_id}",
        "input": to_json_str(execution.input_data, separators=(",", ":")),
        "inputDetails": {"included": True},
        "name": running.name,
        "outputDetails": {"included": True},
        "startDate": round(execution.start_date.timestamp(), 3),
        "stateMachineArn": machine.arn,
        "status": "TIMED_OUT" if status == "RUNNING" else status,
        "stopDate": round(stopped.timestamp(), 3),
    }
    if status == "SUCCEEDED":
        answer["output"] = to_json_str(execution.output, separators=(",", ":"))
    for member, value in (("error", execution.error), ("cause", execution.cause)):
        if value is not None:
            answer[member] = value
    return answer


def name_executions() -> None:
    """Executions without a name get one, as on AWS; moto calls them all None, and refuses the second.

    Input that is no JSON is refused in AWS's words.
    """
    from moto.moto_api._internal import mock_random
    from moto.stepfunctions.exceptions import InvalidExecutionInput
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    if hasattr(StepFunctionsParserBackend, "_emulator_start"):
        return
    start = StepFunctionsParserBackend._emulator_start = StepFunctionsParserBackend.start_execution

    def start_execution(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **more: Any) -> Any:
        given = args[0] if args else more.get("execution_input")
        if given is not None:
            try:
                json.loads(given)
            except (ValueError, RecursionError) as error:
                raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
        return start(self, state_machine_arn, name or str(mock_random.uuid4()), *args, **more)

    StepFunctionsParserBackend.start_execution = start_execution


def tell_of_stopping() -> None:
    """StopExecution says when, and its error and cause stay with the execution; moto forgets all three."""
    from moto.core.responses import ActionResult
    from moto.core.utils import utcnow
    from moto.stepfunctions.responses import StepFunctionResponse

    def stop_execution(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        if execution.stop_date is not None:
            return ActionResult({"stopDate": execution.stop_date})
        now = utcnow()
        execution.stop(stop_date=now, error=self._get_param("error"), cause=self._get_param("cause"))
        return ActionResult({"stopDate": now})

    StepFunctionResponse.stop_execution = stop_execution
