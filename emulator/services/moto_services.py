"""The other AWS services: moto in this process, off the reactor, one request at a time.

Belongs here: handing a request to moto's own handler and making a ``wire.Response`` of what comes back. Never here:
who may call, or which service a request is for. moto is imported when a service is first asked for, on the writer's
thread; ``patches.py`` mends it before its first use.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from emulator.effects import Effects, settle_heap
from emulator.services import failures
from emulator.services.detect import bucket_of_host
from emulator.services.role_sessions import RoleSessions
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response

_POLL_SECONDS = 0.05

# Signing names and service ids whose host is another name; the host decides which of moto's modules serves.
_HOSTS = {
    "eventbridge": "events",
    "cloudwatch": "monitoring",
    "stepfunctions": "states",
    "ses": "email",
    "cognitoidp": "cognito-idp",
    "cognitoidentity": "cognito-identity",
    "elbv2": "elasticloadbalancing",
    "iotdata": "data.iot",
    "mobiletargeting": "pinpoint",
    "resourcegroupstaggingapi": "tagging",
    "memorydb": "memory-db",
}
_TELL_CALLERS = frozenset(("sts", "iam"))
# Modules that a host alone does not tell apart.
_MODULES = {
    "apigatewayv2": "apigatewayv2",
    "s3-control": "s3control",
    "s3control": "s3control",
    "sesv2": "sesv2",
    "elasticloadbalancing": "elbv2",
    "wafv2": "wafv2",
    "execute-api": "apigatewaymanagementapi",
    "xray": "xray",
}


@frozen
class Dispatched:
    """What moto answered, and for how long SQS's caller is ready to wait for messages that are not there yet."""

    response: Response
    wait: float = 0.0


Route = tuple[re.Pattern[str], Callable[..., Any]]


