"""moto's Lambda, mended: what it would run in Docker runs in our pool, and creating a function is checked as on AWS.

Belongs here: changes to moto's Lambda classes. Never here: event sources (``lambda_sources.py``), the Invoke API as
clients call it (``lambda_api.py``). ``install`` runs on the writer's thread.
"""

from __future__ import annotations

import base64
import functools
import io
import re
import zipfile
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from emulator.effects import Effects
from emulator.lambda_runtime.functions import FunctionNotFound, InvalidRuntimeException, LambdaError
from emulator.lambda_runtime.interpreters import Interpreters
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.pool import LambdaPool
from emulator.services.lambda_checks import refuse_configuration
from emulator.services.lambda_functions import MotoFunctionSource
from emulator.services.lambda_sources import LambdaSources

_MAX_UNZIPPED = 262_144_000
_NO_OBJECT = (
    "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
)
_NOT_A_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


@define
class _Installed:
    """moto's classes are patched once per process; they call whichever emulator was assembled last."""

    hooks: LambdaHooks | None = None


_installed = _Installed()


class LambdaHooks:
    """What moto's Lambda does through us."""

    log = Logger()

    def __init__(
        self,
        effects: Effects,
        pool: LambdaPool,
        source: MotoFunctionSource,
        sources: LambdaSources,
        interpreters: Interpreters,
    ) -> None:
        self.effects = effects
        self.pool = pool
        self.source = source
        self.sources = sources
        self.interpreters = interpreters

    def install(self) -> None:
        """Take over moto's Lambda for this process. Imports it: on the writer's thread only."""
        _installed.hooks = self
        from moto.awslambda import models

        if not hasattr(models.LambdaFunction, "_runs_in_pool"):
            models.LambdaFunction._runs_in_pool = True
            _patch_invoking(models)
            _patch_creating(models)
        self.sources.install()

    # Called by moto, on the writer's thread or on one of its own

    def call(self, account: str, region: str, name: str, qualifier: str | None, body: Any) -> InvocationResult:
        """Run a function and wait for it."""
        payload = _bytes(body)

        def on_reactor() -> Deferred[InvocationResult]:
            return self.pool.invoke(self.source.resolve(account, region, name, qualifier), payload)

        wait = self.effects.wait_for if self.effects.on_writer() else self.effects.wait_in_thread
        result: InvocationResult = wait(on_reactor)
        return result

    def event(self, account: str, region: str, name: str, qualifier: str | None, body: Any) -> None:
        """Hand an event to a function, without waiting."""
        self.effects.from_thread(self._accept, account, region, name, qualifier, _bytes(body))

    def _accept(self, account: str, region: str, name: str, qualifier: str | None, payload: bytes) -> None:
        try:
            self.pool.invoke_async(self.source.resolve(account, region, name, qualifier), payload)
        except LambdaError as error:
            self.log.warn("An event for {name} is lost: {problem}", name=name, problem=error)

    def state_reason(self, runtime: str) -> str:
        """What GetFunction should tell of the runtime: empty when all is as asked for."""
        found = self.interpreters.search_now(runtime)
        if isinstance(found, InvalidRuntimeException):
            return found.message
        return found.warning

    def check_runtime(self, runtime: str) -> str:
        """A reason to refuse a function of this runtime, or an empty text."""
        if runtime not in _RUNTIMES:
            names = ", ".join(sorted(_RUNTIMES))
            return (
                f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                f"[{names}] or be a valid ARN"
            )
        found = self.interpreters.search_now(runtime)
        if self.interpreters.strict and isinstance(found, InvalidRuntimeException):
            return found.message
        return ""


# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, Runtime
_VERSIONS = {
    "nodejs": ("", "4.3", "4.3-edge", "6.10", "8.10", *(f"{each}.x" for each in range(10, 25, 2))),
    "java": ("8", "8.al2", "11", "17", "21", "25"),
    "python": ("2.7", *(f"3.{each}" for each in range(6, 15))),
    "dotnetcore": ("1.0", "2.0", "2.1", "3.1"),
    "dotnet": ("6", "8", "10"),
    "go": ("1.x",),
    "ruby": ("2.5", "2.7", "3.2", "3.3", "3.4"),
    "provided": ("", ".al2", ".al2023"),
}
_RUNTIMES = frozenset(family + version for family, versions in _VERSIONS.items() for version in versions)


def _hooks() -> LambdaHooks:
    hooks = _installed.hooks
    assert hooks is not None
    return hooks


def _bytes(body: Any) -> bytes:
    if body is None or body == "":
        return b"{}"
    return body if isinstance(body, bytes) else str(body).encode()


