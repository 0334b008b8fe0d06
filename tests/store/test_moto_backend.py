"""The store seen through moto: WAFv2 finds our stage and marks it; tags can be walked."""

from __future__ import annotations

import os
from unittest import mock

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.store.records import RestApi
from emulator.store.store import Store

ACCOUNT = "000000000000"
STAGE = "arn:aws:apigateway:us-east-1::/restapis/abcdef1234/stages/prod"


class MotoBackendTest(SynchronousTestCase):
    def setUp(self) -> None:
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        patched = mock.patch.dict(os.environ, keys)
        patched.start()
        self.addCleanup(patched.stop)
        from emulator.store.moto_backend import register

        self.store = Store()
        register(self.store, Effects.fake(Clock()))
        api = RestApi(account=ACCOUNT, region="us-east-1", record={"id": "abcdef1234", "tags": {"a": "1"}})
        api.stages["prod"] = {"stageName": "prod"}
        self.store.add_api(api)
        self.api = api

    def test_waf_association_shows_in_the_stage(self) -> None:
        from moto.wafv2.models import wafv2_backends

        waf = wafv2_backends[ACCOUNT]["us-east-1"]
        acl = waf.create_web_acl("acl", {}, {"Allow": {}}, "REGIONAL", "", [], [], None, None, None, None, None)
        generation = self.store.generation
        waf.associate_web_acl(acl.arn, STAGE)
        self.assertEqual(acl.arn, self.api.stages["prod"]["webAclArn"])
        self.assertGreater(self.store.generation, generation)
        waf.disassociate_web_acl(STAGE)
        self.assertNotIn("webAclArn", self.api.stages["prod"])

    def test_what_is_not_there_is_a_key_error(self) -> None:
        from moto.apigateway import apigateway_backends

        backend = apigateway_backends[ACCOUNT]["us-east-1"]
        self.assertRaises(KeyError, backend.get_stage, "abcdef1234", "nope")
        self.assertRaises(KeyError, backend.get_rest_api, "nope")
        self.assertRaises(AttributeError, getattr, backend, "create_rest_api")

    def test_the_tagging_service_sees_and_changes_tags(self) -> None:
        from moto.core.base_backend import BackendDict
        from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends

        arn = "arn:aws:apigateway:us-east-1::/restapis/abcdef1234"
        for _round in range(2):
            tagging = resourcegroupstaggingapi_backends[ACCOUNT]["us-east-1"]
            _token, found = tagging.get_resources(resource_type_filters=["apigateway"])
            self.assertEqual([arn], [each.arn for each in found])
            BackendDict.reset()  # the store is not moto's to empty
        tagging = resourcegroupstaggingapi_backends[ACCOUNT]["us-east-1"]
        self.assertEqual({}, tagging.tag_resources([arn, STAGE], {"b": "2"}))
        self.assertEqual({}, tagging.untag_resources([arn], ["a"]))
        self.assertEqual(({"b": "2"}, {"b": "2"}), (self.api.record["tags"], self.api.stages["prod"]["tags"]))
        self.assertEqual({"b"}, set(tagging._get_tag_keys_generator()))

    def test_another_account_has_its_own(self) -> None:
        from moto.apigateway import apigateway_backends

        self.assertEqual([self.api], apigateway_backends[ACCOUNT]["us-east-1"].list_apis())
        self.assertEqual([], apigateway_backends["111111111111"]["us-east-1"].list_apis())
        self.assertEqual([], apigateway_backends[ACCOUNT]["eu-west-1"].list_apis())
