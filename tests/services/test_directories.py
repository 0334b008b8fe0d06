"""What the gatekeepers read of moto: access keys, user pools, VPC endpoints, web ACLs."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import jwt
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.authorizers.iam import IdentityEvaluator, caller_of, condition_keys, identity_of
from emulator.authorizers.policy import Decision, PolicyRequest
from emulator.effects import Effects
from emulator.execute_api.waf.rates import Rates
from emulator.execute_api.waf.seen import Seen
from emulator.execute_api.waf.web_acl import compile_web_acl
from emulator.services.iam_directory import Credential, MotoIamDirectory
from emulator.services.moto_services import MotoServices
from emulator.services.pool_tokens import mend_pool_tokens
from emulator.services.user_pools import MotoUserPools
from emulator.services.vpc_endpoints import MotoVpcEndpoints
from emulator.services.waf_associations import mend_waf
from emulator.services.waf_directory import MotoWafDirectory
from emulator.settings import Settings
from emulator.wire import Headers, Request

ACCOUNT = "111122223333"
INVOKE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
    }
)
DENY = INVOKE.replace("Allow", "Deny")
REQUEST = PolicyRequest("execute-api:Invoke", "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/", {})


class Iam(SynchronousTestCase):
    def setUp(self) -> None:
        from moto.iam.models import iam_backends
        from moto.sts.models import sts_backends

        self.iam = iam_backends[ACCOUNT]["aws"]
        self.sts = sts_backends[ACCOUNT]["aws"]
        self.addCleanup(self.sts.reset)
        self.addCleanup(self.iam.reset)
        self.directory = MotoIamDirectory("000000000000")

    def found(self, key: str) -> Credential:
        credential = self.directory.find(key)
        assert credential is not None
        return credential

    def decision(self, key: str) -> Decision:
        return IdentityEvaluator().evaluate(self.found(key), REQUEST)

    def test_local_credentials(self) -> None:
        for key, account in (("test", "000000000000"), ("123456789012", "123456789012")):
            root = self.found(key)
            self.assertEqual((root.account, root.kind, root.secret), (account, "Account", "test"))
            self.assertIs(self.decision(key), Decision.ALLOW)
        for key in ("", "AKIANOBODY", "12345678901", "1234567890123"):
            self.assertIsNone(self.directory.find(key))

    def test_user(self) -> None:
        user = self.iam.create_user("us-east-1", "bob", path="/team/", tags=[{"Key": "Team", "Value": "blue"}])
        user = user[0] if isinstance(user, tuple) else user
        key = self.iam.create_access_key("bob")
        found = self.found(key.access_key_id)
        self.assertEqual(
            (found.secret, found.account, found.kind, found.arn, found.user_id, found.user_name),
            (
                key.secret_access_key,
                ACCOUNT,
                "User",
                f"arn:aws:iam::{ACCOUNT}:user/team/bob",
                user.id,
                "bob",
            ),
        )
        self.assertEqual(condition_keys(found)["aws:principaltag/team"], "blue")
        self.assertEqual(identity_of(found)["userArn"], found.arn)
        self.assertIn(found.arn, caller_of(found).names)
        self.assertIs(self.decision(key.access_key_id), Decision.NEITHER)
        self.iam.put_user_policy("bob", "own", INVOKE)
        self.assertIs(self.decision(key.access_key_id), Decision.ALLOW)

    def test_groups_and_managed_policies(self) -> None:
        self.iam.create_user("us-east-1", "eve")
        key = self.iam.create_access_key("eve").access_key_id
        self.iam.create_group("readers", "/")
        self.iam.add_user_to_group("readers", "eve")
        self.assertIs(self.decision(key), Decision.NEITHER)
        policy = self.iam.create_policy("", "/", INVOKE, "invoke", {})
        self.iam.attach_group_policy(policy.arn, "readers")
        self.assertIs(self.decision(key), Decision.ALLOW)
        self.iam.create_policy_version(policy.arn, DENY, "true")
        self.assertIs(self.decision(key), Decision.DENY)
        self.iam.set_default_policy_version(policy.arn, "v1")
        self.assertIs(self.decision(key), Decision.ALLOW)
        self.iam.put_group_policy("readers", "no", DENY)
        self.assertIs(self.decision(key), Decision.DENY)

    def test_policies_of_aws(self) -> None:
        from moto.iam.models import IAMBackend

        MotoServices(Effects.fake(Clock()), Settings()).ready()
        iam = IAMBackend("aws", ACCOUNT)
        iam.create_user("us-east-1", "amy")
        iam.attach_user_policy("arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess", "amy")
        iam.create_role("runs", "{}", "/", None, "", [], "3600")
        iam.attach_role_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "runs")
        self.assertEqual(len(iam.get_user("amy").managed_policies), 1)

    def test_inactive_and_deleted_keys(self) -> None:
        self.iam.create_user("us-east-1", "old")
        key = self.iam.create_access_key("old").access_key_id
        self.iam.update_access_key("old", key, "Inactive")
        self.assertIsNone(self.directory.find(key))
        self.iam.update_access_key("old", key, "Active")
        self.assertIsNotNone(self.directory.find(key))
        self.iam.delete_access_key(key, "old")
        self.assertIsNone(self.directory.find(key))

    def test_session(self) -> None:
        role = self.iam.create_role("reader", "{}", "/", None, "", [{"Key": "a", "Value": "b"}], "3600")
        session = self.sts.assume_role("us-east-1", "s1", role.arn, None, 900, None)
        found = self.found(session.access_key_id)
        self.assertEqual(
            (found.kind, found.arn, found.principal_arn, found.user_id, found.session_token),
            (
                "AssumedRole",
                f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1",
                role.arn,
                f"{role.id}:s1",
                session.session_token,
            ),
        )
        assert found.expires is not None and found.issued is not None
        self.assertTrue(890 < found.expires - found.issued < 910)
        self.assertIn(role.arn, caller_of(found).names)
        self.assertIn(role.id, caller_of(found).names)
        self.assertIs(self.decision(session.access_key_id), Decision.NEITHER)
        self.iam.put_role_policy("reader", "own", INVOKE)
        self.assertIs(self.decision(session.access_key_id), Decision.ALLOW)
        limited = self.sts.assume_role("us-east-1", "s2", role.arn, DENY, 900, None)
        self.assertIs(self.decision(limited.access_key_id), Decision.DENY)

    def ask(self, service: str, key: str = "test", **parameters: str) -> str:
        """A call of IAM or STS, as a client makes it; the answer's XML."""
        moto = MotoServices(Effects.fake(Clock()), Settings())
        scope = f"{key}/20231114/us-east-1/{service}/aws4_request"
        lines = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", f"{service}.amazonaws.com"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        ]
        body = urlencode(parameters).encode()
        request = Request(method="POST", raw_path=b"/", raw_query=b"", headers=Headers(lines), body=body)
        answer = self.successResultOf(moto.request(service, request, account=ACCOUNT, region="us-east-1"))
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body.decode()

    def session(self, answer: str) -> Credential:
        found = self.found(answer.partition("<AccessKeyId>")[2].partition("<")[0])
        self.assertEqual(found.session_token, answer.partition("<SessionToken>")[2].partition("<")[0])
        return found

    def evaluated(self, credential: Credential) -> Decision:
        return IdentityEvaluator().evaluate(credential, REQUEST)

    def test_boundaries_of_users(self) -> None:
        limit = self.iam.create_policy("", "/", DENY, "limit", {}).arn
        self.ask("iam", Action="CreateUser", UserName="tim", PermissionsBoundary=limit)
        self.assertTrue(self.iam.get_user("tim").id.startswith("AIDA"))
        self.iam.put_user_policy("tim", "own", INVOKE)
        key = self.iam.create_access_key("tim").access_key_id
        self.assertIs(self.decision(key), Decision.DENY)
        self.assertIn(limit, self.ask("iam", Action="GetUser", UserName="tim"))
        self.ask("iam", Action="DeleteUserPermissionsBoundary", UserName="tim")
        self.assertIs(self.decision(key), Decision.ALLOW)
        self.ask("iam", Action="PutUserPermissionsBoundary", UserName="tim", PermissionsBoundary=limit)
        self.assertIs(self.decision(key), Decision.DENY)

    def test_tags_and_managed_policies_of_a_session(self) -> None:
        role = self.iam.create_role("worker", "{}", "/", None, "", [{"Key": "team", "Value": "role"}], "3600")
        self.iam.put_role_policy("worker", "own", INVOKE)
        asked = {"Action": "AssumeRole", "RoleArn": role.arn, "RoleSessionName": "s1"}
        tagged = self.session(
            self.ask("sts", **asked, **{"Tags.member.1.Key": "team", "Tags.member.1.Value": "session"})
        )
        self.assertEqual(condition_keys(tagged)["aws:principaltag/team"], "session")
        self.assertIs(self.evaluated(tagged), Decision.ALLOW)
        limit = self.iam.create_policy("", "/", DENY, "limit", {}).arn
        limited = self.session(self.ask("sts", **asked, **{"PolicyArns.member.1.arn": limit}))
        self.assertIs(self.evaluated(limited), Decision.DENY)

    def test_sessions_of_a_user(self) -> None:
        self.iam.create_user("us-east-1", "joe")
        self.iam.put_user_policy("joe", "own", INVOKE)
        key = self.iam.create_access_key("joe").access_key_id
        plain = self.session(self.ask("sts", key, Action="GetSessionToken", DurationSeconds="900"))
        self.assertEqual((plain.arn, plain.kind), (f"arn:aws:iam::{ACCOUNT}:user/joe", "User"))
        self.assertEqual(condition_keys(plain)["aws:multifactorauthpresent"], "false")
        assert plain.expires is not None and plain.issued is not None
        self.assertEqual(plain.expires - plain.issued, 900)
        self.assertIs(self.evaluated(plain), Decision.ALLOW)
        with_mfa = self.session(self.ask("sts", key, Action="GetSessionToken", SerialNumber="arn:mfa", TokenCode="1"))
        self.assertEqual(condition_keys(with_mfa)["aws:multifactorauthpresent"], "true")
        self.iam.delete_access_key(key, "joe")
        self.assertIsNone(self.directory.find(plain.access_key))

    def test_who_somebody_is(self) -> None:
        user = self.iam.create_user("us-east-1", "ada")
        key = self.iam.create_access_key("ada").access_key_id
        self.assertIn(f"<Arn>{user.arn}</Arn>", self.ask("sts", key, Action="GetCallerIdentity"))
        derived = self.session(self.ask("sts", key, Action="GetFederationToken", Name="x"))
        shown = self.ask("sts", derived.access_key, Action="GetCallerIdentity")
        self.assertIn(f"<Arn>arn:aws:sts::{ACCOUNT}:federated-user/x</Arn>", shown)
        for nobody in ("999988887777", "AKIANOBODYATALL12345"):
            self.assertIn(":root</Arn>", self.ask("sts", nobody, Action="GetCallerIdentity"))

    def test_federated_users(self) -> None:
        for policy, decision in (("", Decision.NEITHER), (INVOKE, Decision.ALLOW), (DENY, Decision.DENY)):
            found = self.session(self.ask("sts", Action="GetFederationToken", Name="ann", Policy=policy))
            self.assertEqual(found.arn, "arn:aws:sts::000000000000:federated-user/ann")
            self.assertEqual((found.user_id, found.kind), ("000000000000:ann", "FederatedUser"))
            self.assertIs(self.evaluated(found), decision)

    def test_session_of_a_role_that_is_not_there(self) -> None:
        session = self.sts.assume_role("us-east-1", "s1", f"arn:aws:iam::{ACCOUNT}:role/ghost", None, 900, None)
        self.assertIs(self.decision(session.access_key_id), Decision.NEITHER)


