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

    def test_tags_by_arn(self) -> None:
        from moto.apigateway import apigateway_backends

        backend = apigateway_backends[ACCOUNT]["us-east-1"]
        found = dict(backend.tagged())
        self.assertEqual({"arn:aws:apigateway:us-east-1::/restapis/abcdef1234": {"a": "1"}}, found)
        backend.reset()
        self.assertEqual([self.api], backend.list_apis())
