"""Resource types of other services that stand around an API in a stack and that moto's CloudFormation lacks.

Belongs here: a table of the calls that make and unmake each. They go to the service itself (``ServiceCalls.call``), so
that a stack's resource is the same as one made by hand. Never here: API Gateway's own types.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, frozen

from emulator.cloudformation import waf
from emulator.cloudformation.resources import Control, Physical, boolean
from emulator.errors import BadRequestException
from emulator.store.records import Record


@frozen(kw_only=True)
class Served:
    """One type: ``service:Action`` to create and delete, with what travels between.

    ``rename``  property -> parameter, where they differ; ``drop`` properties CloudFormation alone has
    ``id``      dotted path in the answer (or ``=Property``) that is the physical id
    ``named``   parameter that gets the generated name when the template gives none
    ``keep``    delete parameter -> dotted path in the answer, or ``=Property``; ``[]`` in front makes a list
    ``attributes``  Fn::GetAtt -> dotted path in the answer
    ``shape``   last touches on the parameters
    ``derive``  further Fn::GetAtt values, from the answer
    ``update``  ``service:Action`` that changes one in place, ``=`` for the creating call once more; without it any
                change deletes and makes anew
    ``fixed``   properties whose change asks for a new one all the same
    ``settled`` parameters that only creating takes
    ``lock``    ``service:Action`` that tells the present LockToken
    ``name_it`` the physical id, from the answer and the parameters, where one path is not enough
    """

    type: str
    create: str
    delete: str = ""
    rename: Mapping[str, str] = Factory(dict)
    drop: tuple[str, ...] = ()
    id: str
    named: str = ""
    keep: Mapping[str, str] = Factory(dict)
    attributes: Mapping[str, str] = Factory(dict)
    shape: Callable[[Record], Record] | None = None
    derive: Callable[[Record], Record] | None = None
    update: str = ""
    fixed: frozenset[str] = frozenset()
    settled: tuple[str, ...] = ()
    lock: str = ""
    name_it: Callable[[Record, Record], str] | None = None

    def parameters(self, properties: Record, name: str) -> Record:
        """What the service is told of the properties."""
        parameters = {self.rename.get(key, key): value for key, value in properties.items() if key not in self.drop}
        if self.named and not parameters.get(self.named):
            parameters[self.named] = name
        return parameters if self.shape is None else self.shape(parameters)

    def make(self, control: Control, properties: Record, name: str) -> Physical:
        """Create it."""
        parameters = self.parameters(properties, name)
        answer = control(self.create, parameters) or {}

        def read(where: str) -> Any:
            if where.startswith("[]"):
                return [read(where[2:])]
            if where.startswith("="):
                return parameters.get(where[1:], properties.get(where[1:]))
            value: Any = answer
            for step in where.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            return value

        attributes = {attribute: read(where) for attribute, where in self.attributes.items()}
        if self.derive is not None:
            attributes.update(self.derive(answer))
        path = {parameter: read(where) for parameter, where in self.keep.items()}
        return Physical(self.name_it(answer, parameters) if self.name_it else str(read(self.id)), attributes, path)


@frozen
class Service:
    """How a Served type lives."""

    kind: Served

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        return self.kind.make(control, properties, name)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        kind = self.kind
        if kind.update and not any(old.get(each) != new.get(each) for each in kind.fixed):
            if kind.update == "=":
                return kind.make(control, new, physical.id)
            parameters = kind.parameters(new, physical.id)
            told = {key: value for key, value in parameters.items() if key not in kind.settled}
            control(kind.update, {**told, **self._path(control, physical)})
            return physical
        if kind.update:
            return None
        self.delete(control, physical)
        return kind.make(control, new, physical.id)

    def delete(self, control: Control, physical: Physical) -> None:
        if self.kind.delete:
            control(self.kind.delete, self._path(control, physical))

    def _path(self, control: Control, physical: Physical) -> Record:
        if not self.kind.lock:
            return physical.path
        known = {key: value for key, value in physical.path.items() if key != "LockToken"}
        return {**known, "LockToken": control(self.kind.lock, known).get("LockToken")}


def _policy(document: str, *, each: str, member: str) -> Callable[[Record], Record]:
    def shape(parameters: Record) -> Record:
        return {
            member: parameters[each],
            document: json.dumps(parameters["PolicyDocument"])
            if not isinstance(parameters["PolicyDocument"], str)
            else parameters["PolicyDocument"],
        }

    return shape


def _client(parameters: Record) -> Record:
    for flag in ("GenerateSecret", "AllowedOAuthFlowsUserPoolClient"):
        if flag in parameters:
            parameters[flag] = boolean(parameters[flag])
    return parameters


def _pool(parameters: Record) -> Record:
    for attribute in parameters.get("Schema") or ():
        for flag in ("Mutable", "Required", "DeveloperOnlyAttribute"):
            if flag in attribute:
                attribute[flag] = boolean(attribute[flag])
    return parameters


def _providers(answer: Record) -> Record:
    """What identity pools and OpenID Connect call a user pool."""
    pool = answer["UserPool"]["Id"]
    name = f"cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}"
    return {"ProviderName": name, "ProviderURL": f"https://{name}"}


def _identity_pool(parameters: Record) -> Record:
    for flag in ("AllowUnauthenticatedIdentities", "AllowClassicFlow"):
        if flag in parameters:
            parameters[flag] = boolean(parameters[flag])
    for provider in parameters.get("CognitoIdentityProviders") or ():
        if "ServerSideTokenCheck" in provider:
            provider["ServerSideTokenCheck"] = boolean(provider["ServerSideTokenCheck"])
    return parameters


def _roles(parameters: Record) -> Record:
    """Role mappings are under their provider's name, which a template may give inside."""
    mappings = {
        mapping.get("IdentityProvider") or name: {
            key: value for key, value in mapping.items() if key != "IdentityProvider"
        }
        for name, mapping in (parameters.get("RoleMappings") or {}).items()
    }
    given = {"IdentityPoolId": parameters["IdentityPoolId"], "Roles": parameters.get("Roles") or {}}
    return {**given, "RoleMappings": mappings} if mappings else given


