"""Stacks of AWS::ApiGateway resources: made, changed, deleted and rolled back through moto's CloudFormation."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from emulator.cloudformation import change_sets, moto_models, templates
from tests.control.support import ACCOUNT, REGION, Control

TEMPLATE = """
Resources:
  Deployment1:
    Type: AWS::ApiGateway::Deployment
    DependsOn: [Get]
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment1
      StageName: prod
      Variables: {a: 1}
      MethodSettings: [{ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 5, ThrottlingBurstLimit: 2}]
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets
      HttpMethod: GET
      AuthorizationType: NONE
      RequestParameters: {method.request.querystring.q: 'true'}
      MethodResponses: [{StatusCode: 200}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode":200}'}
        IntegrationResponses: [{StatusCode: 200}]
  Pets:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: one, Tags: [{Key: a, Value: b}], Policy: {Version: 2012-10-17, Statement: []}}
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: 'true'}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    DependsOn: Stage
    Properties: {ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage}], Quota: {Limit: 5, Period: DAY}}
  PlanKey:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
  Model: {Type: AWS::ApiGateway::Model, Properties: {RestApiId: !Ref Api, Schema: {type: object}}}
  Bad:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: DEFAULT_4XX
      ResponseParameters: {gatewayresponse.header.X: "'a'"}
Outputs:
  Id: {Value: !Ref Api}
"""


class StackTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Control()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []

        def call(account: str, region: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            if ":" in operation:
                self.asked.append((operation, request))
                return {"UserPool": {"Id": "us-east-1_x", "Arn": "arn:pool"}}
            app = self.control.app
            made = app.perform(operation, app.make_call(account, region), request)
            answer = self.control.effects.wait_for(Deferred.fromCoroutine, made)
            return answer or {}

        moto_models.install(call, self.ask)
        cloudformation_backends.reset()
        self.backend = cloudformation_backends[ACCOUNT][REGION]

    def ask(self, account: str, region: str, event: dict[str, Any]) -> dict[str, Any]:
        """What the functions of custom resources answer: the property ``Answer`` says it."""
        self.events.append(event)
        said: str = event["ResourceProperties"].get("Answer", "ok")
        if said == "fail":
            return {"Status": "FAILED", "Reason": "no", "RequestId": "r"}
        return {"Status": "SUCCESS", "PhysicalResourceId": said, "Data": {"A": said.upper(), "B": {"C": 1}}}

    def create(self, template: str = TEMPLATE, name: str = "s1") -> Any:
        return self.backend.create_stack(name, template, {})

    def reasons(self, stack: Any) -> list[str]:
        return [e.resource_status_reason for e in stack.events if (e.resource_status or "").endswith("FAILED")]

    def test_create(self) -> None:
        stack = self.create()
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        api = stack.outputs[0]["OutputValue"]
        shown = self.control("GetRestApi", restApiId=api)
        theirs = {"stack-name": "s1", "stack-id": stack.stack_id, "logical-id": "Api"}
        tags = {"a": "b", **{f"aws:cloudformation:{name}": value for name, value in theirs.items()}}
        self.assertEqual((shown["name"], shown["tags"]), ("one", tags))
        shown = self.control("GetStage", restApiId=api, stageName="prod")
        self.assertEqual(shown["variables"], {"a": "1"})
        self.assertEqual(shown["methodSettings"]["*/*"]["throttlingRateLimit"], 5.0)
        method = self.control("GetResources", restApiId=api, embed=["methods"])["items"]
        pets = next(item for item in method if item["path"] == "/pets")
        self.assertEqual(pets["resourceMethods"]["GET"]["requestParameters"], {"method.request.querystring.q": True})

    def test_update_changes_in_place_and_replaces_the_deployment_last(self) -> None:
        stack = self.create()
        api = stack.outputs[0]["OutputValue"]
        before = self.control("GetStage", restApiId=api, stageName="prod")["deploymentId"]
        template = TEMPLATE.replace("a: 1", "a: 2").replace("Deployment1", "Deployment2")
        template = template.replace("Limit: 5,", "Limit: 7,")
        stack.update(template)
        self.assertEqual((stack.status, self.reasons(stack)), ("UPDATE_COMPLETE", []))
        self.assertEqual(stack.outputs[0]["OutputValue"], api)
        after = self.control("GetStage", restApiId=api, stageName="prod")
        self.assertNotEqual(after["deploymentId"], before)
        self.assertEqual(after["variables"], {"a": "2"})
        self.assertEqual(len(self.control("GetDeployments", restApiId=api)["items"]), 1)
        self.assertEqual(self.control("GetUsagePlans")["items"][0]["quota"]["limit"], 7)

    def test_an_untitled_document_takes_the_name_of_the_template(self) -> None:
        body = "{openapi: 3.0.1, info: {version: '1'}, paths: {}}"
        text = f"""
