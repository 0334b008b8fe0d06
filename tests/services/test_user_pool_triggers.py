"""User pools that call functions, on moto's own pools; the functions are answered by the test."""

from __future__ import annotations

import base64
import json
from typing import Any

from emulator.errors import ServiceError
from emulator.lambda_runtime.functions import FunctionNotFound
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.logs import InvocationLog
from emulator.services import user_pool_triggers
from emulator.services.user_pool_triggers import changed_claims
from tests.services.lambda_support import ACCOUNT, LambdaCase, arn


class TriggerTests(LambdaCase):
    def prepare(self, module: str) -> None:
        super().prepare(module)
        if module == "cognitoidp":
            user_pool_triggers.install(self.called)

    def setUp(self) -> None:
        super().setUp()
        self.events: list[dict[str, Any]] = []
        self.responses: dict[str, Any] = {}
        self.failure: str | None = None

    def called(self, account: str, region: str, name: str, qualifier: str | None, body: str) -> InvocationResult:
        event = json.loads(body)
        self.assertEqual((account, name), (ACCOUNT, arn("hook")))
        self.events.append(event)
        if self.failure == "gone":
            raise FunctionNotFound(name)
        event["response"] = self.responses.get(event["triggerSource"], event["response"])
        payload = {"errorMessage": self.failure} if self.failure else event
        return InvocationResult(
            payload=json.dumps(payload).encode(), function_error="Unhandled" if self.failure else None,
            log=InvocationLog(lambda: 0.0), executed_version="1", request_id="r", duration_ms=1.0, billed_ms=1,
        )  # fmt: skip

    def pool(self, *names: str, **config: Any) -> None:
        triggers = {**dict.fromkeys(names, arn("hook")), **config}
        made = self.call("cognito-idp", "CreateUserPool", PoolName="p", LambdaConfig=triggers)
        self.pool_id = made["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        client = self.call(
            "cognito-idp", "CreateUserPoolClient", UserPoolId=self.pool_id, ClientName="c", ExplicitAuthFlows=flows
        )
        self.client = client["UserPoolClient"]["ClientId"]

    def sign_up(self) -> dict[str, Any]:
        attributes = [{"Name": "email", "Value": "a@b.c"}]
        return self.call(
            "cognito-idp", "SignUp", ClientId=self.client, Username="u", Password="Passw0rd!", UserAttributes=attributes
        )

    def log_in(self, flow: str = "USER_PASSWORD_AUTH", **parameters: str) -> dict[str, Any]:
        given = parameters or {"USERNAME": "u", "PASSWORD": "Passw0rd!"}
        result: dict[str, Any] = self.call(
            "cognito-idp", "InitiateAuth", ClientId=self.client, AuthFlow=flow, AuthParameters=given
        )["AuthenticationResult"]
        return result

    def claims(self, token: str) -> dict[str, Any]:
        part = token.split(".")[1]
        decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return decoded

    def sources(self) -> list[str]:
        return [each["triggerSource"] for each in self.events]

    def test_sign_up(self) -> None:
        self.pool("PreSignUp", "PostConfirmation")
        self.responses["PreSignUp_SignUp"] = {"autoConfirmUser": True, "autoVerifyEmail": True}
        self.assertTrue(self.sign_up()["UserConfirmed"])
        self.assertEqual(self.sources(), ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"])
        self.assertEqual(self.events[0]["request"]["userAttributes"], {"email": "a@b.c"})
        self.assertEqual(self.events[0]["callerContext"]["clientId"], self.client)
        confirmed = self.events[1]["request"]["userAttributes"]
        self.assertEqual((confirmed["email_verified"], confirmed["cognito:user_status"]), ("true", "CONFIRMED"))

    def test_confirmed_by_an_administrator(self) -> None:
        self.pool("PostConfirmation")
        self.assertFalse(self.sign_up()["UserConfirmed"])
        self.call("cognito-idp", "AdminConfirmSignUp", UserPoolId=self.pool_id, Username="u")
        self.assertEqual(self.sources(), ["PostConfirmation_ConfirmSignUp"])

    def test_refused(self) -> None:
        self.pool("PreSignUp")
        for failure, code in (("no", "UserLambdaValidationException"), ("gone", "UnexpectedLambdaException")):
            self.failure = failure
            with self.assertRaises(ServiceError) as raised:
                self.sign_up()
            self.assertEqual(raised.exception.code, code)
        self.failure = None
        self.responses["PreSignUp_SignUp"] = "text"
        with self.assertRaises(ServiceError) as raised:
            self.sign_up()
        self.assertEqual(raised.exception.code, "InvalidLambdaResponseException")
        self.assertEqual(self.call("cognito-idp", "ListUsers", UserPoolId=self.pool_id)["Users"], [])

    def test_tokens(self) -> None:
        self.pool("PreAuthentication", "PostAuthentication", "PreTokenGeneration")
        self.sign_up()
        self.call("cognito-idp", "AdminConfirmSignUp", UserPoolId=self.pool_id, Username="u")
        details = {"claimsToAddOrOverride": {"tier": "gold", "sub": "x"}, "claimsToSuppress": ["email"]}
        groups = {"groupOverrideDetails": {"groupsToOverride": ["admins"]}}
        self.responses["TokenGeneration_Authentication"] = {"claimsOverrideDetails": {**details, **groups}}
        got = self.log_in()
        self.assertEqual(
            self.sources(),
            ["PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication"],
        )
        identity, access = self.claims(got["IdToken"]), self.claims(got["AccessToken"])
        self.assertEqual((identity["tier"], identity["cognito:groups"]), ("gold", ["admins"]))
        self.assertNotEqual(identity["sub"], "x")
        self.assertNotIn("email", identity)
        self.assertEqual((access.get("tier"), access["cognito:groups"]), (None, ["admins"]))
        self.events.clear()
        self.log_in("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=got["RefreshToken"])
        self.assertEqual(self.sources(), ["TokenGeneration_RefreshTokens"])

    def test_the_second_form(self) -> None:
        self.pool(PreTokenGenerationConfig={"LambdaArn": arn("hook"), "LambdaVersion": "V2_0"})
        self.sign_up()
        self.call("cognito-idp", "AdminConfirmSignUp", UserPoolId=self.pool_id, Username="u")
        self.responses["TokenGeneration_Authentication"] = {
            "claimsAndScopeOverrideDetails": {
                "accessTokenGeneration": {"claimsToAddOrOverride": {"a": "1"}, "scopesToAdd": ["orders/read"]}
            }
        }
        got = self.log_in()
        access = self.claims(got["AccessToken"])
        self.assertEqual((access["a"], access["scope"]), ("1", "aws.cognito.signin.user.admin orders/read"))
        self.assertNotIn("a", self.claims(got["IdToken"]))
        (event,) = self.events
        self.assertEqual((event["version"], event["request"]["scopes"]), ("2", ["aws.cognito.signin.user.admin"]))

    def test_no_change(self) -> None:
        self.assertEqual(changed_claims({"a": 1}, {"claimsOverrideDetails": None}, "id"), {"a": 1})
