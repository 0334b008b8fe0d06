"""VPC links: from a link to a target's address."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import GatewayError, ServiceError
from emulator.integrations.dispatch import Dispatch, IntegrationRequest
from emulator.integrations.http import HttpCalls
from emulator.integrations.vpc_link import CACHE_SECONDS, VpcLink
from emulator.settings import Settings
from emulator.store.store import Store
from tests.integrations.backend import Backend

ACCOUNT, REGION = "000000000000", "us-east-1"
NLB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/net/n/1"
ALB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/a/1"


def healthy(target: str, port: int, state: str = "healthy") -> dict[str, Any]:
    return {"Target": {"Id": target, "Port": port}, "TargetHealth": {"State": state}}


class Services:
    """elbv2 and ec2 with the answers of a table."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.listeners: dict[str, list[dict[str, Any]]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.instances: dict[str, str] = {}
        self.rules: list[dict[str, Any]] = []

    def call(self, service: str, action: str, params: Any, *, account: str, region: str) -> Deferred[dict[str, Any]]:
        assert (account, region) == (ACCOUNT, REGION)
        self.asked.append(action)
        if action == "DescribeLoadBalancers":
            return succeed({"LoadBalancers": [{"LoadBalancerArn": NLB, "DNSName": f"n-1.{REGION}.elb.amazonaws.com"}]})
        if action == "DescribeListeners":
            if "ListenerArns" in params:
                arn = params["ListenerArns"][0]
                every = [each for group in self.listeners.values() for each in group]
                return succeed({"Listeners": [each for each in every if each["ListenerArn"] == arn]})
            if params["LoadBalancerArn"] not in self.listeners:
                return fail(ServiceError("LoadBalancerNotFound", "no such balancer", 400))
            return succeed({"Listeners": self.listeners[params["LoadBalancerArn"]]})
        if action == "DescribeTargetGroups":
            return succeed({"TargetGroups": [self.groups[arn] for arn in params["TargetGroupArns"]]})
        if action == "DescribeTargetHealth":
            return succeed({"TargetHealthDescriptions": self.targets[params["TargetGroupArn"]]})
        if action == "DescribeRules":
            return succeed({"Rules": self.rules})
        if action == "DescribeInstances":
            found = [{"InstanceId": each, "PrivateIpAddress": self.instances[each]} for each in params["InstanceIds"]]
            return succeed({"Reservations": [{"Instances": found}]})
        raise AssertionError(action)

    def balancer(self, arn: str, port: int, group: str, protocol: str = "TCP") -> None:
        self.listeners.setdefault(arn, []).append(
            {
                "ListenerArn": f"{arn.replace('loadbalancer', 'listener')}/{port}",
                "Port": port,
                "Protocol": protocol,
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
            }
        )


class VpcLinkCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.build()

    def build(self, **endpoints: str) -> None:
        self.backend = Backend()
        self.services = Services()
        self.store = Store()
        self.region = self.store.region(ACCOUNT, REGION)
        self.region.vpc_links["link1"] = {"id": "link1", "name": "mine", "targetArns": [NLB]}
        calls = HttpCalls(self.backend.effects, self.backend.pool, self.store)
        link = VpcLink(self.backend.effects, Settings(vpc_link_endpoints=endpoints), self.store, calls, self.services)
        self.dispatch = Dispatch(self.backend.effects, {"VPC_LINK": link})

    def ask(self, uri: str = "http://inside.example/p", kind: str = "HTTP_PROXY", **more: Any) -> Any:
        asked = self.dispatch.invoke(
            IntegrationRequest(
                **{
                    "type": kind,
                    "http_method": "GET",
                    "uri": uri,
                    "account": ACCOUNT,
                    "region": REGION,
                    "connection_type": "VPC_LINK",
                    "connection_id": "link1",
                    **more,
                }
            )
        )
        self.backend.accept()
        return asked

    def connected(self) -> tuple[str, int]:
        host, port = self.backend.reactor.tcpClients[-1][:2]
        return host, port

    def failed(self, asked: Any) -> str:
        error = self.failureResultOf(asked, GatewayError).value
        self.assertEqual(error.response_type, "API_CONFIGURATION_ERROR")
        return error.log or ""

    def ip_targets(self, *targets: dict[str, Any], kind: str = "ip", protocol: str = "TCP") -> None:
        self.services.balancer(NLB, 80, "tg")
        self.services.groups["tg"] = {"TargetType": kind, "Protocol": protocol, "Port": 80}
        self.services.targets["tg"] = list(targets)

    def test_address_path_and_host(self) -> None:
        self.ip_targets(healthy("10.1.2.3", 8080))
        for kind in ("HTTP", "HTTP_PROXY"):
            self.ask(kind=kind)
            self.assertEqual(self.connected(), ("10.1.2.3", 8080))
            self.assertTrue(self.backend.heard(-1).startswith(b"GET /p HTTP/1.1\r\nHost: inside.example\r\n"))

    def test_a_balancer_by_its_name(self) -> None:
        self.ip_targets(healthy("10.1.2.3", 8080))
        self.ask(f"http://N-1.{REGION}.elb.amazonaws.com/p", connection_type="INTERNET", connection_id="")
        self.assertEqual(self.connected(), ("10.1.2.3", 8080))
        self.assertIn(b"Host: N-1.us-east-1.elb.amazonaws.com\r\n", self.backend.heard(-1))

    def test_instances_by_their_private_address(self) -> None:
        self.ip_targets(healthy("i-1", 8080), kind="instance")
        self.services.instances["i-1"] = "10.5.5.5"
        self.ask()
        self.assertEqual(self.connected(), ("10.5.5.5", 8080))

    def test_the_uris_port_chooses_the_listener(self) -> None:
        self.ip_targets(healthy("10.1.1.1", 1))
        self.services.balancer(NLB, 8443, "tg2")
        self.services.groups["tg2"] = {"TargetType": "ip", "Protocol": "TCP"}
        self.services.targets["tg2"] = [healthy("10.2.2.2", 2)]
        self.ask("http://x:8443/")
        self.assertEqual(self.connected(), ("10.2.2.2", 2))
        self.failed(self.ask("http://x:81/"))

    def test_only_usable_targets_in_turn(self) -> None:
        self.ip_targets(
            healthy("10.0.0.1", 1), healthy("10.0.0.2", 2, "unhealthy"), healthy("10.0.0.3", 3, "initial"),
            healthy("10.0.0.4", 4, "draining"),
        )  # fmt: skip
        seen = set()
        for _ in range(4):
            self.ask()
            seen.add(self.connected())
        self.assertEqual(seen, {("10.0.0.1", 1), ("10.0.0.3", 3)})

    def test_looked_up_once_in_a_while(self) -> None:
        self.ip_targets(healthy("10.0.0.1", 1))
        self.ask()
        self.ask()
        self.assertEqual(len(self.services.asked), 3)
        self.services.targets["tg"] = [healthy("10.0.0.9", 9)]
        self.backend.reactor.advance(CACHE_SECONDS)
        self.ask()
        self.assertEqual(self.connected(), ("10.0.0.9", 9))

    def test_an_alb_behind_the_nlb(self) -> None:
        self.ip_targets(healthy(ALB, 80), kind="alb")
        self.services.balancer(ALB, 80, "tg-a", "HTTP")
        self.services.groups["tg-a"] = {"TargetType": "ip", "Protocol": "HTTP"}
        self.services.targets["tg-a"] = [healthy("10.7.7.7", 70)]
        self.ask()
        self.assertEqual(self.connected(), ("10.7.7.7", 70))

    def test_balancers_in_a_ring(self) -> None:
        self.ip_targets(healthy(NLB, 80), kind="alb")
        self.failed(self.ask())

    def test_integration_target(self) -> None:
        self.services.balancer(ALB, 80, "tg-a", "HTTP")
        self.services.groups["tg-a"] = {"TargetType": "ip", "Protocol": "HTTP"}
        self.services.targets["tg-a"] = [healthy("10.7.7.7", 70)]
        for target in (ALB, self.services.listeners[ALB][0]["ListenerArn"]):
            self.ask(connection_id="v2link", integration_target=target)
            self.assertEqual(self.connected(), ("10.7.7.7", 70))

    def alb(self, *rules: dict[str, Any]) -> None:
        """An ALB that forwards to 10.7.7.7, unless a rule says otherwise."""
        self.services.balancer(ALB, 80, "tg-a", "HTTP")
        for name, address in (("tg-a", "10.7.7.7"), ("tg-b", "10.8.8.8")):
            self.services.groups[name] = {"TargetType": "ip", "Protocol": "HTTP"}
            self.services.targets[name] = [healthy(address, 70)]
        self.services.rules = [*rules, {"Priority": "default", "Conditions": [], "Actions": [], "IsDefault": True}]

    def test_rules_of_an_alb(self) -> None:
        self.alb(
            {
                "Priority": "20",
                "Conditions": [{"Field": "path-pattern", "Values": ["/b/*"]}],
                "Actions": [{"Type": "forward", "TargetGroupArn": "tg-b"}],
            },
            {
                "Priority": "10",
                "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b/teapot"]}}],
                "Actions": [
                    {
                        "Type": "fixed-response",
                        "FixedResponseConfig": {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "no"},
                    }
                ],
            },
            {
                "Priority": "11",
                "Conditions": [{"Field": "path-pattern", "Values": ["/old"]}],
                "Actions": [
                    {
                        "Type": "redirect",
                        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
                    }
                ],
            },
        )
        for path, address in (("/", "10.7.7.7"), ("/b", "10.7.7.7"), ("/b/x", "10.8.8.8")):
            self.ask(f"http://inside.example{path}", integration_target=ALB)
            self.assertEqual(self.connected()[0], address, path)
        answer = self.successResultOf(self.ask("http://inside.example/b/teapot", integration_target=ALB))
        self.assertEqual(
            (answer.status, answer.body, answer.headers.lines), (418, b"no", [("Content-Type", "text/plain")])
        )
        answer = self.successResultOf(self.ask("http://inside.example/old?a=1", integration_target=ALB))
        self.assertEqual((answer.status, answer.headers.first("location")), (301, "https://inside.example:443/old?a=1"))

    def test_weights(self) -> None:
        self.ip_targets(healthy("10.0.0.1", 1))
        self.services.groups["heavy"] = {"TargetType": "ip", "Protocol": "TCP"}
        self.services.targets["heavy"] = [healthy("10.0.0.2", 2)]
        self.services.listeners[NLB][0]["DefaultActions"] = [
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "tg", "Weight": 1},
                        {"TargetGroupArn": "heavy", "Weight": 9},
                    ]
                },
            }
        ]
        seen = []
        for _ in range(20):
            self.ask()
            seen.append(self.connected())
        self.assertEqual((seen.count(("10.0.0.1", 1)), seen.count(("10.0.0.2", 2))), (2, 18))
        self.services.listeners[NLB][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"][1]["Weight"] = "0"
        self.backend.reactor.advance(CACHE_SECONDS)
        self.ask()
        self.assertEqual(self.connected(), ("10.0.0.1", 1))

    def test_where_nobody_is_healthy_all_are_tried(self) -> None:
        self.ip_targets(healthy("10.0.0.1", 1, "unhealthy"), healthy("10.0.0.2", 2, "draining"))
        self.ask()
        self.assertEqual(self.connected(), ("10.0.0.1", 1))

    def test_an_alb_without_targets(self) -> None:
        self.alb()
        self.services.targets["tg-a"] = []
        answer = self.successResultOf(self.ask(integration_target=ALB))
        self.assertEqual((answer.status, answer.headers.last("content-type")), (503, "text/html"))

    def test_tls_ends_at_the_balancer(self) -> None:
        self.ip_targets(healthy("10.0.0.1", 1))
        self.services.balancer(NLB, 443, "tg", "TLS")
        self.ask("https://inside.example/p")
        self.assertTrue(self.backend.heard(-1).startswith(b"GET /p HTTP/1.1\r\nHost: inside.example\r\n"))

    def test_set_by_the_user(self) -> None:
        for name in ("link1", "mine", NLB):
            self.build(**{name: "http://127.0.0.1:9000"})
            self.ask("https://inside.example/p?x=1")
            self.assertEqual(self.connected(), ("127.0.0.1", 9000))
            self.assertTrue(self.backend.heard(-1).startswith(b"GET /p?x=1 HTTP/1.1\r\nHost: inside.example\r\n"))
            self.assertEqual(self.services.asked, [])

    def test_streams(self) -> None:
        self.ip_targets(healthy("10.0.0.1", 1))
        asked = self.ask(stream=True)
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        self.assertIsNotNone(self.successResultOf(asked).stream)

    def test_refusals(self) -> None:
        self.assertIn("LoadBalancerNotFound", self.failed(self.ask()))
        self.failed(self.ask(connection_id="nosuch"))
        self.failed(self.ask("nonsense"))
        self.ip_targets()
        self.failed(self.ask())