Resources: {{A: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: mine, Body: {body}}}}}}}
Outputs: {{Id: {{Value: !Ref A}}}}
"""
        stack = self.create(text)
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        stack.update(text.replace("'1'", "'2'"))
        shown = self.control("GetRestApi", restApiId=stack.outputs[0]["OutputValue"])
        self.assertEqual(("mine", "2"), (shown["name"], shown["version"]))

    def test_an_api_follows_its_template(self) -> None:
        binary = "x-amazon-apigateway-binary-media-types: [a/b]"
        body = f"Body: {{openapi: 3.0.1, info: {{title: t, version: '1'}}, {binary}, paths: {{}}}}"
        text = f"""
Resources:
  A: {{Type: AWS::ApiGateway::RestApi, Properties: {{{body}, BinaryMediaTypes: [image~1png], PRIVATE}}}}
Outputs: {{Id: {{Value: !Ref A}}}}
"""
        private = "EndpointConfiguration: {Types: [PRIVATE], VpcEndpointIds: [%s]}"
        stack = self.create(text.replace("PRIVATE", private % "vpce-1"))
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        api = stack.outputs[0]["OutputValue"]
        shown = self.control("GetRestApi", restApiId=api)
        self.assertEqual(["a/b", "image/png"], sorted(shown["binaryMediaTypes"]))
        self.assertEqual(["vpce-1"], shown["endpointConfiguration"]["vpcEndpointIds"])
        stack.update(text.replace("PRIVATE", private % "vpce-2").replace("image~1png", "x~1y").replace("'1'", "'2'"))
        self.assertEqual((stack.status, self.reasons(stack)), ("UPDATE_COMPLETE", []))
        shown = self.control("GetRestApi", restApiId=api)
        self.assertEqual((["a/b", "x/y"], "2"), (sorted(shown["binaryMediaTypes"]), shown["version"]))
        self.assertEqual(["vpce-2"], shown["endpointConfiguration"]["vpcEndpointIds"])
        stack.update(text.replace("PRIVATE", "EndpointConfiguration: {Types: [REGIONAL]}"))
        shown = self.control("GetRestApi", restApiId=api)["endpointConfiguration"]
        self.assertEqual((["REGIONAL"], "ipv4"), (shown["types"], shown["ipAddressType"]))

    def test_a_canary_follows_the_template(self) -> None:
        stage = "StageName: prod\n      CanarySetting: {PercentTraffic: 5}"
        stack = self.create(TEMPLATE.replace("StageName: prod", stage))
        api = stack.outputs[0]["OutputValue"]
        shown = self.control("GetStage", restApiId=api, stageName="prod")
        own = shown["deploymentId"]
        self.assertEqual(
            shown["canarySettings"], {"percentTraffic": 5.0, "useStageCache": False, "deploymentId": own}
        )
        canary = "CanarySetting: {PercentTraffic: 20, UseStageCache: true, StageVariableOverrides: {Key: 1}}"
        stack.update(TEMPLATE.replace("StageName: prod", f"StageName: prod\n      {canary}"))
        self.assertEqual((stack.status, self.reasons(stack)), ("UPDATE_COMPLETE", []))
        shown = self.control("GetStage", restApiId=api, stageName="prod")
        self.assertEqual(
            shown["canarySettings"],
            {
                "percentTraffic": 20.0,
                "useStageCache": True,
                "deploymentId": own,
                "stageVariableOverrides": {"Key": "1"},
            },
        )
        stack.update(TEMPLATE)
        self.assertNotIn("canarySettings", self.control("GetStage", restApiId=api, stageName="prod"))

    def test_tags_follow_the_template(self) -> None:
        stack = self.create()
        stack.update(TEMPLATE.replace("Tags: [{Key: a, Value: b}]", "Tags: [{Key: c, Value: d}]"))
        self.assertEqual((stack.status, self.reasons(stack)), ("UPDATE_COMPLETE", []))
        shown = self.control("GetRestApi", restApiId=stack.outputs[0]["OutputValue"])
        self.assertEqual({k: v for k, v in shown["tags"].items() if not k.startswith("aws:")}, {"c": "d"})

    def test_an_alias_brings_its_weights(self) -> None:
        routing = "RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: '2', FunctionWeight: 0.5}]}"
        alias = f"Type: AWS::Lambda::Alias, Properties: {{FunctionName: f, Name: a, FunctionVersion: '1', {routing}}}"
        self.create(f"Resources: {{A: {{{alias}}}}}")
        self.assertEqual(self.asked[0][1]["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.5}})

    def test_an_update_that_fails_is_led_back(self) -> None:
        stack = self.create()
        api = stack.outputs[0]["OutputValue"]
        deployment = self.control("GetStage", restApiId=api, stageName="prod")["deploymentId"]
        bad = TEMPLATE.replace("Limit: 5, Period: DAY", "Limit: 5, Period: YEAR").replace("a: 1", "a: 2")
        bad = bad.replace("Deployment1", "Deployment2").replace("Name: one", "Name: two")
        stack.update(bad + "  Name: {Value: x}\n")
        self.assertEqual(stack.status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(self.control("GetRestApi", restApiId=api)["name"], "one")
        stage = self.control("GetStage", restApiId=api, stageName="prod")
        self.assertEqual((stage["variables"], stage["deploymentId"]), ({"a": "1"}, deployment))
        self.assertEqual(len(self.control("GetDeployments", restApiId=api)["items"]), 1)
        self.assertEqual([each["OutputKey"] for each in stack.outputs], ["Id"])
        stack.update(TEMPLATE.replace("Limit: 5,", "Limit: 7,"))
        self.assertEqual(stack.status, "UPDATE_COMPLETE")
        self.backend.delete_stack("s1")
        self.assertEqual(stack.status, "DELETE_COMPLETE")

    def test_an_update_without_roll_back_stays_as_it_is(self) -> None:
        stack = self.create()
        self.backend.rollback_disabled = True
        self.addCleanup(setattr, self.backend, "rollback_disabled", False)
        stack.update(TEMPLATE.replace("Limit: 5, Period: DAY", "Limit: 5, Period: YEAR"))
        self.assertEqual(stack.status, "UPDATE_FAILED")
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_a_custom_resource(self) -> None:
        text = (
            "Resources: {C: {Type: Custom::X, Properties: {ServiceToken: 'arn:f', Answer: one, N: 1, T: true}}}\n"
            "Outputs: {A: {Value: !GetAtt C.A}, Id: {Value: !Ref C}, D: {Value: !GetAtt C.B.C}}"
        )
        stack = self.create(text)
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        self.assertEqual([each["OutputValue"] for each in stack.outputs], ["ONE", "one", 1])
        made = self.events.pop()
        self.assertEqual((made["RequestType"], made["ResourceType"]), ("Create", "Custom::X"))
        self.assertEqual(made["LogicalResourceId"], "C")
        self.assertEqual({"ServiceToken": "arn:f", "Answer": "one", "N": "1", "T": "true"}, made["ResourceProperties"])
        stack.update(text.replace("N: 1", "N: 2"))
        (changed,) = self.events
        self.assertEqual(("Update", "one", "1"), self.told(changed, "RequestType", "PhysicalResourceId", "N"))
        stack.update(text.replace("one", "two"))
        self.assertEqual(["Update", "Delete"], [each["RequestType"] for each in self.events[1:]])
        self.assertEqual("one", self.events[2]["PhysicalResourceId"])
        self.backend.delete_stack("s1")
        self.assertEqual(("Delete", "two"), (self.events[3]["RequestType"], self.events[3]["PhysicalResourceId"]))

    def told(self, event: dict[str, Any], kind: str, physical: str, old: str) -> tuple[Any, ...]:
        return event[kind], event[physical], event["OldResourceProperties"][old]

    def test_a_custom_resource_that_fails(self) -> None:
        stack = self.create(
            "Resources: {C: {Type: AWS::CloudFormation::CustomResource, Properties: {ServiceToken: t, Answer: fail}}}"
        )
        self.assertEqual(stack.status, "ROLLBACK_COMPLETE")
        self.assertIn("Message returned: no (RequestId: r)", self.reasons(stack)[0])
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_exports_are_there_when_the_stack_is(self) -> None:
        exporting = TEMPLATE.replace("{Value: !Ref Api}", "{Value: !Ref Api, Export: {Name: api-id}}")
        stack = self.create(exporting)
        statuses = [each.resource_status for each in stack.events if each.logical_resource_id == "Api"]
        self.assertEqual(statuses, ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
        importing = """
