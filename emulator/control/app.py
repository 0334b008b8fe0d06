"""The control plane's application: from a request to the operation that serves it, and back.

Belongs here: the table of operations, the one place where errors become AWS's JSON, the headers every answer has,
and the Klein face. Never here: an operation's rules.

The routes are generated from the model (``codec.Codec``), one per operation, and matched on the raw path: Klein's
named routes answer 308 to ``//`` and take ``%2F`` apart, which the ARNs in ``/tags/{arn}`` do not survive. So the
front's Klein resource hands over the request as it came.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from emulator.control.call import Call, CallEvent, DataPlane, Principal, Services
from emulator.control.codec import Codec, Operation, error_response, shared
from emulator.effects import Effects
from emulator.errors import ControlError, NotImplementedByEmulator
from emulator.settings import Settings
from emulator.store.records import Record
from emulator.store.store import Store
from emulator.wire import Headers, Request, Response

# The module of this package that serves each operation, by the function named as botocore names it in snake case.
_BY_MODULE = {
    "account": "GetAccount UpdateAccount",
    "api_keys": "CreateApiKey DeleteApiKey GetApiKey GetApiKeys ImportApiKeys UpdateApiKey",
    "authorizers": "CreateAuthorizer DeleteAuthorizer FlushStageAuthorizersCache GetAuthorizer GetAuthorizers "
    "UpdateAuthorizer",
    "client_certificates": "DeleteClientCertificate GenerateClientCertificate GetClientCertificate "
    "GetClientCertificates UpdateClientCertificate",
    "deployments": "CreateDeployment DeleteDeployment GetDeployment GetDeployments UpdateDeployment",
    "documentation": "CreateDocumentationPart CreateDocumentationVersion DeleteDocumentationPart "
    "DeleteDocumentationVersion GetDocumentationPart GetDocumentationParts GetDocumentationVersion "
    "GetDocumentationVersions ImportDocumentationParts UpdateDocumentationPart UpdateDocumentationVersion",
    "domains": "CreateDomainName DeleteDomainName GetDomainName GetDomainNames UpdateDomainName",
    "base_path_mappings": "CreateBasePathMapping DeleteBasePathMapping GetBasePathMapping GetBasePathMappings "
    "UpdateBasePathMapping",
    "access_associations": "CreateDomainNameAccessAssociation DeleteDomainNameAccessAssociation "
    "GetDomainNameAccessAssociations RejectDomainNameAccessAssociation",
    "exports": "GetExport GetSdk GetSdkType GetSdkTypes",
    "gateway_responses": "DeleteGatewayResponse GetGatewayResponse GetGatewayResponses PutGatewayResponse "
    "UpdateGatewayResponse",
    "imports": "ImportRestApi PutRestApi",
    "integrations": "DeleteIntegration DeleteIntegrationResponse GetIntegration GetIntegrationResponse "
    "PutIntegration PutIntegrationResponse UpdateIntegration UpdateIntegrationResponse",
    "methods": "DeleteMethod DeleteMethodResponse GetMethod GetMethodResponse PutMethod PutMethodResponse "
    "UpdateMethod UpdateMethodResponse",
    "models": "CreateModel DeleteModel GetModel GetModelTemplate GetModels UpdateModel",
    "request_validators": "CreateRequestValidator DeleteRequestValidator GetRequestValidator GetRequestValidators "
    "UpdateRequestValidator",
    "resources": "CreateResource DeleteResource GetResource GetResources UpdateResource",
    "rest_apis": "CreateRestApi DeleteRestApi GetRestApi GetRestApis UpdateRestApi",
    "stages": "CreateStage DeleteStage FlushStageCache GetStage GetStages UpdateStage",
    "tags": "GetTags TagResource UntagResource",
    "test_invoke": "TestInvokeAuthorizer TestInvokeMethod",
    "usage_plans": "CreateUsagePlan CreateUsagePlanKey DeleteUsagePlan DeleteUsagePlanKey GetUsage GetUsagePlan "
    "GetUsagePlanKey GetUsagePlanKeys GetUsagePlans UpdateUsage UpdateUsagePlan",
    "vpc_links": "CreateVpcLink DeleteVpcLink GetVpcLink GetVpcLinks UpdateVpcLink",
}
OPERATIONS: dict[str, str] = {name: module for module, names in _BY_MODULE.items() for name in names.split()}

# Operations that only read although they are not GETs.
_READING = frozenset({"TestInvokeAuthorizer", "TestInvokeMethod"})

Serving = Callable[[Call, Record], Any]


def import_operations() -> None:
    """Import every operation and compile the model; meant to run in a thread before the first call comes."""
    shared()
    for module in _BY_MODULE:
        name = f"{__package__}.{module}"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


class UnknownOperationException(ControlError):
    """A verb and path that no operation has."""

    status = 404


class InternalFailure(ControlError):
    """A bug of ours, told to the caller as AWS tells its own."""

    status = 500


class ControlApp:
    """API Gateway's control plane: requests in, responses out."""

    log = Logger()

    def __init__(
        self,
        store: Store,
        effects: Effects,
        settings: Settings,
        services: Services | None = None,
        data_plane: DataPlane | None = None,
        on_call: Iterable[Callable[[CallEvent], None]] = (),
    ) -> None:
        self.store = store
        self.effects = effects
        self.settings = settings
        self.services = services
        self.data_plane = data_plane
        self.on_call = list(on_call)
        self._functions: dict[str, Serving] = {}

    @property
    def codec(self) -> Codec:
        """The compiled model (see ``codec.shared`` on when it is made)."""
        return shared()

    def serve(
        self, request: Request, account: str, region: str, principal: Principal | None = None
    ) -> Deferred[Response]:
        """The answer to one HTTP request, for the account and region its signature named."""
        return Deferred.fromCoroutine(self._serve(request, self.make_call(account, region, principal)))

    def make_call(self, account: str, region: str, principal: Principal | None = None) -> Call:
        """A call from inside (CloudFormation), to hand to ``perform``."""
        return Call(
            store=self.store,
            region=self.store.region(account, region),
            effects=self.effects,
            settings=self.settings,
            services=self.services,
            data_plane=self.data_plane,
            account=account,
            region_name=region,
            principal=principal,
            request_id=self.effects.uuid(),
        )

    async def perform(self, name: str, call: Call, request: Record) -> Record | None:
        """Run one operation on parsed input. Raises ControlError; a change is visible to everyone afterwards."""
        answer = self.function(name)(call, request)
        if isinstance(answer, Deferred) or hasattr(answer, "__await__"):
            answer = await answer
        if not self._reads(name):
            self.store.touch()
        return answer  # type: ignore[no-any-return]

    def function(self, name: str) -> Serving:
        """The function that serves an operation. Raises NotImplementedByEmulator naming it when there is none."""
        found = self._functions.get(name)
        if found is None:
            module = f"{__package__}.{OPERATIONS[name]}"
            if importlib.util.find_spec(module) is not None:
                found = getattr(importlib.import_module(module), self.codec.operations[name].function, None)
            if found is None:
                raise NotImplementedByEmulator(f"{name} is not implemented by this emulator")
            self._functions[name] = found
        return found

    def _reads(self, name: str) -> bool:
        return name in _READING or self.codec.operations[name].verb == "GET"

    async def _serve(self, request: Request, call: Call) -> Response:
        matched = self.codec.match(request.method, request.raw_path, request.raw_query)
        if matched is None:
            path = request.raw_path.decode("latin-1")
            unknown = UnknownOperationException(f"Unknown operation: {request.method} {path}")
            return self._finish(error_response(unknown), call)
        operation, parameters = matched
        if request.host:
            call.endpoint = f"{request.scheme}://{request.host}"
        parsed: Record = {}
        answer: Record | None = None
        failure: ControlError | None = None
        try:
            parsed = operation.parse(parameters, request)
            answer = await self.perform(operation.name, call, parsed)
            response = operation.respond(answer)
        except ControlError as error:
            failure = error
            response = error_response(error)
        except CancelledError:
            raise
        except Exception:  # the outermost edge: the caller gets AWS's 500, we get the traceback
            self.log.failure("{operation} failed", operation=operation.name)
            failure = InternalFailure("Internal failure")
            response = error_response(failure)
        self._tell(operation, request, call, parsed, answer, failure)
        return self._finish(response, call)

    def _finish(self, response: Response, call: Call) -> Response:
        extended = base64.b64encode(self.effects.random.randbytes(11)).decode()
        lines = [
            ("x-amzn-RequestId", call.request_id),
            *response.headers.lines,
            ("x-amz-apigw-id", extended),
        ]
        return evolve(response, headers=Headers(lines))

    def _tell(
        self,
        operation: Operation,
        request: Request,
        call: Call,
        parsed: Record,
        answer: Record | None,
        failure: ControlError | None,
    ) -> None:
        if not self.on_call:
            return
        event = CallEvent(
            operation=operation.name,
            request=parsed,
            answer=answer,
            error=failure,
            account=call.account,
            region=call.region_name,
            principal=call.principal,
            source_ip=request.source_ip,
            user_agent=request.headers.first("User-Agent", "") or "",
            request_id=call.request_id,
            epoch=self.effects.wall(),
            read_only=self._reads(operation.name),
        )
        for listen in self.on_call:
            listen(event)
