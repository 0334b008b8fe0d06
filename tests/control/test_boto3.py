"""Every operation of this helper's nouns through the real boto3: once with success, once refused."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.control.app import OPERATIONS
from tests.control.boto import client
from tests.control.support import Control

NOUNS = (
    "account",
    "authorizers",
    "deployments",
    "gateway_responses",
    "integrations",
    "methods",
    "models",
    "request_validators",
    "resources",
    "rest_apis",
    "stages",
    "tags",
    "test_invoke",
)
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:a/invocations"
)
SCHEMA = '{"type": "object", "properties": {"a": {"type": "array", "items": {"$ref": "%s"}}, "b": {"type": "string"}}}'


class DataPlane:
    """Answers tests and remembers what it was to forget."""

    def __init__(self) -> None:
        self.flushed: list[tuple[str, str, str]] = []

    def test_method(self, api_id: str, request: dict[str, Any]) -> Deferred[dict[str, Any]]:
        return succeed({"status": 200, "body": api_id, "headers": {"a": "b"}, "log": "l", "latency": 3})

    def test_authorizer(self, api_id: str, request: dict[str, Any]) -> Deferred[dict[str, Any]]:
        return succeed({"clientStatus": 0, "principalId": "me", "log": "l", "latency": 3})

    def flush_cache(self, api_id: str, stage: str) -> None:
        self.flushed.append(("cache", api_id, stage))

    def flush_authorizers(self, api_id: str, stage: str) -> None:
        self.flushed.append(("authorizers", api_id, stage))


class Boto3Test(SynchronousTestCase):
    def setUp(self) -> None:
        self.data_plane = DataPlane()
        self.control = Control(data_plane=self.data_plane)
        self.client = client(self.control)
        self.succeeded: set[str] = set()
        self.failed: set[str] = set()

    def ok(self, operation: str, **arguments: Any) -> Any:
        function = self.control.app.codec.operations[operation].function
        answer = getattr(self.client, function)(**arguments)
        self.succeeded.add(operation)
        self.assertTrue(answer["ResponseMetadata"]["RequestId"])
        return answer

    def no(self, operation: str, code: str, **arguments: Any) -> None:
        function = self.control.app.codec.operations[operation].function
        with self.assertRaises(ClientError) as caught:
            getattr(self.client, function)(**arguments)
        self.assertEqual(code, caught.exception.response["Error"]["Code"])
        self.failed.add(operation)

    def test_each_operation_once_with_success_and_once_refused(self) -> None:
        api = self.ok("CreateRestApi", name="demo", description="d")
        at = {"restApiId": api["id"]}
        self.assertEqual(1_700_000_000, api["createdDate"].timestamp())
        self.definitions(at, api["rootResourceId"])
        self.method(at, api["rootResourceId"])
        self.stage(at, api["rootResourceId"])
        self.rest(at)
        self.refusals()
        wanted = {name for name, module in OPERATIONS.items() if module in NOUNS}
        self.assertEqual(set(), wanted - self.succeeded)
        # GetAccount and the list of APIs cannot be refused.
        self.assertEqual({"GetAccount"}, wanted - self.failed)

    def definitions(self, at: dict[str, Any], root: str) -> None:
        self.ok("GetRestApi", **at)
        self.ok("GetRestApis")
        self.ok("UpdateRestApi", **at, patchOperations=[{"op": "replace", "path": "/name", "value": "x"}])
        resource = self.ok("CreateResource", **at, parentId=root, pathPart="a")["id"]
        self.ok("GetResource", **at, resourceId=resource, embed=["methods"])
        self.ok("GetResources", **at, embed=["methods"])
        rename = [{"op": "replace", "path": "/pathPart", "value": "b"}]
        self.ok("UpdateResource", **at, resourceId=resource, patchOperations=rename)
        self.ok("DeleteResource", **at, resourceId=resource)
        reference = f"https://apigateway.amazonaws.com/restapis/{at['restApiId']}/models/Empty"
        self.ok("CreateModel", **at, name="M", contentType="application/json", schema=SCHEMA % reference)
        flat = self.ok("GetModel", **at, modelName="M", flatten=True)["schema"]
        self.assertIn('"#/definitions/Empty"', flat)
        self.ok("GetModels", **at)
        template = self.ok("GetModelTemplate", **at, modelName="M")["value"]
        self.assertIn('"b" : "foo"', template)
        change = [{"op": "replace", "path": "/description", "value": "b"}]
        self.ok("UpdateModel", **at, modelName="M", patchOperations=change)
        self.ok("DeleteModel", **at, modelName="M")
        validator = self.ok("CreateRequestValidator", **at, name="v", validateRequestBody=True)["id"]
        named = {**at, "requestValidatorId": validator}
        self.ok("GetRequestValidator", **named)
        self.ok("GetRequestValidators", **at)
        change = [{"op": "replace", "path": "/name", "value": "b"}]
        self.ok("UpdateRequestValidator", **named, patchOperations=change)
        self.ok("DeleteRequestValidator", **named)
        self.ok("PutGatewayResponse", **at, responseType="UNAUTHORIZED", statusCode="401")
        named = {**at, "responseType": "UNAUTHORIZED"}
        change = [{"op": "replace", "path": "/statusCode", "value": "402"}]
        self.ok("UpdateGatewayResponse", **named, patchOperations=change)
        self.ok("GetGatewayResponse", **named)
        self.assertEqual(21, len(self.ok("GetGatewayResponses", **at)["items"]))
        self.ok("DeleteGatewayResponse", **named)

    def method(self, at: dict[str, Any], root: str) -> None:
        where = {**at, "resourceId": root, "httpMethod": "GET"}
        status = {**where, "statusCode": "200"}
        self.ok("PutMethod", **where, authorizationType="NONE")
        self.ok("GetMethod", **where)
        change = [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]
        self.ok("UpdateMethod", **where, patchOperations=change)
        self.ok("PutMethodResponse", **status, responseParameters={"method.response.header.h": True})
        self.ok("GetMethodResponse", **status)
        change = [{"op": "add", "path": "/responseModels/application~1json", "value": "Empty"}]
        self.ok("UpdateMethodResponse", **status, patchOperations=change)
        self.ok("PutIntegration", **where, type="AWS", integrationHttpMethod="POST", uri=FUNCTION)
        self.ok("GetIntegration", **where)
        change = [{"op": "replace", "path": "/timeoutInMillis", "value": "100"}]
        self.ok("UpdateIntegration", **where, patchOperations=change)
        self.ok("PutIntegrationResponse", **status, responseParameters={"method.response.header.h": "'x'"})
        self.ok("GetIntegrationResponse", **status)
        change = [{"op": "replace", "path": "/selectionPattern", "value": "x"}]
        self.ok("UpdateIntegrationResponse", **status, patchOperations=change)
        self.assertEqual(at["restApiId"], self.ok("TestInvokeMethod", **where)["body"])

    def stage(self, at: dict[str, Any], root: str) -> None:
        deployment = self.ok("CreateDeployment", **at)["id"]
        self.ok("CreateStage", **at, stageName="s", deploymentId=deployment, cacheClusterEnabled=True)
        self.control.clock.advance(2)
        stage = self.ok("GetStage", **at, stageName="s")
        self.assertEqual(("AVAILABLE", "0.5"), (stage["cacheClusterStatus"], stage["cacheClusterSize"]))
        self.ok("GetStages", **at)
        change = [{"op": "replace", "path": "/~1/GET/throttling/rateLimit", "value": "0.5"}]
        updated = self.ok("UpdateStage", **at, stageName="s", patchOperations=change)
        self.assertEqual(0.5, updated["methodSettings"]["~1/GET"]["throttlingRateLimit"])
        summary = self.ok("GetDeployment", **at, deploymentId=deployment, embed=["apisummary"])["apiSummary"]
        self.assertEqual({"/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": True}}}, summary)
        self.ok("GetDeployments", **at)
        change = [{"op": "replace", "path": "/description", "value": "x"}]
        self.ok("UpdateDeployment", **at, deploymentId=deployment, patchOperations=change)
        self.ok("FlushStageCache", **at, stageName="s")
        self.ok("FlushStageAuthorizersCache", **at, stageName="s")
        flushed = [("cache", at["restApiId"], "s"), ("authorizers", at["restApiId"], "s")]
        self.assertEqual(flushed, self.data_plane.flushed)
        self.ok("DeleteStage", **at, stageName="s")
        self.ok("DeleteDeployment", **at, deploymentId=deployment)
        where = {**at, "resourceId": root, "httpMethod": "GET"}
        self.ok("DeleteIntegrationResponse", **where, statusCode="200")
        self.ok("DeleteMethodResponse", **where, statusCode="200")
        self.ok("DeleteIntegration", **where)
        self.ok("DeleteMethod", **where)

    def rest(self, at: dict[str, Any]) -> None:
        source = "method.request.header.A"
        authorizer = self.ok(
            "CreateAuthorizer", **at, name="a", type="TOKEN", authorizerUri=FUNCTION, identitySource=source
        )["id"]
        named = {**at, "authorizerId": authorizer}
        self.ok("GetAuthorizer", **named)
        self.ok("GetAuthorizers", **at)
        change = [{"op": "replace", "path": "/name", "value": "b"}]
        self.ok("UpdateAuthorizer", **named, patchOperations=change)
        self.assertEqual("me", self.ok("TestInvokeAuthorizer", **named)["principalId"])
        self.ok("DeleteAuthorizer", **named)
        account = self.ok("GetAccount")
        self.assertEqual({"burstLimit": 5000, "rateLimit": 10000.0}, account["throttleSettings"])
        role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::000000000000:role/r"}
        self.ok("UpdateAccount", patchOperations=[role])
        arn = f"arn:aws:apigateway:us-east-1::/restapis/{at['restApiId']}"
        self.ok("TagResource", resourceArn=arn, tags={"k": "v"})
        self.assertEqual({"k": "v"}, self.ok("GetTags", resourceArn=arn)["tags"])
        self.ok("UntagResource", resourceArn=arn, tagKeys=["k"])
        self.ok("DeleteRestApi", **at)

    def refusals(self) -> None:
        """Whatever names an API that is not there, and the few that name something else."""
        odd = {
            "CreateRequestValidator": "BadRequestException",
            "CreateAuthorizer": "ConflictException",
        }
        for name, module in OPERATIONS.items():
            operation = self.control.app.codec.operations[name]
            if module not in NOUNS or "restapi_id" not in operation.path_members:
                continue
            arguments: dict[str, Any] = {}
            for member in operation.path_members.values():
                arguments[member.name] = "200" if member.name == "statusCode" else "UNAUTHORIZED"
            for member in operation.body_members:
                if member.required:
                    arguments[member.name] = "MOCK" if name == "PutIntegration" else "TOKEN"
            self.no(name, odd.get(name, "NotFoundException"), **arguments)
        self.no("CreateRestApi", "BadRequestException", name="")
        self.no("GetRestApis", "BadRequestException", limit=0)
        self.no("UpdateAccount", "BadRequestException", patchOperations=[{"op": "add", "path": "/x"}])
        for name, more in (("GetTags", {}), ("TagResource", {"tags": {}}), ("UntagResource", {"tagKeys": ["a"]})):
            self.no(name, "NotFoundException", resourceArn="arn:aws:apigateway:us-east-1::/restapis/x", **more)

    def test_paginators_walk_a_thousand_resources(self) -> None:
        api = self.client.create_rest_api(name="big")
        root = api["rootResourceId"]
        for number in range(999):
            self.control("CreateResource", restApiId=api["id"], parentId=root, pathPart=f"r{number}")
        for size in (25, 500):
            pages = list(
                self.client.get_paginator("get_resources").paginate(
                    restApiId=api["id"], PaginationConfig={"PageSize": size}
                )
            )
            self.assertEqual(1000 // size, len(pages))
            paths = [item["path"] for each in pages for item in each["items"]]
            self.assertEqual(1000, len(set(paths)))
            self.assertEqual(sorted(paths), paths)