def _alias(parameters: Record) -> Record:
    weights = (parameters.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights:
        spread = {each["FunctionVersion"]: float(each["FunctionWeight"]) for each in weights}
        parameters["RoutingConfig"] = {"AdditionalVersionWeights": spread}
    return parameters


def _only(parameters: Record, member: str) -> Any:
    if len(parameters[member]) != 1:
        raise BadRequestException(f"{member}: one is made by a policy here, not {len(parameters[member])}.")
    return parameters[member][0]


def _queue_policy(parameters: Record) -> Record:
    document = parameters["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    return {"QueueUrl": _only(parameters, "Queues"), "Attributes": {"Policy": text}}


def _topic_policy(parameters: Record) -> Record:
    document = parameters["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    return {"TopicArn": _only(parameters, "Topics"), "AttributeName": "Policy", "AttributeValue": text}


def _subscription(parameters: Record) -> Record:
    attributes = {
        key: json.dumps(value) if isinstance(value, dict) else str(value)
        for key, value in parameters.items()
        if key in ("FilterPolicy", "RawMessageDelivery", "FilterPolicyScope", "RedrivePolicy")
    }
    kept: Record = {key: parameters[key] for key in ("TopicArn", "Protocol", "Endpoint") if key in parameters}
    return {**kept, "Attributes": attributes, "ReturnSubscriptionArn": True}


def _secret(parameters: Record) -> Record:
    generate = parameters.pop("GenerateSecretString", None)
    if generate is not None and "SecretString" not in parameters:
        # A fixed pattern would be no secret and a random one would not be repeatable: the name seeds it.
        base = json.loads(generate.get("SecretStringTemplate") or "{}")
        key = generate.get("GenerateStringKey")
        made = f"generated-{parameters['Name']}"
        parameters["SecretString"] = json.dumps({**base, key: made}) if key else made
    return parameters


def _waf(noun: str, shape: Callable[[Record], Record] | None = None) -> Served:
    """One of WAFv2's types: they live alike."""
    return Served(
        type=f"AWS::WAFv2::{noun}",
        create=f"wafv2:Create{noun}",
        delete=f"wafv2:Delete{noun}",
        named="Name",
        id="Summary.Id",
        name_it=waf.identity,
        keep={"Name": "=Name", "Scope": "=Scope", "Id": "Summary.Id"},
        attributes={"Arn": "Summary.ARN", "Id": "Summary.Id"},
        shape=shape,
        update=f"wafv2:Update{noun}",
        lock=f"wafv2:Get{noun}",
        fixed=frozenset({"Name", "Scope"}),
        settled=("Tags", "Capacity", "IPAddressVersion"),
    )


SERVED: dict[str, Served] = {
    kind.type: kind
    for kind in (
        Served(
            type="AWS::Lambda::Alias", create="lambda:CreateAlias", delete="lambda:DeleteAlias", id="AliasArn",
            drop=("ProvisionedConcurrencyConfig",), shape=_alias, update="lambda:UpdateAlias",
            fixed=frozenset({"FunctionName", "Name"}),
            keep={"FunctionName": "=FunctionName", "Name": "=Name"}, attributes={"AliasArn": "AliasArn"},
        ),
        Served(
            type="AWS::Cognito::UserPool", create="cognito-idp:CreateUserPool", delete="cognito-idp:DeleteUserPool",
            rename={"UserPoolName": "PoolName"}, named="PoolName", id="UserPool.Id",
            drop=("EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification", "WebAuthnFactorConfiguration"),
            keep={"UserPoolId": "UserPool.Id"}, shape=_pool, derive=_providers, update="cognito-idp:UpdateUserPool",
            fixed=frozenset({"AliasAttributes", "UsernameAttributes", "UsernameConfiguration"}),
            settled=("Schema", "PoolName", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration"),
            attributes={"Arn": "UserPool.Arn", "UserPoolId": "UserPool.Id"},
        ),
        Served(
            type="AWS::Cognito::IdentityPool", create="cognito-identity:CreateIdentityPool",
            delete="cognito-identity:DeleteIdentityPool", named="IdentityPoolName", id="IdentityPoolId",
            drop=("CognitoEvents", "CognitoStreams", "PushSync"), shape=_identity_pool,
            keep={"IdentityPoolId": "IdentityPoolId"}, update="cognito-identity:UpdateIdentityPool",
            attributes={"Id": "IdentityPoolId", "Name": "IdentityPoolName"},
        ),
        Served(
            type="AWS::Cognito::IdentityPoolRoleAttachment", create="cognito-identity:SetIdentityPoolRoles",
            id="=IdentityPoolId", shape=_roles, update="=",
        ),
        Served(
            type="AWS::Cognito::UserPoolClient", create="cognito-idp:CreateUserPoolClient",
            delete="cognito-idp:DeleteUserPoolClient", named="ClientName", id="UserPoolClient.ClientId",
            keep={"UserPoolId": "=UserPoolId", "ClientId": "UserPoolClient.ClientId"}, shape=_client,
            update="cognito-idp:UpdateUserPoolClient", fixed=frozenset({"UserPoolId", "GenerateSecret"}),
            settled=("GenerateSecret",),
            attributes={
                "ClientId": "UserPoolClient.ClientId", "Name": "UserPoolClient.ClientName",
                "ClientSecret": "UserPoolClient.ClientSecret",
            },
        ),
        Served(
            type="AWS::Cognito::UserPoolDomain", create="cognito-idp:CreateUserPoolDomain",
            delete="cognito-idp:DeleteUserPoolDomain", id="=Domain",
            keep={"UserPoolId": "=UserPoolId", "Domain": "=Domain"},
        ),
        Served(
            type="AWS::Cognito::UserPoolResourceServer", create="cognito-idp:CreateResourceServer", id="=Identifier",
            delete="cognito-idp:DeleteResourceServer", update="cognito-idp:UpdateResourceServer",
            fixed=frozenset({"UserPoolId", "Identifier"}),
            keep={"UserPoolId": "=UserPoolId", "Identifier": "=Identifier"},
        ),
        Served(
            type="AWS::Cognito::UserPoolGroup", create="cognito-idp:CreateGroup", delete="cognito-idp:DeleteGroup",
            id="=GroupName", keep={"UserPoolId": "=UserPoolId", "GroupName": "=GroupName"}, named="GroupName",
            update="cognito-idp:UpdateGroup", fixed=frozenset({"UserPoolId", "GroupName"}),
        ),
        Served(
            type="AWS::SNS::Subscription", create="sns:Subscribe", delete="sns:Unsubscribe", id="SubscriptionArn",
            keep={"SubscriptionArn": "SubscriptionArn"}, attributes={"Arn": "SubscriptionArn"}, shape=_subscription,
        ),
        Served(
            type="AWS::SNS::TopicPolicy", create="sns:SetTopicAttributes", id="=TopicArn", shape=_topic_policy,
            update="=",
        ),
        Served(
            type="AWS::SQS::QueuePolicy", create="sqs:SetQueueAttributes", id="=QueueUrl", shape=_queue_policy,
            update="=",
        ),
        Served(
            type="AWS::S3::BucketPolicy", create="s3:PutBucketPolicy", delete="s3:DeleteBucketPolicy", id="=Bucket",
            keep={"Bucket": "=Bucket"}, shape=_policy("Policy", each="Bucket", member="Bucket"), update="=",
            fixed=frozenset({"Bucket"}),
        ),
        _waf("WebACL", waf.shape),
        _waf("IPSet"),
        _waf("RegexPatternSet", waf.pattern_set),
        _waf("RuleGroup", waf.shape),
        Served(
            type="AWS::WAFv2::WebACLAssociation", create="wafv2:AssociateWebACL", delete="wafv2:DisassociateWebACL",
            id="=ResourceArn", keep={"ResourceArn": "=ResourceArn"}, update="=", fixed=frozenset({"ResourceArn"}),
        ),
        Served(
            type="AWS::CertificateManager::Certificate", create="acm:RequestCertificate",
            delete="acm:DeleteCertificate", id="CertificateArn", keep={"CertificateArn": "CertificateArn"},
            drop=("CertificateTransparencyLoggingPreference", "CertificateExport"),
        ),
        Served(
            type="AWS::SecretsManager::Secret", create="secretsmanager:CreateSecret",
            delete="secretsmanager:DeleteSecret", named="Name", id="ARN", keep={"SecretId": "ARN"},
            attributes={"Id": "ARN"}, shape=_secret, update="secretsmanager:UpdateSecret", fixed=frozenset({"Name"}),
            settled=("Name", "Tags", "AddReplicaRegions", "ForceOverwriteReplicaSecret"),
        ),
        Served(
            type="AWS::CloudWatch::Alarm", create="cloudwatch:PutMetricAlarm", delete="cloudwatch:DeleteAlarms",
            named="AlarmName", id="=AlarmName", keep={"AlarmNames": "[]=AlarmName"}, update="=",
            fixed=frozenset({"AlarmName"}),
        ),
    )
}  # fmt: skip