Resources:
  More:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !ImportValue api-id, Name: More, Schema: {}}
"""
        other = self.create(importing, "s2")
        self.assertEqual((other.status, self.reasons(other)), ("CREATE_COMPLETE", []))
        again = self.create(exporting, "s3")
        self.assertEqual(again.status, "ROLLBACK_COMPLETE")
        stack.update(TEMPLATE)
        self.assertEqual(self.backend.exports, {})

    def test_a_stack_within(self) -> None:
        inner = """
Parameters: {P: {Type: String}}
Resources: {A: {Type: AWS::ApiGateway::RestApi, Properties: {Name: !Ref P}}}
Outputs: {Id: {Value: !Ref A}}
"""
        self.put("inner.yaml", inner)
        outer = """
Resources:
  In:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://s3.amazonaws.com/templates/inner.yaml', Parameters: {P: one}}
Outputs: {Id: {Value: !GetAtt In.Outputs.Id}, Stack: {Value: !Ref In}}
"""
        stack = self.create(outer)
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        api, within = (each["OutputValue"] for each in stack.outputs)
        self.assertEqual(self.control("GetRestApi", restApiId=api)["name"], "one")
        self.assertEqual(self.backend.get_stack(within).parent_id, stack.stack_id)
        stack.update(outer.replace("P: one", "P: two"))
        self.assertEqual(stack.status, "UPDATE_COMPLETE")
        self.assertEqual(self.control("GetRestApi", restApiId=api)["name"], "two")
        self.backend.delete_stack("s1")
        self.assertEqual(self.control("GetRestApis").get("items", []), [])
        self.assertEqual(list(self.backend.stacks), [])

    def put(self, key: str, text: str) -> None:
        from moto.s3.models import s3_backends

        bucket = s3_backends[ACCOUNT]["aws"]
        bucket.create_bucket("templates", REGION)
        self.addCleanup(bucket.reset)
        bucket.put_object("templates", key, text.encode())

    def test_delete_leaves_nothing(self) -> None:
        stack = self.create()
        self.backend.delete_stack("s1")
        self.assertEqual((stack.status, self.reasons(stack)), ("DELETE_COMPLETE", []))
        for operation in ("GetRestApis", "GetUsagePlans", "GetApiKeys"):
            self.assertEqual(self.control(operation).get("items", []), [], operation)

    def test_a_failure_rolls_back_and_says_why(self) -> None:
        stack = self.create(TEMPLATE.replace("PathPart: pets", "PathPart: 'pe ts'"))
        self.assertEqual(stack.status, "ROLLBACK_COMPLETE")
        self.assertIn("Resource's path part only allow", self.reasons(stack)[0])
        self.assertEqual(self.control("GetRestApis").get("items", []), [])
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_a_deployment_that_names_a_stage_takes_it_along(self) -> None:
        named = "RestApiId: !Ref Api, StageName: first}\n  Stage:"
        template = TEMPLATE.replace("RestApiId: !Ref Api}\n  Stage:", named)
        stack = self.create(template)
        api = stack.outputs[0]["OutputValue"]
        self.assertEqual(
            [stage["stageName"] for stage in self.control("GetStages", restApiId=api)["item"]], ["first", "prod"]
        )
        stack.update(template.replace("Deployment1", "Deployment2"))
        # The new deployment has taken the stage over by the time the old one goes.
        self.assertEqual((stack.status, self.reasons(stack)), ("UPDATE_COMPLETE", []))
        self.assertEqual(len(self.control("GetStages", restApiId=api)["item"]), 2)
        self.backend.delete_stack("s1")
        self.assertEqual((stack.status, self.reasons(stack)), ("DELETE_COMPLETE", []))
        self.assertEqual(self.control("GetRestApis")["items"], [])

    def test_an_unknown_type_is_refused_not_skipped(self) -> None:
        error = self.assertRaises(ValidationError, self.create, "Resources: {A: {Type: AWS::No::Such}}")
        self.assertIn("Unrecognized resource types: [AWS::No::Such]", str(error))

    def test_a_circle_is_refused(self) -> None:
        text = "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: A}}"
        error = self.assertRaises(ValidationError, self.create, text)
        self.assertIn("Circular dependency", str(error))

    def test_what_an_update_policy_names_comes_first(self) -> None:
        resource = "{Type: AWS::ApiGateway::RestApi, Properties: {Name: %s}%s}"
        policy = ", UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: !Ref B}}"
        stack = self.create(f"Resources: {{A: {resource % ('a', policy)}, B: {resource % ('b', '')}}}")
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))

    def test_the_sam_transform(self) -> None:
        stack = self.create(
            """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        swagger: '2.0'
        info: {title: t}
        paths:
          /x:
            get:
              x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode":200}'}}
