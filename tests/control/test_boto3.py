"""Every operation through the real boto3: once with success, once refused."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.control.app import OPERATIONS
from tests.control.boto import client
from tests.control.support import Control

# The nouns of the first test; the second has the others.
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


DOCUMENT = b'''{"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {"/": {"get": {
  "responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": {"type": "mock"}}}}}'''
PARTS = b'''{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {},
  "x-amazon-apigateway-documentation": {"documentationParts": [
    {"location": {"type": "API"}, "properties": {"description": "d"}}]}}'''
SOME = '{"description": "some"}'
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/one"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/one/0123456789abcdef"


def replaced(path: str, value: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value}]


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
        try:
            getattr(self.client, function)(**arguments)
        except ClientError as error:
            self.assertEqual(code, error.response["Error"]["Code"], f"{operation}: {error}")
        else:
            self.fail(f"{operation} was not refused")
        self.failed.add(operation)

    def each_was_tried(self, others: bool, but: set[str]) -> None:
        """Every operation of the nouns (or of the ``others``) succeeded, and was refused save those named."""
        wanted = {name for name, module in OPERATIONS.items() if (module not in NOUNS) == others}
        self.assertEqual(set(), wanted - self.succeeded)
        self.assertEqual(but, wanted - self.failed)

    def test_each_operation_of_an_api(self) -> None:
        api = self.ok("CreateRestApi", name="demo", description="d")
        at = {"restApiId": api["id"]}
        self.assertEqual(1_700_000_000, api["createdDate"].timestamp())
        self.definitions(at, api["rootResourceId"])
        self.method(at, api["rootResourceId"])
        self.stage(at, api["rootResourceId"])
        self.rest(at)
        self.refusals()
        self.each_was_tried(False, {"GetAccount"})

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
        self.no("GetRestApis", "BadRequestException", position="x")
        self.no("UpdateAccount", "BadRequestException", patchOperations=[{"op": "add", "path": "/x"}])
        for name, more in (("GetTags", {}), ("TagResource", {"tags": {}}), ("UntagResource", {"tagKeys": ["a"]})):
            self.no(name, "NotFoundException", resourceArn="arn:aws:apigateway:us-east-1::/restapis/x", **more)

    def test_each_operation_beside_and_about_an_api(self) -> None:
        made = self.ok("ImportRestApi", body=DOCUMENT, parameters={"endpointConfigurationTypes": "REGIONAL"})
        api = made["id"]
        self.ok("PutRestApi", restApiId=api, mode="merge", body=DOCUMENT)
        self.client.create_deployment(restApiId=api, stageName="s")
        self.keys_and_plans(api)
        self.documents(api)
        self.certificates_and_links()
        self.domains(api)
        for name in ("ImportRestApi", "ImportApiKeys"):
            more = {"format": "csv"} if name == "ImportApiKeys" else {}
            self.no(name, "BadRequestException", body=b"\xff\xfe{", **more)
        for name in ("GetApiKeys", "GetUsagePlans", "GetVpcLinks", "GetClientCertificates", "GetDomainNames"):
            self.no(name, "BadRequestException", position="x")
        self.no("GetDomainNameAccessAssociations", "BadRequestException", position="x")
        self.no("CreateApiKey", "BadRequestException", value="short")
        self.no("CreateUsagePlan", "NotFoundException", name="p", apiStages=[{"apiId": "x", "stage": "y"}])
        self.no("GenerateClientCertificate", "BadRequestException", tags={"aws:a": "b"})
        self.no("CreateVpcLink", "BadRequestException", name="l", targetArns=["x"])
        self.missing()
        self.each_was_tried(True, {"GetSdkTypes"})

    def keys_and_plans(self, api: str) -> None:
        key = self.ok("CreateApiKey", name="k", value="k" * 20, enabled=True)["id"]
        self.ok("GetApiKey", apiKey=key, includeValue=True)
        self.ok("GetApiKeys", includeValues=True)
        self.ok("UpdateApiKey", apiKey=key, patchOperations=replaced("/name", "n"))
        self.ok("ImportApiKeys", body=b"name,key\none,aaaaaaaaaaaaaaaaaaaaaaaa\n", format="csv")
        stages = [{"apiId": api, "stage": "s"}]
        quota = {"limit": 10, "period": "DAY"}
        plan = self.ok("CreateUsagePlan", name="p", apiStages=stages, quota=quota)["id"]
        self.ok("GetUsagePlan", usagePlanId=plan)
        self.ok("GetUsagePlans")
        self.ok("UpdateUsagePlan", usagePlanId=plan, patchOperations=replaced("/name", "n"))
        self.ok("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        self.ok("GetUsagePlanKey", usagePlanId=plan, keyId=key)
        self.assertEqual(1, len(self.ok("GetUsagePlanKeys", usagePlanId=plan)["items"]))
        self.no("GetUsagePlanKeys", "BadRequestException", usagePlanId=plan, position="x")
        change = replaced("/remaining", "4")
        self.ok("UpdateUsage", usagePlanId=plan, keyId=key, patchOperations=change)
        usage = self.ok("GetUsage", usagePlanId=plan, startDate="2023-11-14", endDate="2023-11-14")
        self.assertEqual({key: [[0, 4]]}, usage["items"])
        self.ok("DeleteUsagePlanKey", usagePlanId=plan, keyId=key)
        unlink = [{"op": "remove", "path": "/apiStages", "value": f"{api}:s"}]
        self.client.update_usage_plan(usagePlanId=plan, patchOperations=unlink)
        self.ok("DeleteUsagePlan", usagePlanId=plan)
        self.ok("DeleteApiKey", apiKey=key)

    def documents(self, api: str) -> None:
        at = {"restApiId": api}
        part = self.ok("CreateDocumentationPart", **at, location={"type": "METHOD", "path": "/"}, properties=SOME)["id"]
        named = {**at, "documentationPartId": part}
        self.ok("GetDocumentationPart", **named)
        self.ok("GetDocumentationParts", **at)
        change = replaced("/properties", '{"description": "d"}')
        self.ok("UpdateDocumentationPart", **named, patchOperations=change)
        self.ok("DeleteDocumentationPart", **named)
        self.ok("ImportDocumentationParts", **at, mode="overwrite", body=PARTS)
        version = {**at, "documentationVersion": "1"}
        self.ok("CreateDocumentationVersion", **version)
        self.ok("GetDocumentationVersion", **version)
        self.ok("GetDocumentationVersions", **at)
        self.ok("UpdateDocumentationVersion", **version, patchOperations=replaced("/description", "d"))
        self.ok("DeleteDocumentationVersion", **version)
        export = self.ok("GetExport", **at, stageName="s", exportType="oas30", accepts="application/json")
        self.assertEqual("3.0.1", json.loads(export["body"].read())["openapi"])
        self.ok("GetSdkTypes")
        self.ok("GetSdkType", id="javascript")
        sdk = self.ok("GetSdk", **at, stageName="s", sdkType="javascript")
        self.assertTrue(sdk["body"].read().startswith(b"PK"))

    def certificates_and_links(self) -> None:
        named = {"clientCertificateId": self.ok("GenerateClientCertificate")["clientCertificateId"]}
        self.ok("GetClientCertificate", **named)
        self.ok("GetClientCertificates")
        self.ok("UpdateClientCertificate", **named, patchOperations=replaced("/description", "d"))
        self.ok("DeleteClientCertificate", **named)
        named = {"vpcLinkId": self.ok("CreateVpcLink", name="l", targetArns=[BALANCER])["id"]}
        self.control.clock.advance(1)
        self.ok("GetVpcLink", **named)
        self.ok("GetVpcLinks")
        self.ok("UpdateVpcLink", **named, patchOperations=replaced("/name", "m"))
        self.ok("DeleteVpcLink", **named)

    def domains(self, api: str) -> None:
        kind = {"types": ["REGIONAL"]}
        named = {"domainName": "d.test"}
        self.ok("CreateDomainName", **named, regionalCertificateArn=CERTIFICATE, endpointConfiguration=kind)
        self.no("CreateDomainName", "BadRequestException", **named, regionalCertificateArn=CERTIFICATE)
        self.ok("GetDomainName", **named)
        self.ok("GetDomainNames")
        self.ok("UpdateDomainName", **named, patchOperations=replaced("/securityPolicy", "TLS_1_2"))
        self.ok("CreateBasePathMapping", **named, restApiId=api, stage="s")
        mapping = {**named, "basePath": "(none)"}
        self.ok("GetBasePathMapping", **mapping)
        self.ok("GetBasePathMappings", **named)
        self.ok("UpdateBasePathMapping", **mapping, patchOperations=replaced("/stage", ""))
        self.ok("DeleteBasePathMapping", **mapping)
        self.ok("DeleteDomainName", **named)
        private = self.client.create_domain_name(domainName="p.test", endpointConfiguration={"types": ["PRIVATE"]})
        domain = private["domainNameArn"]
        for last in ("DeleteDomainNameAccessAssociation", "RejectDomainNameAccessAssociation"):
            association = self.ok(
                "CreateDomainNameAccessAssociation",
                domainNameArn=domain,
                accessAssociationSourceType="VPCE",
                accessAssociationSource="vpce-0123456789abcdef0",
            )["domainNameAccessAssociationArn"]
            self.ok("GetDomainNameAccessAssociations")
            more = {"domainNameArn": domain} if last.startswith("Reject") else {}
            self.ok(last, domainNameAccessAssociationArn=association, **more)

    def missing(self) -> None:
        """Whatever else names something that is not there."""
        given = {
            "location": {"type": "API"},
            "accessAssociationSourceType": "VPCE",
            "properties": SOME,
            "startDate": "2023-11-14",
            "endDate": "2023-11-14",
            "keyType": "API_KEY",
            "body": PARTS,
        }
        for name, module in OPERATIONS.items():
            operation = self.control.app.codec.operations[name]
            if module in NOUNS or name in self.failed or name == "GetSdkTypes":
                continue
            arguments: dict[str, Any] = {member.name: "x" for member in operation.path_members.values()}
            for member in (*operation.body_members, *operation.query_members):
                if member.required:
                    arguments[member.name] = given.get(member.name, "x")
            if operation.payload:
                arguments[operation.payload] = given["body"]
            self.no(name, "NotFoundException", **arguments)

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
