"""The door to moto's CloudFormation: our resource types in its registry, and what its engine gets wrong put right.

Belongs here: registration, and the replacements of moto's engine (order, roll-back, unknown types, safe parsing),
each in one place. moto calls all of it on the writer's thread. Never here: what a resource does (``resources.py``
and friends).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.core.common_models import CloudFormationModel

from emulator.cloudformation import (
    balancers,
    change_sets,
    computing,
    custom_resources,
    domain_names,
    global_tables,
    identities,
    messaging,
    method,
    nested_stacks,
    networks,
    parameters,
    records,
    rest_api,
    stack_runs,
    stage,
    storage,
    templates,
)
from emulator.cloudformation.kinds import KINDS
from emulator.cloudformation.others import SERVED, Service
from emulator.cloudformation.resources import Control, Physical, Resource, Tabled, retag, tag_as_made, tags
from emulator.cloudformation.stacks import Resources
from emulator.cloudformation.surroundings import SURROUNDINGS
from emulator.store.records import Record

#: ``(account, region, operation, request) -> answer``: one call, made from the writer's thread. An operation is one of
#: the control plane's, or ``service:Action`` of another service.
Call = Callable[[str, str, str, Record], Record]

_installed: dict[str, Any] = {}


class ApiGatewayResource(CloudFormationModel):
    """One made resource, as moto keeps it in a stack. Subclasses name their type and how they live."""

    TYPE = ""
    HOW: Resource

    def __init__(
        self, account: str, region: str, physical: Physical, properties: Record, place: Record | None = None
    ) -> None:
        self.place = place or {}  # LogicalId and StackId
        self.account = account
        self.region = region
        self.physical = physical
        self.properties = properties

    @property
    def physical_resource_id(self) -> str:
        return self.physical.id

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """``Fn::GetAtt``."""
        if attribute_name not in self.physical.attributes:
            raise UnformattedGetAttTemplateException()
        return self.physical.attributes[attribute_name]

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Record, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        properties = dict(cloudformation_json.get("Properties") or {})
        how = _how(cls.TYPE, account_id, region_name)
        given = {**properties, **_extra(cls.TYPE, region_name)}
        control = _control(account_id, region_name)
        made = how.create(control, given, resource_name)
        if kwargs.get("StackId"):
            stack = models.cloudformation_backends[account_id][region_name].get_stack(kwargs["StackId"])
            tag_as_made(control, cls.TYPE, region_name, made, _stack_tags(stack, kwargs["LogicalId"], properties))
        return cls(account_id, region_name, made, properties, kwargs)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Record,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Update in place; where that cannot be, make a new one: the engine deletes the old one at the end."""
        properties = dict(cloudformation_json.get("Properties") or {})
        how = _how(cls.TYPE, account_id, region_name)
        control = _control(account_id, region_name)
        updated = how.update(control, original_resource.physical, original_resource.properties, properties)
        if updated is None:
            return cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name, **original_resource.place
            )
        retag(control, cls.TYPE, region_name, updated, original_resource.properties, properties)
        return cls(account_id, region_name, updated, properties, original_resource.place)

    def delete(self, account_id: str, region_name: str) -> None:
        how = _how(type(self).TYPE, self.account, self.region)
        how.delete(_control(self.account, self.region), self.physical)


def _stack_tags(stack: Any, logical_id: str, properties: Record) -> Record:
    """What a resource of the stack is tagged with beside its own tags: AWS's, and the stack's."""
    named = tags(properties.get("Tags") or []) or {}
    return {
        **{key: value for key, value in (stack.tags or {}).items() if key not in named},
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:stack-id": stack.stack_id,
        "aws:cloudformation:logical-id": logical_id,
    }


def _extra(type_name: str, region: str) -> Record:
    return {"__region__": region} if type_name in _REGIONAL else {}


def _control(account: str, region: str) -> Control:
    call: Call = _installed["call"]

    def control(operation: str, request: Record) -> Record:
        return call(account, region, operation, request)

    return control


def _how(type_name: str, account: str, region: str) -> Resource:
    if type_name == "AWS::ApiGateway::RestApi":
        return rest_api.RestApi(lambda bucket, key, version: _object(account, bucket, key, version))
    return _OTHERS[type_name]


def _object(account: str, bucket: str, key: str, version: str) -> bytes:
    from moto.s3.models import s3_backends

    found = s3_backends[account]["aws"].get_object(bucket, key, version_id=version or None)
    if found is None:
        raise ValidationError(message=f"S3 error: The specified key does not exist. ({bucket}/{key})")
    body: bytes = found.value
    return body


#: Types that are told the region of their stack.
_REGIONAL = ("AWS::ApiGateway::RestApi", "AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable")