Outputs: {Id: {Value: !Ref Api}}
"""
        )
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))
        api = stack.outputs[0]["OutputValue"]
        paths = [item["path"] for item in self.control("GetResources", restApiId=api)["items"]]
        self.assertEqual(sorted(paths), ["/", "/x"])
        stages = [stage["stageName"] for stage in self.control("GetStages", restApiId=api)["item"]]
        # SAM's deployment makes a stage named "Stage" of its own unless OpenApiVersion is set, on AWS too.
        self.assertEqual(sorted(stages), ["Stage", "prod"])

    def test_a_type_of_another_service_is_asked_of_that_service(self) -> None:
        stack = self.create("Resources: {P: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: n}}}")
        self.assertEqual(stack.status, "CREATE_COMPLETE")
        self.assertEqual(self.asked, [("cognito-idp:CreateUserPool", {"PoolName": "n"})])

    def test_a_change_set_creates(self) -> None:
        self.backend.create_change_set("s2", "c1", TEMPLATE, {}, "", "CREATE")
        self.backend.execute_change_set("c1")
        stack = self.backend.get_stack("s2")
        self.assertEqual((stack.status, self.reasons(stack)), ("CREATE_COMPLETE", []))


    def test_a_change_set_without_changes(self) -> None:
        text = "Transform: AWS::Serverless-2016-10-31\nParameters: {P: {Type: String, Default: a}}\nResources: "
        text += "{A: {Type: AWS::ApiGateway::RestApi, Properties: {Name: !Ref P}}}"
        self.create(text)
        wanted = (({}, "FAILED"), ({"P": "a"}, "FAILED"), ({"P": "b"}, "CREATE_COMPLETE"))
        for number, (parameters, status) in enumerate(wanted):
            found, _ = self.backend.create_change_set("s1", f"c{number}", text, parameters, "", "UPDATE")
            self.assertEqual(status, self.backend.change_sets[found].status)

    def test_change_sets_of_the_same_name(self) -> None:
        text = "Resources: {A: {Type: AWS::ApiGateway::RestApi, Properties: {Name: %s}}}"
        for name in ("one", "two"):
            self.backend.create_change_set(name, "same", text % name, {}, "", "CREATE")
        for name in ("one", "two"):
            found = change_sets.find(self.backend, name, "same")
            self.assertEqual(name, found.stack_name)
            self.assertIs(found, change_sets.find(self.backend, None, found.change_set_id))
        self.assertRaises(change_sets.ChangeSetNotFoundException, change_sets.find, self.backend, "one", "other")


class TemplateTests(SynchronousTestCase):
    def test_python_tags_never_run(self) -> None:
        self.assertEqual(templates.parse("a: !!str 1"), {"a": "1"})
        self.assertRaises(templates.TemplateError, templates.parse, "a: !!python/object/apply:os.getcwd []")

    def test_dates_stay_text_and_short_forms_become_long(self) -> None:
        parsed = templates.parse("v: 2012-10-17\nr: !Ref A\ng: !GetAtt A.B.C\ns: !Sub 'x${A}'\nc: !Condition D")
        self.assertEqual(parsed["v"], "2012-10-17")
        self.assertEqual(parsed["r"], {"Ref": "A"})
        self.assertEqual(parsed["g"], {"Fn::GetAtt": ["A", "B.C"]})
        self.assertEqual(parsed["s"], {"Fn::Sub": "x${A}"})
        self.assertEqual(parsed["c"], {"Condition": "D"})

    def test_an_alias_bomb_is_refused(self) -> None:
        bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        for before, after in zip("abcdefg", "bcdefgh", strict=True):
            bomb += f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n"
        self.assertRaises(templates.TemplateError, templates.parse, bomb)

    def test_garbage(self) -> None:
        self.assertRaises(templates.TemplateError, templates.parse, "just text")
        self.assertRaises(templates.TemplateError, templates.transformed, {"Transform": "No::Such"}, {}, REGION)
