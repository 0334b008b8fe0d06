"""RestApi: cloning, isolation of what was frozen, and deleting what is mapped."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from emulator.control import deployments
from tests.control.support import ControlTestCase
from tests.control.test_patch_cells import furnished


class CloneTest(ControlTestCase):
    def test_a_clone_has_the_contents_under_ids_of_its_own(self) -> None:
        control, ids = furnished()
        at = {"restApiId": ids["api"]}
        use = [
            {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
            {"op": "replace", "path": "/authorizerId", "value": ids["authorizer"]},
            {"op": "replace", "path": "/requestValidatorId", "value": ids["validator"]},
        ]
        control("UpdateMethod", **at, resourceId=ids["root"], httpMethod="GET", patchOperations=use)
        control("PutGatewayResponse", **at, responseType="THROTTLED", statusCode="430")
        clone = control("CreateRestApi", name="clone", cloneFrom=ids["api"])
        there = {"restApiId": clone["id"]}

        def paths(named: dict[str, str]) -> dict[str, Any]:
            items = control("GetResources", **named, embed=["methods"])["items"]
            return {item["path"]: item for item in items}

        ours, theirs = paths(at), paths(there)
        self.assertEqual(set(ours), set(theirs))
        self.assertEqual(set(), {each["id"] for each in ours.values()} & {each["id"] for each in theirs.values()})
        self.assertEqual(clone["rootResourceId"], theirs["/"]["id"])
        self.assertEqual(clone["rootResourceId"], theirs["/pets"]["parentId"])
        method = theirs["/"]["resourceMethods"]["GET"]
        self.assertEqual("http://example.com/", method["methodIntegration"]["uri"])
        self.assertEqual(theirs["/"]["id"], method["methodIntegration"]["cacheNamespace"])
        self.assertEqual("a", control("GetAuthorizer", **there, authorizerId=method["authorizerId"])["name"])
        named = {**there, "requestValidatorId": method["requestValidatorId"]}
        self.assertEqual("v", control("GetRequestValidator", **named)["name"])
        self.assertEqual("430", control("GetGatewayResponse", **there, responseType="THROTTLED")["statusCode"])
        self.assertEqual([], control("GetStages", **there)["item"])
        control("DeleteResource", **there, resourceId=theirs["/pets"]["id"])
        self.assertIn("/pets", paths(at))


class DeleteTest(ControlTestCase):
    def test_not_while_a_domain_maps_to_it(self) -> None:
        control, ids = furnished()
        self.control = control
        text = (
            f"Deleting RestApi {ids['api']} failed. Please remove all base path mappings related to the RestApi in "
            "your domains: r.test"
        )
        self.refused(400, "BadRequestException", text, "DeleteRestApi", restApiId=ids["api"])
        control("DeleteBasePathMapping", domainName="r.test", basePath="v1")
        control("DeleteRestApi", restApiId=ids["api"])
        self.assertEqual([ids["second_api"]], list(control.store.apis))


class FrozenTest(ControlTestCase):
    def test_edits_do_not_reach_what_was_deployed(self) -> None:
        control, ids = furnished()
        at = {"restApiId": ids["api"], "resourceId": ids["root"], "httpMethod": "GET"}
        deployment = control.store.apis[ids["api"]].deployments[ids["first"]]
        compiled = deployment.compiled
        change = [{"op": "replace", "path": "/uri", "value": "http://other.example/"}]
        control("UpdateIntegration", **at, patchOperations=change)
        control("DeleteMethod", **at)
        frozen = deployment.snapshot.resources[ids["root"]]["resourceMethods"]["GET"]
        self.assertEqual("http://example.com/", frozen["methodIntegration"]["uri"])
        self.assertIs(compiled, deployment.compiled)

    def test_a_template_that_does_not_parse_is_deployed_all_the_same(self) -> None:
        control, ids = furnished()
        at = {"restApiId": ids["api"], "resourceId": ids["root"], "httpMethod": "GET"}
        broken = [{"op": "add", "path": "/requestTemplates/application~1json", "value": "#if("}]
        control("UpdateIntegration", **at, patchOperations=broken)
        self.assertIn("id", control("CreateDeployment", restApiId=ids["api"], stageName="dev"))

    def test_an_api_deleted_while_it_is_compiled(self) -> None:
        control, ids = furnished()
        control("DeleteBasePathMapping", domainName="r.test", basePath="v1")
        self.patch(deployments, "COMPILED_AT_ONCE", 0)
        waiting: list[Deferred[Any]] = []

        def later(function: Any, *args: Any) -> Deferred[Any]:
            waiting.append(Deferred().addCallback(lambda _none: function(*args)))
            return waiting[-1]

        self.patch(type(control.effects), "in_thread", lambda _self, function, *args: later(function, *args))
        call = control.app.make_call("000000000000", "us-east-1")
        for gone in (False, True):
            asked = {"restApiId": ids["api"], "stageName": "late"}
            result = Deferred.fromCoroutine(control.app.perform("CreateDeployment", call, asked))
            self.assertNoResult(result)
            if gone:
                control("DeleteRestApi", restApiId=ids["api"])
            waiting.pop().callback(None)
            if gone:
                self.assertIn("Invalid API identifier", self.failureResultOf(result).value.message)
            else:
                made = self.successResultOf(result)["id"]
                stage = control("GetStage", restApiId=ids["api"], stageName="late")
                self.assertEqual(made, stage["deploymentId"])


class EndpointTest(ControlTestCase):
    def served(self, api: str) -> list[tuple[str, bool]]:
        return [
            (each.compiled.endpoint_type, each.compiled.disable_execute_api_endpoint)
            for each in self.control.store.apis[api].deployments.values()
        ]

    def test_its_type_acts_without_a_deployment(self) -> None:
        self.control, ids = furnished()
        types = {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "PRIVATE"}
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[types])
        self.assertEqual({("PRIVATE", False)}, set(self.served(ids["api"])))
        back = {"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "EDGE"}
        text = "Cannot update endpoint from PRIVATE to EDGE"
        self.refused(400, "BadRequestException", text, "UpdateRestApi", restApiId=ids["api"], patchOperations=[back])
        back["value"] = "REGIONAL"
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[back])
        self.assertEqual({("REGIONAL", False)}, set(self.served(ids["api"])))

    def test_disabling_the_default_one_acts_with_the_next_change_of_a_stage(self) -> None:
        self.control, ids = furnished()
        off = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "True"}
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[off])
        self.assertEqual({("EDGE", False)}, set(self.served(ids["api"])))
        note = {"op": "replace", "path": "/description", "value": "x"}
        self.control("UpdateStage", restApiId=ids["api"], stageName="dev", patchOperations=[note])
        self.assertEqual({("EDGE", True)}, set(self.served(ids["api"])))
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[{**off, "value": "false"}])
        self.control("CreateDeployment", restApiId=ids["api"], stageName="dev")
        self.assertEqual({("EDGE", False)}, set(self.served(ids["api"])))

    def test_a_private_one_is_deployed_with_a_policy(self) -> None:
        self.control, ids = furnished()
        types = {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "PRIVATE"}
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[types])
        text = "Private REST API doesn't have a resource policy attached to it"
        self.refused(400, "BadRequestException", text, "CreateDeployment", restApiId=ids["api"])
        statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = {"op": "replace", "path": "/policy", "value": document}
        self.control("UpdateRestApi", restApiId=ids["api"], patchOperations=[policy])
        self.control("CreateDeployment", restApiId=ids["api"])


class Flushes:
    """A data plane that remembers whose caches it was to empty."""

    def __init__(self) -> None:
        self.caches: list[tuple[str, str]] = []
        self.authorizers: list[tuple[str, str]] = []

    def flush_cache(self, api_id: str, stage: str) -> None:
        self.caches.append((api_id, stage))

    def flush_authorizers(self, api_id: str, stage: str) -> None:
        self.authorizers.append((api_id, stage))


class CachesTest(ControlTestCase):
    def test_they_go_with_their_cluster_and_with_the_api(self) -> None:
        control, ids = furnished()
        plane = Flushes()
        control.app.data_plane = plane
        at = {"restApiId": ids["api"], "stageName": "dev"}

        def cluster(value: str) -> None:
            switch = {"op": "replace", "path": "/cacheClusterEnabled", "value": value}
            control("UpdateStage", **at, patchOperations=[switch])

        cluster("true")
        self.assertEqual([], plane.caches)
        cluster("false")
        self.assertEqual([(ids["api"], "dev")], plane.caches)
        control("DeleteBasePathMapping", domainName="r.test", basePath="v1")
        control("DeleteRestApi", restApiId=ids["api"])
        self.assertEqual([(ids["api"], "dev")] * 2, plane.caches)
        self.assertEqual([(ids["api"], "dev")], plane.authorizers)
