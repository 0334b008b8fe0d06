"""Every cell of the documented patch table: executed and read back; every other cell refused, nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.control.support import Control, ControlTestCase, Refused
from tests.control.test_recorded import filled

CELLS = json.loads((Path(__file__).parent.parent / "cases" / "control_patch_cells.json").read_text())["cells"]
OPS = ("add", "remove", "replace", "move", "copy", "test")
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:a/invocations"
)
# Where an operation's own record is read, and what names it.
METHOD = {"restApiId": "$api", "resourceId": "$root", "httpMethod": "GET"}
PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "UpdateAccount": ("GetAccount", {}),
    "UpdateAuthorizer": ("GetAuthorizer", {"restApiId": "$api", "authorizerId": "$authorizer"}),
    "UpdateDeployment": ("GetDeployment", {"restApiId": "$api", "deploymentId": "$first"}),
    "UpdateGatewayResponse": ("GetGatewayResponse", {"restApiId": "$api", "responseType": "ACCESS_DENIED"}),
    "UpdateIntegration": ("GetIntegration", METHOD),
    "UpdateIntegrationResponse": ("GetIntegrationResponse", {**METHOD, "statusCode": "200"}),
    "UpdateMethod": ("GetMethod", METHOD),
    "UpdateMethodResponse": ("GetMethodResponse", {**METHOD, "statusCode": "200"}),
    "UpdateModel": ("GetModel", {"restApiId": "$api", "modelName": "Empty"}),
    "UpdateRequestValidator": ("GetRequestValidator", {"restApiId": "$api", "requestValidatorId": "$validator"}),
    "UpdateResource": ("GetResource", {"restApiId": "$api", "resourceId": "$pets"}),
    "UpdateRestApi": ("GetRestApi", {"restApiId": "$api"}),
    "UpdateStage": ("GetStage", {"restApiId": "$api", "stageName": "dev"}),
    "UpdateApiKey": ("GetApiKey", {"apiKey": "$key"}),
    "UpdateBasePathMapping": ("GetBasePathMapping", {"domainName": "r.test", "basePath": "v1"}),
    "UpdateClientCertificate": ("GetClientCertificate", {"clientCertificateId": "$certificate"}),
    "UpdateDocumentationPart": ("GetDocumentationPart", {"restApiId": "$api", "documentationPartId": "$part"}),
    "UpdateDocumentationVersion": ("GetDocumentationVersion", {"restApiId": "$api", "documentationVersion": "1"}),
    "UpdateDomainName": ("GetDomainName", {"domainName": "r.test"}),
    "UpdateUsage": ("GetUsage", {"usagePlanId": "$plan", "keyId": "$key"}),
    "UpdateUsagePlan": ("GetUsagePlan", {"usagePlanId": "$plan"}),
    "UpdateVpcLink": ("GetVpcLink", {"vpcLinkId": "$link"}),
}
# What only the reading takes, beside the names.
READING = {"UpdateUsage": {"startDate": "2023-11-14", "endDate": "2023-11-14"}}


def furnished() -> tuple[Control, dict[str, str]]:
    """A control plane with one of each, and their ids by the names that the cells use."""
    control = Control()
    api = control("CreateRestApi", name="demo")
    ids = {"api": api["id"], "root": api["rootResourceId"], "certificate": "cert01"}
    at = {"restApiId": ids["api"]}
    method = {**at, "resourceId": ids["root"], "httpMethod": "GET"}
    for part in ("pets", "other"):
        ids[part] = control("CreateResource", **at, parentId=ids["root"], pathPart=part)["id"]
    ids["authorizer"] = control(
        "CreateAuthorizer",
        **at,
        name="a",
        type="TOKEN",
        authorizerUri=FUNCTION,
        identitySource="method.request.header.Auth",
    )["id"]
    ids["validator"] = control("CreateRequestValidator", **at, name="v")["id"]
    control("PutMethod", **method, authorizationType="NONE", requestParameters={"method.request.querystring.q": False})
    control("PutMethodResponse", **method, statusCode="200", responseParameters={"method.response.header.h": True})
    control("PutIntegration", **method, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://example.com/")
    control("PutIntegrationResponse", **method, statusCode="200")
    ids["first"] = control("CreateDeployment", **at, stageName="dev")["id"]
    ids["second"] = control("CreateDeployment", **at)["id"]
    properties = '{"description": "d"}'
    ids["part"] = control("CreateDocumentationPart", **at, location={"type": "API"}, properties=properties)["id"]
    control("CreateDocumentationVersion", **at, documentationVersion="1")
    ids["second_api"] = control("CreateRestApi", name="second")["id"]
    keep = control.store.region("000000000000", "us-east-1").client_certificates
    keep["cert01"] = {"clientCertificateId": "cert01", "pemEncodedCertificate": ""}
    _furnish_plans(control, ids)
    return control, ids


def _furnish_plans(control: Control, ids: dict[str, str]) -> None:
    """What stands beside an API: a key in a plan, domains, a VPC link."""
    ids["key"] = control("CreateApiKey", name="k", enabled=True)["id"]
    ids["plan"] = control("CreateUsagePlan", name="p", quota={"limit": 10, "period": "DAY"})["id"]
    control("CreateUsagePlanKey", usagePlanId=ids["plan"], keyId=ids["key"], keyType="API_KEY")
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/zero"
    kinds = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": certificate}
    control("CreateDomainName", domainName="r.test", **kinds)
    private = control("CreateDomainName", domainName="p.test", endpointConfiguration={"types": ["PRIVATE"]})
    ids["private"] = private["domainNameId"]
    control("CreateBasePathMapping", domainName="r.test", basePath="v1", restApiId=ids["api"])
    balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/one/0123456789abcdef"
    ids["link"] = control("CreateVpcLink", name="l", targetArns=[balancer])["id"]


class CellsTest(ControlTestCase):
    """One test per documented path of each operation."""

    def cell(self, operation: str, cell: dict[str, Any]) -> None:
        control, ids = furnished()
        reading, arguments = PLACES[operation]
        named = filled(cell.get("at", arguments), ids)
        more = READING.get(operation, {})
        patch = filled(cell["patch"], ids)
        before = control(reading, **named, **more)
        if "error" in cell:
            with self.assertRaises(Refused) as caught:
                control(operation, **named, patchOperations=patch)
            self.assertEqual((400, cell["error"]), (caught.exception.status, caught.exception.message))
            self.assertEqual(before, control(reading, **named))
            return
        answer = control(operation, **named, patchOperations=patch)
        if cell["patch"][-1]["path"] == "/basePath":
            named["basePath"] = answer["basePath"]
        after = control(reading, **named, **more)
        self.assertEqual(answer, after)
        for member, expected in filled(cell["read"], ids).items():
            self.assertEqual(expected, after.get(member), f"{operation} {cell['patch']}")

    def refusals(self, operation: str, path: str, allowed: dict[str, Any]) -> None:
        """The ops that the page does not give to a path are refused."""
        control, ids = furnished()
        reading, arguments = PLACES[operation]
        named = filled(arguments, ids)
        concrete = filled(next(iter(allowed.values()))["patch"][-1]["path"], ids)
        more = READING.get(operation, {})
        before = control(reading, **named, **more)
        for op in OPS:
            if op in allowed:
                continue
            with self.assertRaises(Refused, msg=f"{operation} {op} {concrete}") as caught:
                control(operation, **named, patchOperations=[{"op": op, "path": concrete, "value": "x"}])
            self.assertEqual(400, caught.exception.status, caught.exception)
            self.assertEqual(before, control(reading, **named, **more))

    def test_there_are_202(self) -> None:
        self.assertEqual(22, len(CELLS))
        self.assertEqual(202, sum(len(cells) for paths in CELLS.values() for cells in paths.values()))


def _add(operation: str, path: str, cells: dict[str, Any]) -> None:
    def test(self: CellsTest) -> None:
        for cell in cells.values():
            self.cell(operation, cell)
        self.refusals(operation, path, cells)

    name = "".join(letter if letter.isalnum() else "_" for letter in path)
    test.__doc__ = f"{operation} {path}: {', '.join(cells)}"
    setattr(CellsTest, f"test_{operation}_{name}", test)


for _operation, _paths in CELLS.items():
    for _path, _cells in _paths.items():
        _add(_operation, _path, _cells)


class AllOrNothingTest(ControlTestCase):
    def test_a_bad_operation_undoes_the_good_ones_before_it(self) -> None:
        control, ids = furnished()
        named = {"restApiId": ids["api"], "stageName": "dev"}
        before = control("GetStage", **named)
        good = {"op": "replace", "path": "/variables/a", "value": "1"}
        for bad in (
            {"op": "replace", "path": "/deploymentId", "value": "nope"},
            {"op": "replace", "path": "/variables/../x", "value": "1"},
            {"op": "replace", "path": "/variables/a", "value": "{not allowed}"},
        ):
            with self.assertRaises(Refused) as caught:
                control("UpdateStage", **named, patchOperations=[good, bad])
            self.assertEqual(400, caught.exception.status)
            self.assertEqual(before, control("GetStage", **named))

    def test_tildes_are_unescaped_after_slashes(self) -> None:
        control, ids = furnished()
        named = {"restApiId": ids["api"]}
        patch = [{"op": "add", "path": "/binaryMediaTypes/a~01~1b"}]
        self.assertEqual(["a~1/b"], control("UpdateRestApi", **named, patchOperations=patch)["binaryMediaTypes"])
