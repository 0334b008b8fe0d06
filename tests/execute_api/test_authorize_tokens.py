"""COGNITO_USER_POOLS and JWT authorizers through the pipeline: real signatures, key sets that lie, hang and rotate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from tempfile import NamedTemporaryFile
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.authorizers.cognito import java_date, show_claims
from emulator.authorizers.jwt import json_text
from emulator.execute_api.authorize_trial import try_authorizer
from emulator.settings import Settings
from tests.execute_api.world import World, mock_method

NOW = 1_700_000_000
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Abc"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Abc"
IDP = "https://idp.example.test"
EXPIRED = "The incoming token has expired"


@cache
def rsa_key(name: str) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(kid: str, key: Any, **more: Any) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    made: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return {**made, "kid": kid, "use": "sig", **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def token(claims: dict[str, Any], kid: str = "k1", key: Any = None, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode(claims, key or rsa_key("k1"), algorithm=alg, headers={"kid": kid, **header})


def id_claims(**more: Any) -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "sub": "s-1",
        "aud": "client1",
        "token_use": "id",
        "iat": NOW - 60,
        "auth_time": NOW - 60,
        "exp": NOW + 3600,
        "cognito:username": "bob",
        "cognito:groups": ["a", "b"],
        "email_verified": True,
        **more,
    }


def access_claims(**more: Any) -> dict[str, Any]:
    claims = id_claims(token_use="access", client_id="client1", scope="pets/read pets/write", **more)
    del claims["aud"]
    return claims


class Pools:
    """A double of the emulator's user pools."""

    def __init__(self) -> None:
        self.sets: dict[str, Any] = {ISSUER: {"keys": [jwk("k1", rsa_key("k1"), alg="RS256")]}}

    def key_set(self, issuer: str) -> Any:
        return self.sets.get(issuer)


