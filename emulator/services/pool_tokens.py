"""The tokens of moto's user pools, as Cognito issues them: a user's attributes in the ID token, the client's lifetimes.

Belongs here: those claims, filled in moto's own classes. Never here: verifying tokens (``authorizers/tokens.py``).

AWS pages: "Understanding the identity (ID) token", "Setting user pool app client access to attributes" (a client that
names none reads them all), CreateUserPoolClient (a validity without a unit is in hours).
"""

from __future__ import annotations

from typing import Any

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_BOOLEANS = ("email_verified", "phone_number_verified")


def mend_pool_tokens() -> None:
    """Once per process."""
    from moto.cognitoidp.models import CognitoIdpUserPool

    if "_emulator" in vars(CognitoIdpUserPool):
        return
    CognitoIdpUserPool._emulator = True
    known_data, known_jwt = CognitoIdpUserPool.get_user_extra_data_by_client_id, CognitoIdpUserPool.create_jwt

    def data(self: Any, client_id: str, username: str) -> dict[str, Any]:
        found: dict[str, Any] = known_data(self, client_id, username)
        client = self.clients.get(client_id)
        if client is not None and not client.get_readable_fields():
            attributes = {each["Name"]: each["Value"] for each in self._get_user(username).attributes}
            found = {name: value for name, value in attributes.items() if name != "sub"}
        return {name: value == "true" if name in _BOOLEANS else value for name, value in found.items()}

    def create_jwt(
        self: Any, client_id: str, username: str, token_use: str, expires_in: int = 3600, extra_data: Any = None
    ) -> Any:
        client = self.clients.get(client_id)
        configured = _validity({} if client is None else client.extended_config, token_use)
        return known_jwt(self, client_id, username, token_use, configured or expires_in, extra_data)

    CognitoIdpUserPool.get_user_extra_data_by_client_id = data
    CognitoIdpUserPool.create_jwt = create_jwt


def _validity(client: dict[str, Any], token_use: str) -> int | None:
    """Seconds, or None where the client says nothing."""
    name = "IdToken" if token_use == "id" else "AccessToken"
    value = client.get(f"{name}Validity")
    if not value:
        return None
    unit = (client.get("TokenValidityUnits") or {}).get(name, "hours")
    return int(value) * _SECONDS.get(unit, 3600)
