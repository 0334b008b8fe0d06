"""AWS_IAM methods through the pipeline: signatures, whose they are, what they may do."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from emulator.services.iam_directory import Credential, root_user
from emulator.settings import Settings
from tests.authorizers.signing import HOST, presigned, signed
from tests.execute_api.world import World, mock_method

SHOW = (
    '{"arn": "$context.identity.userArn", "account": "$context.identity.accountId", '
    '"caller": "$context.identity.caller", "user": "$context.identity.user", "key": "$context.identity.accessKey"}'
)
ALLOW = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": "arn:aws:execute-api:*:*:abc123/prod/GET/pets*",
            }
        ],
    }
)
DENY = json.dumps({"Statement": [{"Effect": "Deny", "Action": "execute-api:*", "Resource": "*"}]})
USER = Credential(
    access_key="AKIAUSER",
    secret="secret",
    account="000000000000",
    kind="User",
    arn="arn:aws:iam::000000000000:user/bob",
    principal_arn="arn:aws:iam::000000000000:user/bob",
    user_id="AIDABOB",
    user_name="bob",
    documents=(ALLOW,),
)
SESSION = Credential(
    access_key="ASIASESSION",
    secret="secret2",
    session_token="tok+en/=",
    expires=1_700_003_600.0,
    issued=1_700_000_000.0,
    account="000000000000",
    kind="AssumedRole",
    arn="arn:aws:sts::000000000000:assumed-role/reader/s1",
    principal_arn="arn:aws:iam::000000000000:role/reader",
    user_id="AROAREADER:s1",
    documents=(ALLOW,),
)
DENIED = (
    "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: execute-api:Invoke on resource: "
    "arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/pets"
)


class Directory:
    def __init__(self, *credentials: Credential) -> None:
        self.by_key = {each.access_key: each for each in (*credentials, root_user("test", "000000000000"))}

    def find(self, access_key: str) -> Credential | None:
        return self.by_key.get(access_key)


class IamCase(SynchronousTestCase):
    def world(self, *credentials: Credential, iam: str = "enforce", **api: Any) -> World:
        methods = {verb: mock_method(200, SHOW, authorizationType="AWS_IAM") for verb in ("GET", "POST")}
        resources = {"/pets": methods, "/pets/{proxy+}": {"GET": mock_method(200, SHOW, authorizationType="AWS_IAM")}}
        world = World(resources, settings=Settings(iam=iam), **api)
        world.gateway.iam_directory = Directory(*(credentials or (USER, SESSION)))
        return world

    def refused(self, response: Any, message: str, error_type: str, name: str = "message") -> None:
        self.assertEqual((response.status, json.loads(response.body)), (403, {name: message}))
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), error_type)


class Signatures(IamCase):
    def test_root(self) -> None:
        response = self.world().send("GET", "/pets", signed("GET", "/prod/pets"))
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(
            json.loads(response.body),
            {
                "arn": "arn:aws:iam::000000000000:root",
                "account": "000000000000",
                "caller": "000000000000",
                "user": "000000000000",
                "key": "test",
            },
        )

    def test_paths_queries_and_bodies(self) -> None:
        world = self.world()
        for path in (
            "/pets/a%20b/c",
            "/pets/a%2Fb",
            "/pets/x;y=1",
            "/pets/%C3%A9",
            "/pets?b=2&a=1&a=0",
            "/pets?q=a%20b&r=%2F",
            "/pets?flag",
            "/pets?q=1+2",
            "/pets?empty=&x=%E2%82%AC",
        ):
            response = world.send("GET", path, signed("GET", "/prod" + path))
            self.assertEqual(response.status, 200, (path, response.body))
        headers = signed("POST", "/prod/pets", body=b'{"a": 1}', headers={"Content-Type": "application/json"})
        self.assertEqual(world.send("POST", "/pets", headers, b'{"a": 1}').status, 200)
        self.assertEqual(world.send("POST", "/pets", headers, b'{"a": 2}').status, 403)

    def test_unsigned_and_streaming_payloads(self) -> None:
        world = self.world()
        for claim in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
            headers = signed("POST", "/prod/pets", headers={"X-Amz-Content-SHA256": claim})
            self.assertEqual(world.send("POST", "/pets", headers, b"whatever").status, 200, claim)
        lie = signed("POST", "/prod/pets", headers={"X-Amz-Content-SHA256": "0" * 64})
        self.assertEqual(world.send("POST", "/pets", lie, b"whatever").status, 403)

    def test_query(self) -> None:
        world = self.world()
        signed_path = presigned("/prod/pets?x=1&y=a%20b").removeprefix("/prod")
        self.assertEqual(world.send("GET", signed_path).status, 200)
        world.clock.advance(61)
        response = world.send("GET", signed_path)
        self.refused(
            response,
            "Signature expired: 20231114T221320Z is now earlier than 20231114T221321Z (20231114T221421Z - 1 min.)",
            "InvalidSignatureException",
        )

    def test_query_of_a_session(self) -> None:
        world = self.world()
        path = presigned("/prod/pets", key="ASIASESSION", secret="secret2", token="tok+en/=")
        self.assertEqual(world.send("GET", path.removeprefix("/prod")).status, 200)

    def test_query_lacking_parts(self) -> None:
        response = self.world().send("GET", "/pets?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20231114T221320Z")
        self.refused(
            response,
            "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include "
            "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Signature'. "
            "Re-examine the query-string parameters.",
            "IncompleteSignatureException",
        )

    def test_no_signature(self) -> None:
        self.refused(
            self.world().send("GET", "/pets"), "Missing Authentication Token", "MissingAuthenticationTokenException"
        )

    def test_other_schemes(self) -> None:
        world = self.world()
        response = world.send("GET", "/pets", {"Authorization": "Bearer abc"})
        body = json.loads(response.body)["message"]
        self.assertTrue(
            body.startswith(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded "
                "with Base64): '"
            ),
            body,
        )
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), "IncompleteSignatureException")
        message = json.loads(world.send("GET", "/pets", {"Authorization": "allow"}).body)["message"]
        self.assertTrue(
            message.startswith(
                "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
                "parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires "
                "existence of either a 'X-Amz-Date' or a 'Date' header. "
            ),
            message,
        )

    def test_sigv4a(self) -> None:
        headers = signed("GET", "/prod/pets")
        headers["Authorization"] = headers["Authorization"].replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
        self.refused(
            self.world().send("GET", "/pets", headers),
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
            "IncompleteSignatureException",
        )

    def test_clock_skew(self) -> None:
        world = self.world()
        for seconds in (-300, 0, 300):
            self.assertEqual(
                world.send("GET", "/pets", signed("GET", "/prod/pets", now=1_700_000_000 + seconds)).status, 200
            )
        self.refused(
            world.send("GET", "/pets", signed("GET", "/prod/pets", now=1_700_000_000 - 301)),
            "Signature expired: 20231114T220819Z is now earlier than 20231114T220820Z (20231114T221320Z - 5 min.)",
            "InvalidSignatureException",
        )
        self.refused(
            world.send("GET", "/pets", signed("GET", "/prod/pets", now=1_700_000_000 + 301)),
            "Signature not yet current: 20231114T221821Z is still later than 20231114T221820Z "
            "(20231114T221320Z + 5 min.)",
            "InvalidSignatureException",
        )

    def test_unknown_keys(self) -> None:
        world = self.world()
        for headers in (
            signed("GET", "/prod/pets", key="AKIANOBODY"),
            signed("GET", "/prod/pets", key="AKIAUSER", secret="secret", token="extra"),
            signed("GET", "/prod/pets", key="ASIASESSION", secret="secret2"),
            signed("GET", "/prod/pets", key="ASIASESSION", secret="secret2", token="other"),
        ):
            self.refused(
                world.send("GET", "/pets", headers),
                "The security token included in the request is invalid.",
                "UnrecognizedClientException",
            )

    def test_expired_session(self) -> None:
        world = self.world(evolve(SESSION, expires=1_700_000_000.0))
        headers = signed("GET", "/prod/pets", key="ASIASESSION", secret="secret2", token="tok+en/=")
        self.refused(
            world.send("GET", "/pets", headers),
            "The security token included in the request is expired",
            "ExpiredTokenException",
        )

    def test_wrong_secret(self) -> None:
        headers = signed("GET", "/prod/pets?a=1", secret="wrong")
        response = self.world().send("GET", "/pets?a=1", headers)
        self.assertEqual(response.status, 403)
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), "InvalidSignatureException")
        message = json.loads(response.body)["message"]
        self.assertTrue(
            message.startswith(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String "
                f"for this request should have been\n'GET\n/prod/pets\na=1\nhost:{HOST}\n"
            ),
            message,
        )
        self.assertIn("\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20231114T221320Z\n", message)

    def test_wrong_scope(self) -> None:
        world = self.world()
        self.refused(
            world.send("GET", "/pets", signed("GET", "/prod/pets", region="eu-west-1")),
            "Credential should be scoped to a valid region. ",
            "InvalidSignatureException",
        )
        self.refused(
            world.send("GET", "/pets", signed("GET", "/prod/pets", service="lambda")),
            "Credential should be scoped to correct service: 'execute-api'. ",
            "InvalidSignatureException",
        )

    def test_mangled(self) -> None:
        """Whatever is cut out of or put into the header: refused, and never a traceback."""
        world = self.world()
        good = signed("GET", "/prod/pets")["Authorization"]
        headers = signed("GET", "/prod/pets")
        for at in range(0, len(good), 3):
            for bad in (good[:at], good[:at] + "\u00e9" + good[at:], good[:at] + "=" + good[at + 1 :]):
                headers["Authorization"] = bad if bad != good else ""
                self.assertEqual(world.send("GET", "/pets", headers).status, 403, bad)
        headers["Authorization"] = good
        for date in ("", "now", "20231399T000000Z", "20231114T221320"):
            headers["X-Amz-Date"] = date
            self.assertEqual(world.send("GET", "/pets", headers).status, 403, date)


class Permissions(IamCase):
    def as_bob(self, world: World, method: str = "GET", path: str = "/pets") -> Any:
        return world.send(method, path, signed(method, "/prod" + path, key="AKIAUSER", secret="secret"))

    def test_user(self) -> None:
        response = self.as_bob(self.world())
        self.assertEqual(
            json.loads(response.body),
            {
                "arn": USER.arn,
                "account": "000000000000",
                "caller": "AIDABOB",
                "user": "AIDABOB",
                "key": "AKIAUSER",
            },
        )

    def test_session(self) -> None:
        headers = signed("GET", "/prod/pets", key="ASIASESSION", secret="secret2", token="tok+en/=")
        shown = json.loads(self.world().send("GET", "/pets", headers).body)
        self.assertEqual((shown["arn"], shown["caller"]), (SESSION.arn, "AROAREADER:s1"))

    def test_denied(self) -> None:
        self.refused(self.as_bob(self.world(evolve(USER, documents=()))), DENIED, "AccessDeniedException", "Message")
        self.refused(
            self.as_bob(self.world(), "POST"), DENIED.replace("GET", "POST"), "AccessDeniedException", "Message"
        )
        self.refused(
            self.as_bob(self.world(evolve(USER, documents=(ALLOW, DENY)))),
            DENIED + " with an explicit deny",
            "AccessDeniedException",
            "Message",
        )

    def test_limits(self) -> None:
        self.assertEqual(self.as_bob(self.world(evolve(USER, boundary=ALLOW))).status, 200)
        self.assertEqual(self.as_bob(self.world(evolve(USER, boundary='{"Statement": []}'))).status, 403)
        headers = signed("GET", "/prod/pets", key="ASIASESSION", secret="secret2", token="tok+en/=")
        limited = self.world(evolve(SESSION, session_policies=('{"Statement": []}',)))
        self.assertEqual(limited.send("GET", "/pets", headers).status, 403)

    def test_a_policy_that_cannot_be_read_denies(self) -> None:
        response = self.as_bob(self.world(evolve(USER, documents=(ALLOW, "{"))))
        self.refused(response, DENIED + " with an explicit deny", "AccessDeniedException", "Message")

    def test_modes(self) -> None:
        nobody = evolve(USER, documents=())
        self.assertEqual(self.as_bob(self.world(nobody, iam="sign-only")).status, 200)
        self.assertEqual(self.world(nobody, iam="sign-only").send("GET", "/pets").status, 403)
        self.assertEqual(self.world(nobody, iam="off").send("GET", "/pets").status, 200)

    def test_resource_policy_of_the_same_account(self) -> None:
        nobody = evolve(USER, documents=())
        for principal, status in (
            ("*", 200),
            ({"AWS": USER.arn}, 200),
            ({"AWS": "000000000000"}, 403),
            ({"AWS": "arn:aws:iam::000000000000:user/alice"}, 403),
        ):
            self.assertEqual(self.as_bob(self.world(nobody, policy=_policy(principal))).status, status, principal)
        self.assertEqual(self.as_bob(self.world(USER, policy=_policy({"AWS": "111111111111"}))).status, 200)
        self.assertEqual(self.as_bob(self.world(USER, policy=_policy("*", "Deny"))).status, 403)

    def test_cross_account(self) -> None:
        stranger = evolve(USER, account="444455556666", arn="arn:aws:iam::444455556666:user/bob")
        for documents, policy, status in (
            ((ALLOW,), None, 403),
            ((ALLOW,), _policy("*"), 200),
            ((ALLOW,), _policy({"AWS": "444455556666"}), 200),
            ((), _policy("*"), 403),
            ((ALLOW, DENY), _policy("*"), 403),
        ):
            api = {} if policy is None else {"policy": policy}
            self.assertEqual(self.as_bob(self.world(evolve(stranger, documents=documents), **api)).status, status)

    def test_conditions_on_the_caller(self) -> None:
        for condition, status in (
            ({"StringEquals": {"aws:username": "bob"}}, 200),
            ({"StringEquals": {"aws:username": "alice"}}, 403),
            ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/bo*"}}, 200),
            ({"StringEquals": {"aws:PrincipalTag/Team": "blue"}}, 200),
            ({"Null": {"aws:TokenIssueTime": "true"}}, 200),
        ):
            bob = evolve(USER, documents=(), tags={"team": "blue"})
            world = self.world(bob, policy=_policy("*", Condition=condition))
            self.assertEqual(self.as_bob(world).status, status, condition)


def _policy(principal: Any, effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})
