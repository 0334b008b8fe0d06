"""What the runtime knows of a function: a frozen value, and the seam it is found through.

Belongs here: the function's record as the runtime needs it, and the errors of asking for one. Never here: where
functions are kept (``services/lambda_functions.py``), and how one is run (``pool.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from attrs import Factory, field, frozen

from emulator.errors import ControlError


class LambdaError(ControlError):
    """An error of Lambda's Invoke API. ``error_type`` tells whose fault it is (the body's ``Type``): User or Server."""

    status = 400
    error_type = "User"


class FunctionNotFound(LambdaError):
    """No such function, version or alias; carries the ARN that was looked for."""

    status = 404

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")

    @property
    def code(self) -> str:
        return "ResourceNotFoundException"


class InvokeThrottled(LambdaError):
    """The function's reserved concurrency is used up (``TooManyRequestsException``)."""

    status = 429

    def __init__(
        self,
        message: str = "Rate Exceeded.",
        *,
        reason: str = "ReservedFunctionConcurrentInvocationLimitExceeded",
    ) -> None:
        super().__init__(message, Reason=reason)

    @property
    def code(self) -> str:
        return "TooManyRequestsException"


class InvalidParameterValueException(LambdaError):
    status = 400


class InvalidRequestContentException(LambdaError):
    status = 400


class RequestTooLargeException(LambdaError):
    status = 413


class InvalidRuntimeException(LambdaError):
    """The runtime cannot be had on this machine (or is not one of ours)."""

    status = 502
    error_type = "Server"


class InvalidZipFileException(LambdaError):
    """The deployment package is no zip archive, or one that must not be unpacked."""

    status = 502
    error_type = "Server"


class ServiceException(LambdaError):
    """The emulator could not run the function: no space for its code, no process to be had, shutting down."""

    status = 500
    error_type = "Server"


@frozen
class Layer:
    """One layer version: its zip archive and the hash that names it."""

    arn: str
    code_sha256: str
    code: bytes = field(repr=False, eq=False)


@frozen(kw_only=True)
class EventSettings:
    """What an asynchronous invocation does on failure (AWS's EventInvokeConfig and dead-letter queue)."""

    retries: int = 2
    max_age: int = 21_600  # seconds
    on_success: str | None = None  # ARN of the destination
    on_failure: str | None = None
    dead_letter: str | None = None


@frozen(kw_only=True)
class Function:
    """One version of a function, ready to be run.

    ``arn`` is unqualified; ``qualifier`` is what the caller asked for (an alias, a version) and ends
    ``invoked_arn``. ``timeout`` in seconds, ``memory_mb`` in MB. ``code`` is the zip archive.
    ``reserved_concurrency``: None for no limit, 0 to refuse every call.
    """

    arn: str
    name: str
    version: str = "$LATEST"
    qualifier: str | None = None
    account: str
    region: str
    runtime: str
    handler: str
    timeout: int = 3
    memory_mb: int = 128
    environment: Mapping[str, str] = field(factory=dict, repr=False)
    role: str = ""
    code: bytes = field(repr=False, eq=False)
    code_sha256: str = Factory(lambda self: hashlib.sha256(self.code).hexdigest(), takes_self=True)
    layers: tuple[Layer, ...] = ()
    log_group: str = ""
    log_format: str = "Text"
    log_level: str = ""  # of the function's own JSON lines; empty for Text, where nothing is left out
    package_type: str = "Zip"
    tracing: str = "PassThrough"
    reserved_concurrency: int | None = None
    events: EventSettings = EventSettings()
    modified: str = ""  # changes with every update: workers of before are not used again
    revision: str = field(
        init=False,
        repr=False,
        default=Factory(lambda self: self._revision(), takes_self=True),
    )

    @property
    def invoked_arn(self) -> str:
        """The ARN the function sees in its context: qualified as the caller qualified it."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn

    def _revision(self) -> str:
        """Names everything a worker is started with: workers of one revision serve each other's calls."""
        parts = (
            self.arn,
            self.version,
            self.runtime,
            self.handler,
            self.timeout,
            self.memory_mb,
            sorted(self.environment.items()),
            self.role,
            self.code_sha256,
            [each.code_sha256 for each in self.layers],
            self.log_group,
            self.log_format,
            self.log_level,
            self.package_type,
            self.modified,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()


class FunctionSource(Protocol):
    """Where functions are found."""

    def resolve(self, account: str, region: str, name_or_arn: str, qualifier: str | None) -> Function:
        """The function by name, partial ARN or ARN in any form AWS accepts; an alias's weights are drawn here.

        Raises FunctionNotFound; never blocks (called on the reactor).
        """
