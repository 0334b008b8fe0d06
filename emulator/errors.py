"""Every error a caller may see, under one root.

Belongs here: the two families (control plane: AWS's modelled exceptions; data plane: the gateway responses)
and nothing that renders them. Never here: exceptions that stay inside one package.

An exception outside this family is a bug of ours: it is logged with its traceback and answered 500.
"""

from __future__ import annotations

from typing import ClassVar


class EmulatorError(Exception):
    """The root: whatever is raised on purpose for a caller to see."""


class ControlError(EmulatorError):
    """An error of the control plane: the class name is the wire code (``x-amzn-ErrorType``).

    ``message`` is AWS's text; ``extra`` are further members of the error's body (``retryAfterSeconds``).
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra

    @property
    def code(self) -> str:
        """The AWS error code, such as ``NotFoundException``."""
        return type(self).__name__


class BadRequestException(ControlError):
    status = 400


class ValidationException(ControlError):
    """Input that breaks a constraint of the service model (``1 validation error detected: …``)."""

    status = 400


class SerializationException(ControlError):
    """Input that is not the shape it should be (bad JSON, a string for a list)."""

    status = 400


class UnauthorizedException(ControlError):
    status = 401


class AccessDeniedException(ControlError):
    status = 403


class NotFoundException(ControlError):
    status = 404


class ConflictException(ControlError):
    status = 409


class LimitExceededException(ControlError):
    status = 429


class TooManyRequestsException(ControlError):
    status = 429


class ServiceUnavailableException(ControlError):
    status = 503


class NotImplementedByEmulator(ControlError):
    """An operation or option that is not there: answered 501 with its name, never a 500."""

    status = 501

    @property
    def code(self) -> str:
        return "NotImplemented"


class GatewayError(EmulatorError):
    """A failing check or step on the request path: one of the 21 gateway response types.

    ``message`` becomes ``$context.error.message``; None prints ``null``. ``status`` overrides the type's own status
    where AWS answers another (a 502 for a bad Lambda reply is API_CONFIGURATION_ERROR's family);
    ``error_type`` is the ``x-amzn-ErrorType`` header where it is not the type's own.
    ``log`` is the line for the execution log (``Execution failed due to …``). See ``execute_api/gateway_response.py``.
    """

    def __init__(
        self,
        response_type: str,
        message: str | None = "",
        *,
        status: int | None = None,
        error_type: str | None = None,
        validation_error: str | None = None,
        log: str | None = None,
        default_message: bool = True,
    ) -> None:
        super().__init__(response_type, message)
        self.response_type = response_type
        # "" with default_message: the type's own text (execute_api.gateway_response's table).
        self.message = message
        self.default_message = default_message and message == ""
        self.status = status
        self.error_type = error_type
        self.validation_error = validation_error
        self.log = log


class ServiceError(EmulatorError):
    """Another AWS service refused a call: its error code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
