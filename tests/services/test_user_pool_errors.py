"""The sentences of Cognito's user pools, and where codes are sent."""

from __future__ import annotations

from typing import Any

from tests.services.test_patches import Mended

EMAIL = [{"Name": "email", "Value": "bob@example.test"}]
PASSWORD = "Temp-1234"


class UserPools(Mended):
    def setUp(self) -> None:
        super().setUp()
        self.pool, self.client = self.made(AutoVerifiedAttributes=["email", "phone_number"])

    def made(self, **settings: Any) -> tuple[str, str]:
        pool = self.call("CreateUserPool", PoolName="p", **settings)["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = self.call("CreateUserPoolClient", UserPoolId=pool, ClientName="c", ExplicitAuthFlows=flows)
        return pool, made["UserPoolClient"]["ClientId"]

    def call(self, action: str, **body: Any) -> Any:
        return self.json("cognito-idp", f"AWSCognitoIdentityProviderService.{action}", **body)

    def refused(self, action: str, **body: Any) -> tuple[str, str]:
        answer = self.call(action, **body)
        return answer["__type"].rpartition("#")[2], answer["message"]

    def sign_up(self, username: str, *attributes: dict[str, str], client: str = "", password: str = PASSWORD) -> Any:
        return self.call(
            "SignUp", ClientId=client or self.client, Username=username, Password=password,
            UserAttributes=list(attributes),
        )  # fmt: skip

    def test_users_that_there_are(self) -> None:
        self.sign_up("bob")
        self.assertEqual(self.sign_up("bob")["message"], "User already exists")
        exists = ("UsernameExistsException", "User account already exists")
        self.assertEqual(self.refused("AdminCreateUser", UserPoolId=self.pool, Username="bob"), exists)
        _, client = self.made(UsernameAttributes=["email"])
        self.sign_up("a@b.test", client=client)
        again = self.sign_up("a@b.test", client=client)
        self.assertEqual(again["message"], "An account with the given email already exists.")

    def test_clients_that_there_are_not(self) -> None:
        told = ("ResourceNotFoundException", "User pool client nope does not exist.")
        self.assertEqual(self.refused("SignUp", ClientId="nope", Username="a", Password=PASSWORD), told)
        self.assertEqual(self.refused("DescribeUserPoolClient", UserPoolId=self.pool, ClientId="nope"), told)

    def test_tokens(self) -> None:
        told = ("NotAuthorizedException", "Invalid Access Token")
        self.assertEqual(self.refused("GetUser", AccessToken="nope"), told)
        self.assertEqual(self.refused("GlobalSignOut", AccessToken="nope"), told)
        flow = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": "nope"}, "ClientId": self.client}
        self.assertEqual(self.refused("InitiateAuth", **flow), ("NotAuthorizedException", "Invalid Refresh Token"))

    def test_passwords(self) -> None:
        for password, text in (
            ("Aa1-", "Password not long enough"),
            ("TEMP-1234", "Password must have lowercase characters"),
            ("temp-1234", "Password must have uppercase characters"),
            ("Temp-temp", "Password must have numeric characters"),
            ("Temp01234", "Password must have symbol characters"),
        ):
            answer = self.sign_up("bob", password=password)
            self.assertEqual(answer["__type"], "InvalidPasswordException")
            self.assertEqual(answer["message"], f"Password did not conform with policy: {text}")
        _, client = self.made(Policies={"PasswordPolicy": {"MinimumLength": 6}})
        self.assertIn("UserSub", self.sign_up("bob", client=client, password="letter"))

    def test_where_codes_are_sent(self) -> None:
        phone = {"Name": "phone_number", "Value": "+15550109934"}
        for number, (given, medium, destination) in enumerate((
            (EMAIL, "EMAIL", "b***@e***"), ([phone], "SMS", "+*******9934"), ([*EMAIL, phone], "SMS", "+*******9934"),
        )):  # fmt: skip
            answer = self.sign_up(f"bob{number}", *given)["CodeDeliveryDetails"]
            self.assertEqual((answer["DeliveryMedium"], answer["Destination"]), (medium, destination))

    def test_users_without_mfa(self) -> None:
        self.sign_up("bob", *EMAIL)
        shown = self.call("AdminGetUser", UserPoolId=self.pool, Username="bob")
        self.assertNotIn("UserMFASettingList", shown)
        self.assertNotIn("PreferredMfaSetting", shown)