class MotoServices:
    """moto, asked by requests."""

    log = Logger()

    def __init__(self, effects: Effects, settings: Settings, prepare: Callable[[str], None] | None = None) -> None:
        """``prepare`` runs on the writer's thread: with "" once moto has been imported and mended, then with the name
        of each of its modules before that is first used."""
        self._effects = effects
        self._settings = settings
        self._prepare = prepare
        self._routes: dict[str, list[Route]] = {}
        self._modules: dict[str, str] = {}
        self._ready = False
        self._roles = RoleSessions()
        # Called on the writer's thread with the name of a module before it answers: what must reach it first.
        self.before: list[Callable[[str], None]] = []

    def in_use(self, modules: set[str]) -> bool:
        """Whether one of the modules has been asked for."""
        return not modules.isdisjoint(self._routes)

    @property
    def touched(self) -> list[str]:
        """The services that have been asked for, as moto names its modules."""
        return sorted(self._routes)

    def request(
        self, service: str, request: Request, *, account: str, region: str, principal: str = ""
    ) -> Deferred[Response]:
        """The service's answer. Never fails: what moto raises is rendered as the service would.

        ``principal`` is the caller's access key, or the ARN of the role it is called for.
        """
        return Deferred.fromCoroutine(self._request(service, request, account, region, principal))

    async def _request(self, service: str, request: Request, account: str, region: str, principal: str) -> Response:
        asked = (self._dispatch, service, request, account, region, principal)
        first = await self._effects.in_writer(*asked)
        answer = first
        deadline = self._effects.clock.seconds() + first.wait
        while answer.wait > 0 and self._effects.clock.seconds() < deadline:
            await deferLater(self._effects.clock, _POLL_SECONDS)
            answer = await self._effects.in_writer(*asked)
        return answer.response

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
        """Run ``function`` on the writer's thread with moto ready: for what talks to moto's backends directly."""
        return self._effects.in_writer(self._run, function, args, kwargs)

    def _run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self.ready()
        return function(*args, **kwargs)

    def reset(self) -> Deferred[None]:
        """Empty every service that was touched."""
        return self._effects.in_writer(self._reset)

    # On the writer's thread.

    def ready(self) -> None:
        """Import and mend moto, once."""
        if self._ready:
            return
        os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"
        # AWS's own policies can be attached (AWSLambdaBasicExecutionRole); made when IAM is first used, in 0.1 s.
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        os.environ.setdefault("AWS_DEFAULT_REGION", self._settings.region)
        from emulator.services import patches

        patches.apply_to_core(self._settings.region, self._settings.account_id)
        self._ready = True
        if self._prepare is not None:
            self._prepare("")

    def _reset(self) -> None:
        if not self._ready:
            return
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()

    def _dispatch(self, service: str, request: Request, account: str, region: str, principal: str) -> Dispatched:
        self.ready()
        try:
            module = self._module(service, request)
        except LookupError:
            return self._failed(request, service, 501, "NotImplemented", f"The service {service} is not emulated")
        try:
            routes = self._routes_of(module)
            for tell in self.before:
                tell(module)
            return self._call(routes, service, request, account, region, principal)
        except NotImplementedError as error:
            text = str(error) or f"This operation of {service} is not emulated"
            return self._failed(request, service, 501, "NotImplemented", text)
        except Exception:  # moto's own defects must not look like ours, nor as HTML: told as AWS tells its own
            self.log.failure(
                "moto failed on {method} {path} of {service}",
                method=request.method,
                path=request.raw_path,
                service=service,
            )
            return self._failed(
                request, service, 500, "InternalFailure", f"{service} failed in the emulator; its log has the reason"
            )

    def _call(
        self, routes: list[Route], service: str, request: Request, account: str, region: str, principal: str
    ) -> Dispatched:
        from botocore.exceptions import ClientError
        from moto.core.exceptions import HTTPException

        from emulator.services import patches

        path = request.raw_path.decode("latin-1")
        serve = next((each for pattern, each in routes if pattern.match(path)), None)
        if serve is None and _names_action(request):
            # The action is all that counts then: AWS takes any path (sns:path/123456789012/topic).
            serve = next((each for pattern, each in routes if pattern.match("/")), None)
            request = evolve(request, raw_path=b"/")
        if serve is None:
            return self._failed(
                request, service, 404, "UnknownOperationException", f"{request.method} {path} is nothing of {service}"
            )
        made = _moto_request(request, service, account, region, self._key(service, region, principal))
        patches.begin(region, role=principal if ":" in principal else "", request=request)
        try:
            result = serve(made, made.raw_url, made.headers)
        except HTTPException as error:
            return Dispatched(_response(error.code or 400, dict(error.get_headers()), error.get_body()))
        except ClientError as error:
            problem = error.response["Error"]
            return self._failed(request, service, 400, problem["Code"], problem["Message"])
        finally:
            wait = patches.end()
            # It knows itself by way of its environ: its body would wait for the garbage collector.
            made.__dict__.clear()
        if not (isinstance(result, tuple) and len(result) == 3):
            result = 200, {}, result
        return Dispatched(_response(*result), wait)

    def _key(self, service: str, region: str, principal: str) -> str:
        """The access key to call moto with. Only IAM and STS tell their callers who they are."""
        if ":" not in principal:
            return principal
        return self._roles.access_key(principal, region) if service in _TELL_CALLERS else ""

    def _failed(self, request: Request, service: str, status: int, code: str, message: str) -> Dispatched:
        return Dispatched(failures.render(request, service, status, code, message, self._effects.uuid()))

    def _routes_of(self, module: str) -> list[Route]:
        """The handlers of one of moto's modules by path; imported and mended at first."""
        routes = self._routes.get(module)
        if routes is None:
            from emulator.services import patches

            urls = importlib.import_module(f"moto.{module}.urls")
            importlib.import_module(f"moto.{module}.models")
            patches.apply_to_service(module)
            if self._prepare is not None:
                self._prepare(module)
            routes = self._routes[module] = [
                (re.compile(path.format("").rstrip("$") + "$"), serve) for path, serve in urls.url_paths.items()
            ]
            settle_heap()
        return routes

    def _module(self, service: str, request: Request) -> str:
        """Which of moto's modules serves: by the service's host, as moto's index of hosts has it.

        Raises LookupError for a service moto does not have.
        """
        target = request.headers.first("x-amz-target") or ""
        if service == "dynamodb":
            return "dynamodbstreams" if target.startswith("DynamoDBStreams") else "dynamodb"
        if service == "elasticloadbalancing" and _version(request) == "2012-06-01":
            return "elb"
        if service in {"ses", "email"} and request.raw_path.startswith(b"/v2/"):
            return "sesv2"
        if service == "s3" and request.raw_path.startswith(b"/v20180820/"):
            return "s3control"
        if service in _MODULES:
            return _MODULES[service]
        known = self._modules.get(service)
        if known is None:
            from moto import backend_index

            host = _HOSTS.get(service, service)
            for url in (f"https://{host}.us-east-1.amazonaws.com", f"https://{host}.amazonaws.com"):
                for module, pattern in backend_index.backend_url_patterns:
                    if pattern.match(url):
                        self._modules[service] = module
                        return str(module)
            raise LookupError(service)
        return known


