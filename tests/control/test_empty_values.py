"""Empty strings where AWS was recorded to pass over them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Control, Refused


class EmptyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Control()

    def test_a_models_empty_description_is_not_kept(self) -> None:
        api = self.control("CreateRestApi", name="a")["id"]
        made = self.control(
            "CreateModel", restApiId=api, name="M", contentType="application/json", description="", schema="{}"
        )
        self.assertNotIn("description", made)

    def test_an_empty_address_type_is_none(self) -> None:
        made = self.control("CreateRestApi", name="a", endpointConfiguration={"types": ["EDGE"], "ipAddressType": ""})
        self.assertEqual(made["endpointConfiguration"], {"types": ["EDGE"], "ipAddressType": "ipv4"})

    def test_only_the_types_are_complained_of(self) -> None:
        given = {"types": ["wrong"], "ipAddressType": ""}
        refused = self.assertRaises(Refused, self.control, "CreateRestApi", name="a", endpointConfiguration=given)
        self.assertTrue(refused.message.startswith("1 validation error detected: Value '[wrong]'"), refused.message)