_OTHERS: dict[str, Resource] = {
    **{name: Tabled(kind) for name, kind in KINDS.items()},
    **domain_names.DOMAIN_NAMES,
    "AWS::ApiGateway::Method": method.Method(),
    "AWS::ApiGateway::Stage": stage.Stage(),
    "AWS::ApiGateway::Deployment": stage.Deployment(),
    "AWS::ApiGateway::Account": stage.Account(),
    **{name: Service(kind) for name, kind in {**SERVED, **SURROUNDINGS, **identities.IDENTITIES}.items()},
    **{
        kind.type: kind
        for module in (
            storage, global_tables, messaging, computing, identities, parameters, records, balancers, networks,
        )  # fmt: skip
        for kind in module.TYPES
    },
}


def _model(type_name: str) -> type[ApiGatewayResource]:
    # moto's registry is __subclasses__ of CloudFormationModel, and names a class by this static method.
    return type(
        type_name.replace("::", ""),
        (ApiGatewayResource, CloudFormationModel),
        {
            "TYPE": type_name,
            "cloudformation_type": staticmethod(lambda: type_name),
            "cloudformation_name_type": staticmethod(lambda: ""),
        },
    )


_MODELS = {name: _model(name) for name in ("AWS::ApiGateway::RestApi", *_OTHERS)}


def install(
    call: Call, ask: custom_resources.Ask, apart: Callable[[Callable[[], None]], None] = lambda work: work()
) -> None:
    """Put our types and our engine into moto's CloudFormation.

    ``call`` is asked for every control-plane call, ``ask`` for what custom resources' functions answer, ``apart`` to
    run a stack after the call that made it was answered.
    """
    _installed["call"] = call
    custom_resources.install(ask)
    stack_runs.install(apart)
    known = {
        model.cloudformation_type(): model
        for model in CloudFormationModel.__subclasses__()
        if model is not ApiGatewayResource and not model.cloudformation_type().startswith("AWS::ApiGateway::")
    }
    known.update(_MODELS)
    parsing.CustomModel = custom_resources.CustomResource
    for kind in (custom_resources.CustomResource, nested_stacks.NestedStack):
        known[kind.cloudformation_type()] = kind
    parsing.get_model_map = lambda: known
    parsing.get_model_list = lambda: list(known.values())
    names = {type_name: model.cloudformation_name_type() for type_name, model in known.items()}
    parsing.get_name_type_map = lambda: names
    if "AWS::CDK::Metadata" not in parsing.NULL_MODELS:
        parsing.NULL_MODELS.append("AWS::CDK::Metadata")
    models.ResourceMap = Resources
    models.Stack.parse_template = staticmethod(_parse)
    models.Stack._parse_template = _parse_stack
    models.Stack.create_resources = stack_runs.create_resources
    models.Stack.update = stack_runs.update_stack
    models.Stack.has_template = change_sets.has_template
    models.Stack.has_parameters = change_sets.has_parameters
    models.Stack.outputs = property(stack_runs.outputs)
    models.Stack.exports = property(stack_runs.exports)
    models.ChangeSet._parse_template = _parse_change_set
    models.CloudFormationBackend.create_stack = stack_runs.create_stack
    models.CloudFormationBackend.execute_change_set = stack_runs.execute_change_set
    models.CloudFormationBackend.delete_stack = stack_runs.delete_stack
    for name, method_of_ours in change_sets.METHODS.items():
        setattr(responses.CloudFormationResponse, name, method_of_ours)
    for name in ("create_stack", "update_stack", "execute_change_set"):
        method_of_moto = getattr(responses.CloudFormationResponse, name)
        if not hasattr(method_of_moto, "heeds_rollback_choice"):
            setattr(responses.CloudFormationResponse, name, stack_runs.with_rollback_choice(method_of_moto))


def _parse(template: str | bytes) -> dict[str, Any]:
    try:
        return templates.parse(template)
    except templates.TemplateError as error:
        raise ValidationError(message=str(error)) from error


def _transformed(template: Any, parameters: Record, region: str) -> dict[str, Any]:
    try:
        return templates.transformed(templates.parse(template), _plain(parameters), region)
    except templates.TemplateError as error:
        raise ValidationError(message=str(error)) from error


def _plain(parameters: Record | None) -> Record:
    return {key: value for key, value in (parameters or {}).items() if isinstance(value, str)}


def _parse_stack(self: Any) -> None:
    # A stack parses its template before it has its parameters and region: the first look is at the text alone.
    region = getattr(self, "region_name", None) or self.stack_id.split(":")[3]
    self.template_dict = _transformed(self.template, getattr(self, "parameters", {}), region)


def _parse_change_set(self: Any) -> None:
    self.template_dict = _transformed(self.template, self.parameters, self.stack.region_name)