def _version(request: Request) -> str:
    found = re.search(rb"(?:^|&)Version=([0-9-]+)", request.raw_query + b"&" + request.body[:65536])
    return found[1].decode() if found else ""


def _names_action(request: Request) -> bool:
    """Whether the request is of a protocol that names actions, not paths."""
    return "x-amz-target" in request.headers or b"Action=" in request.raw_query or request.body.startswith(b"Action=")


def _moto_request(request: Request, service: str, account: str, region: str, access_key: str) -> Any:
    from moto.core.request import Request as MotoRequest

    host = request.host or "localhost"
    if service == "s3":
        bucket = bucket_of_host(host)
        # moto tells virtual hosts from path style by amazonaws.com.
        host = f"{bucket}.s3.{region}.amazonaws.com" if bucket else f"s3.{region}.amazonaws.com"
    raw_query = _UNNUMBERED.sub(_numbered, request.raw_query) if service == "sqs" else request.raw_query
    query = b"?" + raw_query if raw_query else b""
    url = f"{request.scheme}://{host}" + (request.raw_path + query).decode("latin-1")
    headers: dict[str, str] = {}
    for name, value in request.headers.lines:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    headers.pop("content-length", None)
    is_json = headers.get("content-type", "").startswith(("application/json", "application/x-amz-json"))
    if is_json and "x-amz-target" not in headers and (not request.body or service in failures.REST_XML):
        # moto takes the media type's word for the protocol; API Gateway says JSON of whatever it sends.
        del headers["content-type"]
    headers["host"] = host
    headers["x-moto-account-id"] = account
    if "authorization" not in headers and "X-Amz-Credential" not in url:
        key = access_key or account
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={key}/20000101/{region}/{service}/aws4_request, "
            "SignedHeaders=host, Signature=0"
        )
    body = request.body
    if service == "sqs" and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = _UNNUMBERED.sub(_numbered, body)
    return MotoRequest.from_primitives(request.method, url, headers, body)


# SQS takes a list of one without its number: AttributeName=All, Attribute.Name=VisibilityTimeout.
_UNNUMBERED = re.compile(
    rb"(?:(?<=&)|^)(AttributeName|MessageAttributeName|MessageSystemAttributeName|TagKey|Attribute(?=\.)|"
    rb"MessageAttribute(?=\.)|Tag(?=\.))(?=(=|\.[A-Z]))"
)


def _numbered(found: re.Match[bytes]) -> bytes:
    return found[1] + b".1"


_DROPPED = frozenset({"status", "content-length", "connection", "transfer-encoding", "date", "server"})


def _response(status: int, headers: Any, body: Any) -> Response:
    pairs = headers.items() if hasattr(headers, "items") else headers
    lines = []
    for name, value in pairs:
        lowered = str(name).lower()
        if lowered == "content-length" and not body:
            lines.append(("Content-Length", str(value)))  # an answer to HEAD says what GET would bring
        elif lowered not in _DROPPED:
            for each in value if isinstance(value, (list, tuple)) else (value,):
                lines.append((str(name), str(each)))
    if body is None:
        raw = b""
    elif isinstance(body, str):
        raw = body.encode()
    elif isinstance(body, (bytes, bytearray)):
        raw = bytes(body)
    else:
        raw = b"".join(part if isinstance(part, bytes) else str(part).encode() for part in body)
    return Response(status=int(status), headers=Headers(lines), body=raw)