class UserPools(SynchronousTestCase):
    def test_a_pool_and_its_tokens(self) -> None:
        from moto.cognitoidp.models import cognitoidp_backends

        backend = cognitoidp_backends[ACCOUNT]["us-east-1"]
        self.addCleanup(backend.reset)
        pool = backend.create_user_pool("demo", {})
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
        pools = MotoUserPools()
        self.assertIsNone(pools.key_set(issuer + "x"))
        self.assertIsNone(pools.key_set("https://idp.example.test"))
        keys = pools.key_set(issuer)
        assert keys is not None
        client = backend.create_user_pool_client(pool.id, False, {})
        backend.admin_create_user(pool.id, "bob", None, "Temp-1234", [])
        token, _ = pool.create_jwt(client.id, "bob", "id")
        key = jwt.PyJWK(dict(keys["keys"][0]), algorithm="RS256")
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=client.id)
        self.assertEqual((claims["iss"], claims["token_use"]), (issuer, "id"))
        self.assertEqual(jwt.get_unverified_header(token)["kid"], keys["keys"][0]["kid"])


    def test_what_is_in_a_token(self) -> None:
        from moto.cognitoidp.models import cognitoidp_backends

        mend_pool_tokens()
        backend = cognitoidp_backends[ACCOUNT]["us-east-1"]
        self.addCleanup(backend.reset)
        pool = backend.create_user_pool("demo", {})
        attributes = [
            {"Name": "email", "Value": "bob@example.test"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": "Bob"},
        ]
        backend.admin_create_user(pool.id, "bob", None, "Temp-1234", attributes)

        def claims(config: dict[str, Any], use: str) -> dict[str, Any]:
            client = backend.create_user_pool_client(pool.id, False, config)
            create = pool.create_id_token if use == "id" else pool.create_access_token
            token, _ = create(client.id, "bob", "origin")
            found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
            return found

        every = claims({}, "id")
        self.assertEqual((every["email"], every["email_verified"], every["name"]), ("bob@example.test", True, "Bob"))
        self.assertEqual(every["exp"] - every["iat"], 3600)
        few = claims({"ReadAttributes": ["email"], "IdTokenValidity": 2}, "id")
        self.assertEqual((few["email"], "name" in few, few["exp"] - few["iat"]), ("bob@example.test", False, 7200))
        brief = claims({"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}}, "access")
        self.assertEqual(brief["exp"] - brief["iat"], 300)
        self.assertNotIn("email", brief)


class Waf(SynchronousTestCase):
    def test_objects_by_arn(self) -> None:
        from moto.wafv2.models import wafv2_backends

        backend = wafv2_backends[ACCOUNT]["us-east-1"]
        self.addCleanup(backend.reset)
        seen_config = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
        ip_set = backend.create_ip_set("bad", "REGIONAL", "", "IPV4", ["192.0.2.0/24"], [])
        rule = {
            "Name": "bad",
            "Priority": 0,
            "Statement": {"IPSetReferenceStatement": {"ARN": ip_set.arn}},
            "Action": {"Block": {}},
            "VisibilityConfig": seen_config,
        }
        acl = backend.create_web_acl(
            "acl", seen_config, {"Allow": {}}, "REGIONAL", "", [], [rule], None, None, None, None, None
        )
        directory = MotoWafDirectory()
        record = directory.record(acl.arn)
        assert record is not None
        self.assertEqual(record["LabelNamespace"], f"awswaf:{ACCOUNT}:webacl:acl:")
        self.assertIsNone(directory.lock_token(acl.arn + "x"))
        self.assertIsNone(directory.record("arn:aws:waf-regional:us-east-1:1:webacl/x"))
        compiled = compile_web_acl(record, directory, lambda _: Rates())

        def action() -> str:
            request = Seen(
                method="GET",
                path=b"/",
                query=b"",
                headers=Headers(),
                body=b"",
                source_ip="192.0.2.7",
                country=None,
                now=0.0,
            )
            return compiled.evaluate(request).action.name

        self.assertEqual(action(), "Block")
        before = directory.lock_token(ip_set.arn)
        backend.update_ip_set("bad", "REGIONAL", ip_set.ip_set_id, None, [], ip_set.lock_token)
        self.assertNotEqual(directory.lock_token(ip_set.arn), before)
        self.assertEqual(action(), "Allow")


class VpcEndpoints(SynchronousTestCase):
    def test_the_endpoint_s_vpc(self) -> None:
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[ACCOUNT]["us-east-1"]
        self.addCleanup(backend.reset)
        vpc = backend.create_vpc("10.0.0.0/16")
        endpoint = backend.create_vpc_endpoint(
            vpc_id=vpc.id,
            service_name="com.amazonaws.us-east-1.execute-api",
            endpoint_type="Interface",
            policy_document=None,
            route_table_ids=[],
        )
        self.assertEqual(MotoVpcEndpoints().vpc_of(endpoint.id), vpc.id)
        self.assertIsNone(MotoVpcEndpoints().vpc_of("vpce-0"))


class WafAssociations(SynchronousTestCase):
    STAGE = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/x/1"

    def setUp(self) -> None:
        from moto.wafv2.models import wafv2_backends

        mend_waf()
        self.waf = wafv2_backends[ACCOUNT]["us-east-1"]
        self.addCleanup(self.waf.reset)

    def made(self, name: str) -> Any:
        seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
        return self.waf.create_web_acl(name, seen, {"Allow": {}}, "REGIONAL", "", [], [], None, None, None, None, None)

    def test_one_web_acl_a_resource(self) -> None:
        first, second = self.made("first"), self.made("second")
        for acl in (first, second):
            self.waf.associate_web_acl(acl.arn, self.STAGE)
        self.assertEqual((first.associated_resources, second.associated_resources), ([], [self.STAGE]))

    def test_none_is_deleted_while_it_guards(self) -> None:
        acl = self.made("busy")
        self.waf.associate_web_acl(acl.arn, self.STAGE)
        with self.assertRaises(Exception) as caught:
            self.waf.delete_web_acl("busy", "REGIONAL", acl.id, acl.lock_token)
        self.assertEqual(getattr(caught.exception, "error_type", ""), "WAFAssociatedItemException")
        self.waf.disassociate_web_acl(self.STAGE)
        self.waf.delete_web_acl("busy", "REGIONAL", acl.id, acl.lock_token)
        self.assertNotIn(acl.arn, self.waf.wacls)

    def test_a_stage_that_is_not_there(self) -> None:
        acl = self.made("lost")
        for arn, stage in (
            (acl.arn, "arn:aws:apigateway:us-east-1::/restapis/none/stages/prod"),
            (acl.arn + "x", self.STAGE),
        ):
            with self.assertRaises(Exception) as caught:
                self.waf.associate_web_acl(arn, stage)
            self.assertEqual(getattr(caught.exception, "error_type", ""), "WAFNonexistentItemException")