class Network:
    """A double of the network: what lies at a URL, and who asked for it."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[str] = []

    def fetch(self, url: str) -> Deferred[bytes]:
        self.asked.append(url)
        page = self.pages.get(url)
        if isinstance(page, Deferred):
            return page
        if page is None:
            return fail(ConnectionRefusedError("nobody there"))
        return succeed(page)


class TokenCase(SynchronousTestCase):
    def make(self, record: dict[str, Any], scopes: list[str], issuers: dict[str, str], **api: Any) -> World:
        method = mock_method(
            200,
            '{"claims": $context.authorizer.claims.sub, "groups": "$context.authorizer.claims.cognito:groups"}'
            if record["type"] == "JWT"
            else '{"sub": "$context.authorizer.claims.sub", "exp": "$context.authorizer.claims.exp"}',
            authorizationType="COGNITO_USER_POOLS" if record["type"] != "JWT" else "JWT",
            authorizerId="auth01",
            authorizationScopes=scopes,
        )
        world = World({"/": {"GET": method}}, authorizers={"auth01": record}, settings=Settings(issuers=issuers), **api)
        self.network = Network()
        world.gateway.fetch = self.network.fetch
        self.pools = Pools()
        world.gateway.user_pools = self.pools
        return world

    def ask(self, world: World, text: str, header: str = "Authorization") -> tuple[int, Any]:
        response = world.send("GET", "/", {header: text})
        return response.status, json.loads(response.body)

    def refused(self, world: World, text: str, message: str = "Unauthorized") -> None:
        self.assertEqual(self.ask(world, text), (401, {"message": message}))


class Cognito(TokenCase):
    def world(self, scopes: list[str] | None = None, issuers: dict[str, str] | None = None, **more: Any) -> World:
        record = {
            "id": "auth01",
            "type": "COGNITO_USER_POOLS",
            "identitySource": "method.request.header.Authorization",
            "providerARNs": [POOL],
            **more,
        }
        return self.make(record, scopes or [], issuers or {})

    def test_id_token(self) -> None:
        world = self.world()
        for text in (token(id_claims()), "Bearer " + token(id_claims()), "bearer " + token(id_claims())):
            self.assertEqual(self.ask(world, text), (200, {"sub": "s-1", "exp": "Tue Nov 14 23:13:20 UTC 2023"}))

    def test_no_token(self) -> None:
        world = self.world()
        self.refused(world, "")
        self.assertEqual(world.send("GET", "/").status, 401)
        for text in ("x", "a.b.c", "a.b", "....", "é.é.é", "e30.e30.e30", "W10.W10.W10"):
            self.refused(world, text)

    def test_expired(self) -> None:
        world = self.world()
        good = token(id_claims(exp=NOW + 10))
        self.assertEqual(self.ask(world, good)[0], 200)
        world.clock.advance(9)
        self.assertEqual(self.ask(world, good)[0], 200)
        world.clock.advance(1)
        self.refused(world, good, EXPIRED)
        self.refused(world, token(id_claims(exp=NOW - 1)), EXPIRED)

    def test_times(self) -> None:
        world = self.world()
        self.assertEqual(self.ask(world, token(id_claims(iat=NOW + 30)))[0], 200)
        self.refused(world, token(id_claims(iat=NOW + 3600)))
        self.refused(world, token(id_claims(nbf=NOW + 3600)))
        for bad in ("soon", None, True, [1]):
            claims = id_claims()
            claims["exp"] = bad
            self.refused(world, token({k: v for k, v in claims.items() if k != "exp"}) if bad is None else raw(claims))

    def test_issuer_and_use(self) -> None:
        world = self.world()
        self.refused(world, token(id_claims(iss=ISSUER + "x")))
        self.refused(world, token({k: v for k, v in id_claims().items() if k != "iss"}))
        self.refused(world, token(id_claims(token_use="refresh")))
        self.refused(world, token(access_claims()))

    def test_scopes_want_an_access_token(self) -> None:
        world = self.world(["pets/read", "pets/all"])
        self.assertEqual(self.ask(world, token(access_claims()))[0], 200)
        self.refused(world, token(id_claims()))
        self.refused(world, token(id_claims(scope="pets/read")))
        self.refused(self.world(["pets/delete"]), token(access_claims()))
        claims = access_claims()
        del claims["scope"]
        self.refused(world, token(claims))

    def test_audience(self) -> None:
        world = self.world(identityValidationExpression="client[0-9]")
        self.assertEqual(self.ask(world, token(id_claims()))[0], 200)
        self.refused(world, token(id_claims(aud="client1x")))
        self.refused(world, token(id_claims(aud=["client1"])))
        scoped = self.world(["pets/read"], identityValidationExpression="client1")
        self.assertEqual(self.ask(scoped, token(access_claims()))[0], 200)

    def test_signature_tricks(self) -> None:
        world = self.world()
        good = token(id_claims())
        head, body, signature = good.split(".")
        public = rsa_key("k1").public_key()
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.refused(world, token(id_claims(), key=rsa_key("other")))
        self.refused(world, f"{head}.{body}.")
        self.refused(world, f"{part({'alg': 'none', 'kid': 'k1'})}.{body}.")
        self.refused(world, f"{part({'alg': 'None', 'kid': 'k1'})}.{body}.{signature}")
        self.refused(world, hmac_token(pem))
        self.refused(world, token(id_claims(), alg="RS512"))
        self.refused(world, token(id_claims(), alg="PS256"))
        self.refused(world, token(id_claims(), key=ec_key("e"), alg="ES256"))
        self.refused(world, token(id_claims(), kid="k2"))
        self.refused(world, token(id_claims(), kid="k2", key=rsa_key("evil"), jwk=jwk("k2", rsa_key("evil"))))
        self.refused(world, token(id_claims(), crit=["x"], x=1))
        self.refused(world, f"{part({'alg': 'RS256'})}.{body}.{signature}")
        self.refused(world, f"{part({'alg': ['RS256'], 'kid': 'k1'})}.{body}.{signature}")
        self.refused(world, f"{head}.{part(id_claims(sub='root'))}.{signature}")
        self.assertEqual(self.ask(world, good)[0], 200)

    def test_several_pools(self) -> None:
        other = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_Xyz"
        issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Xyz"
        world = self.world(providerARNs=[POOL, other])
        self.pools.sets[issuer] = {"keys": [jwk("x1", rsa_key("x1"))]}
        self.assertEqual(self.ask(world, token(id_claims()))[0], 200)
        self.assertEqual(self.ask(world, token(id_claims(iss=issuer), "x1", rsa_key("x1")))[0], 200)
        self.refused(world, token(id_claims(iss=issuer)))
        self.refused(world, token(id_claims(), "x1", rsa_key("x1")))

    def test_configured_issuer(self) -> None:
        local = "http://localhost:9229/us-east-1_Abc"
        world = self.world(issuers={local: "http://localhost:9229/us-east-1_Abc/.well-known/jwks.json"})
        self.network.pages[local + "/.well-known/jwks.json"] = key_set(jwk("k1", rsa_key("k1")))
        self.assertEqual(self.ask(world, token(id_claims(iss=local)))[0], 200)

    def test_verified_once(self) -> None:
        world = self.world()
        good = token(id_claims())
        self.assertEqual(self.ask(world, good)[0], 200)
        self.pools.sets.clear()
        self.assertEqual(self.ask(world, good)[0], 200)
        world.gateway.flush_authorizers("abc123", "prod")
        self.assertEqual(self.ask(world, good)[0], 500)

    def test_trial(self) -> None:
        world = self.world()
        record = world.api.authorizers["auth01"]
        huge = token(id_claims(filler="x" * 100_000))
        for text, status in ((token(id_claims()), 0), ("x", 401), (huge, 401)):
            tried = try_authorizer(world.gateway, world.api, record, {"headers": {"Authorization": text}})
            answer: dict[str, Any] = self.successResultOf(Deferred.fromCoroutine(tried))
            self.assertEqual(answer["clientStatus"], status)
            if not status:
                self.assertEqual(answer["claims"]["cognito:groups"], "a,b")

    def test_resource_policy_must_allow_too(self) -> None:
        for address, status in (("127.0.0.0/8", 200), ("10.0.0.0/8", 403)):
            statement = {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": {"IpAddress": {"aws:SourceIp": address}},
            }
            record = {
                "id": "auth01",
                "type": "COGNITO_USER_POOLS",
                "identitySource": "method.request.header.Authorization",
                "providerARNs": [POOL],
            }
            world = self.make(record, [], {}, policy=json.dumps({"Statement": [statement]}))
            self.assertEqual(self.ask(world, token(id_claims()))[0], status)
            self.refused(world, "x")


class Jwt(TokenCase):
    def world(self, scopes: list[str] | None = None, issuers: dict[str, str] | None = None, **issuer: Any) -> World:
        algorithms = issuer.pop("algorithms", ["RS256", "ES256"])
        record = {
            "id": "auth01",
            "type": "JWT",
            "identitySource": "method.request.header.Auth",
            "jwtConfiguration": {
                "issuers": [{"issuer": IDP, "audiences": ["api1", "api2"], **issuer}],
                "defaultAlgorithms": algorithms,
            },
        }
        world = self.make(record, scopes or [], issuers if issuers is not None else {IDP: IDP + "/keys"})
        keys = key_set(jwk("k1", rsa_key("k1")), jwk("e1", ec_key("e1")), {"kty": "oct", "k": "AAAA", "kid": "o1"})
        self.network.pages[IDP + "/keys"] = keys
        return world

    def claims(self, **more: Any) -> dict[str, Any]:
        return {"iss": IDP, "sub": 'a"b', "aud": "api2", "exp": NOW + 600, "scope": "read write", **more}

    def status(self, world: World, text: str) -> int:
        return self.ask(world, text, "Auth")[0]

    def test_accepted(self) -> None:
        world = self.world()
        self.assertEqual(self.ask(world, token(self.claims()), "Auth")[1]["claims"], 'a"b')
        self.assertEqual(self.status(world, "Bearer " + token(self.claims(aud=["x", "api1"]))), 200)
        self.assertEqual(self.status(world, token(self.claims(), "e1", ec_key("e1"), "ES256")), 200)
        self.assertEqual(self.network.asked, [IDP + "/keys"])

    def test_refused(self) -> None:
        world = self.world()
        for text in (
            token(self.claims(aud="other")),
            token({k: v for k, v in self.claims().items() if k != "aud"}),
            token(self.claims(aud=[1, None])),
            token(self.claims(iss=IDP + "/")),
            token(self.claims(exp=NOW)),
            token(self.claims(), alg="RS512"),
            token(self.claims(), kid="e1"),
            token(self.claims(), "k1", ec_key("e1"), "ES256"),
            jwt.encode(self.claims(), b"\0\0\0" + b"x" * 32, algorithm="HS256", headers={"kid": "o1"}),
        ):
            self.assertEqual(self.status(world, text), 401)
        self.assertEqual(self.status(self.world(algorithms=["none", "HS256"]), token(self.claims())), 401)

    def test_pss(self) -> None:
        self.assertEqual(self.status(self.world(algorithms=["PS256"]), token(self.claims(), alg="PS256")), 200)

    def test_scopes(self) -> None:
        world = self.world(["write", "admin"])
        self.assertEqual(self.status(world, token(self.claims())), 200)
        self.assertEqual(self.status(world, token(self.claims(scope="", scp=["admin"]))), 200)
        self.assertEqual(self.status(world, token(self.claims(scope="read"))), 403)

    def test_additional_claims(self) -> None:
        rule = {"claimName": "tenant", "format": "SINGLE_STRING", "required": True, "expectedValues": ["t1"]}
        world = self.world(additionalClaims=[rule])
        for tenant, status in (("t1", 200), ("T1", 401), (["t1"], 401), (1, 401)):
            self.assertEqual(self.status(world, token(self.claims(tenant=tenant))), status, tenant)
        self.assertEqual(self.status(world, token(self.claims())), 401)
        free = self.world(additionalClaims=[{"claimName": "tenant", "format": "SINGLE_STRING"}])
        self.assertEqual(self.status(free, token(self.claims())), 200)

    def test_rotation(self) -> None:
        world = self.world()
        self.assertEqual(self.status(world, token(self.claims())), 200)
        rotated = token(self.claims(), "k2", rsa_key("k2"))
        self.assertEqual(self.status(world, rotated), 401)
        self.network.pages[IDP + "/keys"] = key_set(jwk("k2", rsa_key("k2")))
        self.assertEqual(self.status(world, rotated), 401)  # asked for just now
        self.assertEqual(len(self.network.asked), 1)
        world.clock.advance(10)
        self.assertEqual(self.status(world, rotated), 200)
        self.assertEqual(len(self.network.asked), 2)

    def test_keys_age(self) -> None:
        world = self.world()
        self.assertEqual(self.status(world, token(self.claims(exp=NOW + 10_000, n=0))), 200)
        world.clock.advance(3599)
        self.assertEqual(self.status(world, token(self.claims(exp=NOW + 10_000, n=1))), 200)
        self.assertEqual(len(self.network.asked), 1)
        world.clock.advance(1)
        self.assertEqual(self.status(world, token(self.claims(exp=NOW + 10_000, n=2))), 200)
        self.assertEqual(len(self.network.asked), 2)

    def test_old_keys_serve_while_the_source_is_down(self) -> None:
        world = self.world()
        self.assertEqual(self.status(world, token(self.claims(exp=NOW + 10_000))), 200)
        self.network.pages.clear()
        world.clock.advance(3600)
        self.assertEqual(self.status(world, token(self.claims(exp=NOW + 10_000, n=2))), 200)

    def test_lying_sources(self) -> None:
        for page in (
            None,
            b"",
            b"<html>",
            b"[]",
            b"{}",
            b'{"keys": {}}',
            b"[" * 100_000,
            b"x" * 600_000,
        ):
            world = self.world()
            self.network.pages[IDP + "/keys"] = page
            status, body = self.ask(world, token(self.claims()), "Auth")
            self.assertEqual((status, body), (500, {"message": None}))
        for key in ({"kty": "RSA", "kid": "k1"}, {"kty": "RSA", "kid": "k1", "n": "!", "e": 5}, {"kid": "k1"}):
            world = self.world()
            self.network.pages[IDP + "/keys"] = key_set(key)
            self.assertEqual(self.status(world, token(self.claims())), 401)

    def test_hanging_source(self) -> None:
        world = self.world()
        self.network.pages[IDP + "/keys"] = Deferred()
        first = world.start("GET", "/", {"Auth": token(self.claims())})
        second = world.start("GET", "/", {"Auth": token(self.claims(n=2))})
        self.assertNoResult(first)
        first.cancel()
        self.failureResultOf(first)
        world.clock.advance(5)
        self.assertEqual(self.successResultOf(second).status, 500)
        self.assertEqual(len(self.network.asked), 1)
        self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_discovery(self) -> None:
        world = self.world(issuers={})
        discovery = IDP + "/.well-known/openid-configuration"
        self.network.pages[discovery] = json.dumps({"issuer": IDP, "jwks_uri": IDP + "/keys"}).encode()
        self.assertEqual(self.status(world, token(self.claims())), 200)
        self.assertEqual(self.network.asked, [discovery, IDP + "/keys"])
        lying = self.world(issuers={})
        self.network.pages[discovery] = json.dumps({"issuer": "https://evil", "jwks_uri": IDP + "/keys"}).encode()
        self.assertEqual(self.status(lying, token(self.claims())), 500)

    def test_key_set_in_a_file(self) -> None:
        with NamedTemporaryFile() as file:
            file.write(key_set(jwk("k1", rsa_key("k1"))))
            file.flush()
            self.assertEqual(self.status(self.world(issuers={IDP: file.name}), token(self.claims())), 200)

    def test_bounded(self) -> None:
        world = self.world()
        self.status(world, token(self.claims()))
        verifier = world.gateway.memo["gatekeepers"].tokens
        verifier._limit = 3
        for number in range(6):
            self.assertEqual(self.status(world, token(self.claims(n=number))), 200)
        self.assertEqual(len(verifier._verified), 3)


class Shown(SynchronousTestCase):
    def test_cognito(self) -> None:
        shown = show_claims({"exp": 0, "iat": 10**20, "auth_time": 5, "o": {"a": 1}, "l": [{"a": 1}], "n": None})
        self.assertEqual(
            shown,
            {
                "exp": "Thu Jan 01 00:00:00 UTC 1970",
                "iat": str(10**20),
                "auth_time": "5",
                "o": '{"a":1}',
                "l": '[{"a":1}]',
            },
        )
        self.assertEqual(java_date(NOW), "Tue Nov 14 22:13:20 UTC 2023")

    def test_jwt_claims_are_json(self) -> None:
        """The developer guide's example."""
        self.assertEqual(json_text('Doe, "Jane"'), '"Doe, \\"Jane\\""')
        self.assertEqual(json_text(1516239022), "1516239022")
        self.assertEqual(json_text("42"), '"42"')
        self.assertEqual(json_text(["user", "editor"]), '["user","editor"]')
        self.assertEqual(json_text({"city": "Seattle"}), '{"city":"Seattle"}')
        self.assertEqual(json_text("é😀"), '"\\u00E9\\uD83D\\uDE00"')


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def raw(claims: dict[str, Any]) -> str:
    """A token whose claims the library would not sign."""
    made: Callable[..., str] = jwt.PyJWS().encode
    return made(json.dumps(claims).encode(), rsa_key("k1"), algorithm="RS256", headers={"kid": "k1"})


def hmac_token(pem: bytes) -> str:
    """The classic: a public key used as an HMAC secret."""
    import hashlib
    import hmac

    head, body = part({"alg": "HS256", "kid": "k1"}), part(id_claims())
    digest = hmac.new(pem, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
