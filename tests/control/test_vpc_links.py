"""VPC links: their life on the clock, their targets, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet import defer

from emulator.errors import ServiceError
from emulator.settings import Settings
from tests.control.support import Control, ControlTestCase

NLB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/one/0123456789abcdef"


class Elb:
    """The other services, of which there is one load balancer."""

    def __init__(self, known: str) -> None:
        self.known = known
        self.asked: list[tuple[str, str, str]] = []

    def call(
        self, service: str, action: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> defer.Deferred[dict[str, Any]]:
        (arn,) = params["LoadBalancerArns"]
        self.asked.append((service, action, arn))
        if arn != self.known:
            return defer.fail(ServiceError("LoadBalancerNotFound", "not there"))
        return defer.succeed({"LoadBalancers": [{"LoadBalancerArn": arn}]})


class VpcLinks(ControlTestCase):
    def link(self, **arguments: Any) -> Any:
        return self.control("CreateVpcLink", **{"name": "link", "targetArns": [NLB], **arguments})

    def get(self, link: Any) -> Any:
        return self.control("GetVpcLink", vpcLinkId=link["id"])

    def test_lifecycle_as_recorded(self) -> None:
        made = self.link()
        self.assertEqual({"id": made["id"], "name": "link", "status": "PENDING", "targetArns": [NLB]}, made)
        self.control.clock.advance(1)
        ready = {**made, "status": "AVAILABLE", "statusMessage": "Your vpc link is ready for use"}
        self.assertEqual({**ready, "tags": {}}, self.get(made))
        self.assertEqual([ready], self.control("GetVpcLinks")["items"])
        changed = self.control(
            "UpdateVpcLink",
            vpcLinkId=made["id"],
            patchOperations=[
                {"op": "replace", "path": "/name", "value": "renamed"},
                {"op": "replace", "path": "/description", "value": "d"},
            ],
        )
        self.assertEqual({**ready, "tags": {}, "name": "renamed", "description": "d"}, changed)
        self.control("DeleteVpcLink", vpcLinkId=made["id"])
        self.assertEqual([], self.control("GetVpcLinks")["items"])

    def test_settling_is_a_change(self) -> None:
        self.link()
        before = self.control.store.generation
        self.control.clock.advance(1)
        self.assertGreater(self.control.store.generation, before)
        self.assertEqual([], self.control.clock.getDelayedCalls())

    def test_deleted_or_patched_while_pending(self) -> None:
        gone, kept = self.link(), self.link(name="other")
        self.control("DeleteVpcLink", vpcLinkId=gone["id"])
        operation = {"op": "replace", "path": "/name", "value": "renamed"}
        self.control("UpdateVpcLink", vpcLinkId=kept["id"], patchOperations=[operation])
        self.control.clock.advance(1)
        self.assertEqual(("renamed", "AVAILABLE"), (self.get(kept)["name"], self.get(kept)["status"]))

    def test_targets(self) -> None:
        elb = Elb(NLB)
        self.control = Control(services=elb)
        known, unknown = self.link(), self.link(targetArns=[NLB[:-1] + "0"])
        self.control.clock.advance(1)
        self.assertEqual("AVAILABLE", self.get(known)["status"])
        self.assertEqual("FAILED", self.get(unknown)["status"])
        self.assertEqual("NLB ARN is malformed", self.get(unknown)["statusMessage"])
        self.assertEqual(("elbv2", "DescribeLoadBalancers", NLB), elb.asked[0])

    def test_a_named_endpoint_makes_a_target_known(self) -> None:
        endpoint = "http://127.0.0.1:1"
        self.control = Control(
            services=Elb(""), settings=Settings(vpc_link_endpoints={"by-name": endpoint, NLB: endpoint})
        )
        links = [self.link(name="by-name", targetArns=[NLB[:-1] + "0"]), self.link(name="by-arn")]
        self.control.clock.advance(1)
        self.assertEqual(["AVAILABLE"] * 2, [self.get(link)["status"] for link in links])

    def test_refusals_as_recorded(self) -> None:
        self.refused(
            400,
            "BadRequestException",
            "Invalid ARN. ARN is not well formed invalid-arn",
            "CreateVpcLink",
            name="x",
            targetArns=["invalid-arn"],
        )
        self.refused(400, "BadRequestException", "Name cannot be empty", "CreateVpcLink", name="", targetArns=[NLB])
        self.refused(400, "BadRequestException", None, "CreateVpcLink", name="x", targetArns=[])
        for operation in ("GetVpcLink", "DeleteVpcLink", "UpdateVpcLink"):
            self.refused(404, "NotFoundException", "Invalid Vpc Link identifier specified", operation, vpcLinkId="none")

    def test_a_link_in_use_stays(self) -> None:
        link = self.link()
        api_id = self.api()
        root = self.control("GetResources", restApiId=api_id)["items"][0]["id"]
        where = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
        self.control("PutMethod", **where, authorizationType="NONE")
        self.control(
            "PutIntegration",
            **where,
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri="http://inside.test",
            connectionType="VPC_LINK",
            connectionId=link["id"],
        )
        self.control("CreateDeployment", restApiId=api_id, stageName="s")
        self.refused(
            400,
            "BadRequestException",
            f"Cannot delete vpc link. Vpc link '{link['id']}', is referenced in [GET:{root}:s] in format of "
            "[Method:Resource:Stage].",
            "DeleteVpcLink",
            vpcLinkId=link["id"],
        )
        self.control("DeleteRestApi", restApiId=api_id)
        self.control("DeleteVpcLink", vpcLinkId=link["id"])