def _patch_invoking(models: Any) -> None:
    def invoke_backend(
        self: Any, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        self.get_function(function_name, qualifier)  # moto's own error when there is none
        kind = (headers or {}).get("X-Amz-Invocation-Type") or (headers or {}).get("x-amz-invocation-type")
        if kind == "DryRun":
            return b""
        # Without headers it is another service that calls: as an event, as they all do on AWS.
        if kind == "Event" or not headers:
            _hooks().event(self.account_id, self.region_name, function_name, qualifier, body)
            return b""
        try:
            result = _hooks().call(self.account_id, self.region_name, function_name, qualifier, body)
        except FunctionNotFound as error:
            raise models.UnknownFunctionException(error.message.partition(": ")[2]) from error
        except LambdaError as error:
            raise models.RESTError(error.code, error.message) from error
        response_headers["x-amz-executed-version"] = result.executed_version
        response_headers["x-amz-log-result"] = base64.b64encode(result.log_tail).decode()
        if result.function_error:
            response_headers["x-amz-function-error"] = result.function_error
        response_headers["Content-Length"] = str(len(result.payload))
        return result.payload

    def invoke_function(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        version = str(self.version)
        qualifier = version if version.isdigit() and ":" in self.function_arn.split(":function:")[-1] else None
        _hooks().event(self.account_id, self.region, self.function_name, qualifier, body)
        return b""

    from moto.awslambda.responses import LambdaResponse

    answer = LambdaResponse.invoke

    @functools.wraps(answer)
    def invoke_response(self: Any) -> Any:
        # moto looks for the parameter in lower case, and never finds it.
        if "Qualifier" in self.querystring:
            self.querystring["qualifier"] = self.querystring["Qualifier"]
        return answer(self)

    LambdaResponse.invoke = invoke_response
    models.LambdaBackend.invoke = invoke_backend
    models.LambdaFunction.invoke = invoke_function


def _patch_creating(models: Any) -> None:
    _patch_record(models)
    _patch_code(models)
    _patch_roles(models)


def _patch_record(models: Any) -> None:
    """A function's record: its runtime is checked, and what moto drops is kept and shown."""
    function = models.LambdaFunction
    make, show, update = function.__init__, function.get_configuration, function.update_configuration

    @functools.wraps(make)
    def init(self: Any, account_id: str, spec: dict[str, Any], region: str, version: Any = 1) -> None:
        _check(models, spec, creating=True)
        runtime = spec.get("Runtime")
        if runtime and spec.get("PackageType", "Zip") == "Zip":
            refusal = _hooks().check_runtime(runtime)
            if refusal:
                raise models.InvalidParameterValueException(refusal)
        make(self, account_id, spec, region, version)
        self.dead_letter_config = spec.get("DeadLetterConfig")
        self.logging_config = spec.get("LoggingConfig")

    @functools.wraps(show)
    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        config: dict[str, Any] = show(self, on_create)
        if getattr(self, "dead_letter_config", None):
            config["DeadLetterConfig"] = self.dead_letter_config
        logging = getattr(self, "logging_config", None) or {}
        config["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}", **logging}
        reason = _hooks().state_reason(self.run_time) if self.run_time and self.package_type == "Zip" else ""
        if reason:
            config["StateReason"] = reason
        return config

    @functools.wraps(update)
    def update_configuration(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        _check(models, config_updates, creating=False)
        for key, name in _KEPT.items():
            if key in config_updates:
                setattr(self, name, config_updates[key])
        self.last_modified = models.iso_8601_datetime_with_nanoseconds()
        result: dict[str, Any] = update(self, config_updates)
        return result

    function.__init__ = init
    function.get_configuration = get_configuration
    function.update_configuration = update_configuration


def _check(models: Any, spec: dict[str, Any], *, creating: bool) -> None:
    refusal = refuse_configuration(spec, creating=creating)
    if refusal is not None:
        raise models.LambdaClientError(refusal.code, refusal.message)


_KEPT = {
    "DeadLetterConfig": "dead_letter_config",
    "LoggingConfig": "logging_config",
    "TracingConfig": "tracing_config",
}


def _patch_code(models: Any) -> None:
    """A deployment package is looked at before it is accepted."""
    original = models.LambdaFunction._set_function_code

    @functools.wraps(original)
    def set_code(self: Any, updated_spec: dict[str, Any]) -> None:
        kept = {name: self.__dict__[name] for name in _CODE_FIELDS if name in self.__dict__}
        original(self, updated_spec)
        if not ("ZipFile" in updated_spec or "S3Key" in updated_spec) or updated_spec.get("DryRun"):
            return
        code = getattr(self, "code_bytes", b"")
        refusal = _NO_OBJECT if not code and "S3Key" in updated_spec else refuse_archive(code)
        if refusal:
            self.__dict__.update(kept)
            raise models.InvalidParameterValueException(refusal)
        self.last_modified = models.iso_8601_datetime_with_nanoseconds()
        if "ZipFile" in self.code:
            self.code["ZipFile"] = b""  # moto would keep the archive a second time, in base64

    models.LambdaFunction._set_function_code = set_code


def _patch_roles(models: Any) -> None:
    """A role nobody has made will do; one of a wrong form or of another account will not."""
    put = models.LambdaStorage.put_function

    @functools.wraps(put)
    def put_function(self: Any, fn: Any) -> None:
        valid = re.match(models.InvalidRoleFormat.pattern, fn.role)
        if not valid:
            raise models.InvalidRoleFormat(fn.role)
        if valid.group(2) != self.account_id:
            raise models.CrossAccountNotAllowed()
        try:
            put(self, fn)
        except models.InvalidParameterValueException:
            # Locally nobody makes roles before functions; AWS would refuse here.
            _hooks().log.warn(
                "The role {role} of {function} does not exist; accepted all the same",
                role=fn.role,
                function=fn.function_name,
            )
            entry = self._functions.setdefault(fn.function_name, {"latest": fn, "versions": []})
            entry["latest"] = fn
            self._arns[fn.function_arn] = fn

    models.LambdaStorage.put_function = put_function


_CODE_FIELDS = ("code_bytes", "code_size", "code_sha_256", "code_digest")


def refuse_archive(archive: bytes) -> str:
    """AWS's reason to refuse a deployment package; an empty text when there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _NOT_A_ZIP
    if not members:
        return "Uploaded file must be a non-empty zip"
    if sum(each.file_size for each in members) > _MAX_UNZIPPED:
        return f"Unzipped size must be smaller than {_MAX_UNZIPPED} bytes"
    return ""
