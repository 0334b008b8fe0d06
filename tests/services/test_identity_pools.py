"""Identity pools: who gets which session, and how it shows to policies and ``$context.identity``."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.authorizers.iam import condition_keys, identity_of
from emulator.effects import Effects
from emulator.services.iam_directory import MotoIamDirectory
from emulator.services.moto_services import MotoServices
from emulator.settings import Settings
from emulator.wire import Headers, Request

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


class IdentityPools(SynchronousTestCase):
    def setUp(self) -> None:
        from moto.cognitoidentity.models import cognitoidentity_backends
        from moto.cognitoidp.models import cognitoidp_backends
        from moto.iam.models import iam_backends
        from moto.sts.models import sts_backends

        self.users = cognitoidp_backends[ACCOUNT]["us-east-1"]
        for backend in (
            cognitoidentity_backends[ACCOUNT]["us-east-1"],
            self.users,
            iam_backends[ACCOUNT]["aws"],
            sts_backends[ACCOUNT]["aws"],
        ):
            self.addCleanup(backend.reset)
        self.pool = self.users.create_user_pool("demo", {})
        self.client = self.users.create_user_pool_client(self.pool.id, False, {}).id
        self.users.admin_create_user(self.pool.id, "bob", None, "Temp-1234", [])
        self.provider = f"cognito-idp.us-east-1.amazonaws.com/{self.pool.id}"
        self.logins = {self.provider: self.token("bob")}

    def token(self, user: str) -> str:
        return str(self.pool.create_id_token(self.client, user, "origin")[0])

    def ask(self, operation: str, status: int = 200, **members: Any) -> dict[str, Any]:
        moto = MotoServices(Effects.fake(Clock()), Settings(account_id=ACCOUNT))
        lines = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Host", "cognito-identity.us-east-1.amazonaws.com"),
            ("X-Amz-Target", f"AWSCognitoIdentityService.{operation}"),
        ]
        body = json.dumps(members).encode()
        request = Request(method="POST", raw_path=b"/", raw_query=b"", headers=Headers(lines), body=body)
        answer = self.successResultOf(
            moto.request("cognito-identity", request, account=ACCOUNT, region="us-east-1")
        )
        self.assertEqual(answer.status, status, answer.body)
        found: dict[str, Any] = json.loads(answer.body or b"{}")
        return found

    def made(self, guests: bool = True, roles: bool = True) -> str:
        providers = [{"ProviderName": self.provider, "ClientId": self.client}]
        pool = self.ask(
            "CreateIdentityPool",
            IdentityPoolName="demo",
            AllowUnauthenticatedIdentities=guests,
            CognitoIdentityProviders=providers,
        )["IdentityPoolId"]
        if roles:
            chosen = {"authenticated": ROLE + "member", "unauthenticated": ROLE + "guest"}
            self.ask("SetIdentityPoolRoles", IdentityPoolId=pool, Roles=chosen)
            self.assertEqual(self.ask("GetIdentityPoolRoles", IdentityPoolId=pool)["Roles"], chosen)
        return str(pool)

    def session(self, identity: str, **members: Any) -> Any:
        made = self.ask("GetCredentialsForIdentity", IdentityId=identity, **members)["Credentials"]
        found = MotoIamDirectory(ACCOUNT).find(made["AccessKeyId"])
        assert found is not None
        self.assertEqual((found.secret, found.session_token), (made["SecretKey"], made["SessionToken"]))
        return found

    def test_a_member(self) -> None:
        pool = self.made()
        identity = self.ask("GetId", IdentityPoolId=pool, Logins=self.logins)["IdentityId"]
        self.assertEqual(self.ask("GetId", IdentityPoolId=pool, Logins=self.logins)["IdentityId"], identity)
        found = self.session(identity, Logins=self.logins)
        self.assertEqual(found.arn, f"arn:aws:sts::{ACCOUNT}:assumed-role/member/CognitoIdentityCredentials")
        way = f"{self.provider},{self.provider}:CognitoSignIn:{self.pool._get_user('bob').id}"
        shown = identity_of(found)
        self.assertEqual(
            {name: value for name, value in shown.items() if name.startswith("cognito")},
            {
                "cognitoIdentityPoolId": pool,
                "cognitoIdentityId": identity,
                "cognitoAuthenticationType": "authenticated",
                "cognitoAuthenticationProvider": way,
            },
        )
        keys = condition_keys(found)
        self.assertEqual(keys["cognito-identity.amazonaws.com:sub"], identity)
        self.assertEqual(keys["cognito-identity.amazonaws.com:aud"], pool)
        self.assertEqual(keys["cognito-identity.amazonaws.com:amr"], ("authenticated", *way.split(",")))

    def test_a_guest(self) -> None:
        pool = self.made()
        identity = self.ask("GetId", IdentityPoolId=pool)["IdentityId"]
        self.assertNotEqual(self.ask("GetId", IdentityPoolId=pool)["IdentityId"], identity)
        found = self.session(identity)
        self.assertTrue(found.arn.endswith(":assumed-role/guest/CognitoIdentityCredentials"))
        self.assertEqual(condition_keys(found)["cognito-identity.amazonaws.com:amr"], ("unauthenticated",))
        self.assertIsNone(identity_of(found)["cognitoAuthenticationProvider"])

    def test_refusals(self) -> None:
        closed = self.made(guests=False, roles=False)
        for operation, members, code in (
            ("GetId", {"IdentityPoolId": closed}, "NotAuthorizedException"),
            ("GetId", {"IdentityPoolId": "us-east-1:none"}, "ResourceNotFoundException"),
            ("GetId", {"IdentityPoolId": closed, "Logins": {self.provider: "junk"}}, "NotAuthorizedException"),
            ("GetId", {"IdentityPoolId": closed, "Logins": {"cognito-idp.x": "y"}}, "NotAuthorizedException"),
            ("GetCredentialsForIdentity", {"IdentityId": "us-east-1:none"}, "ResourceNotFoundException"),
        ):
            self.assertEqual(self.ask(operation, 400, **members)["__type"], code, members)
        identity = self.ask("GetId", IdentityPoolId=closed, Logins=self.logins)["IdentityId"]
        refused = self.ask("GetCredentialsForIdentity", 400, IdentityId=identity, Logins=self.logins)
        self.assertEqual(refused["__type"], "InvalidIdentityPoolConfigurationException")
        self.users.admin_create_user(self.pool.id, "eve", None, "Temp-1234", [])
        stolen = {self.provider: self.token("eve")}
        refused = self.ask("GetCredentialsForIdentity", 400, IdentityId=identity, Logins=stolen)
        self.assertIn("Logins don't match", refused["message"])
