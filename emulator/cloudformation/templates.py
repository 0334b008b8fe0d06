"""Templates: text to dictionaries, safely, with the SAM transform applied.

Belongs here: reading. YAML is read with a safe loader (moto's own would run ``!!python/object`` tags), dates stay text
(``Version: 2012-10-17``), and CloudFormation's short forms become their long ones. Never here: resolving references.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

#: An expanded template may not hold more nodes than this: an alias bomb is refused, as a document too large.
_MAX_NODES = 500_000


class TemplateError(ValueError):
    """The template cannot be read; the text is what CloudFormation would tell."""


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def parse(template: str | bytes) -> dict[str, Any]:
    """A template's text (YAML or JSON) as a dictionary; TemplateError when it is none."""
    text = template.decode() if isinstance(template, bytes) else template
    try:
        parsed = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        try:
            parsed = json.loads(text)
        except ValueError:
            raise TemplateError(f"Template format error: YAML not well-formed. ({error})") from error
    if not isinstance(parsed, dict):
        raise TemplateError("Template format error: unsupported structure.")
    _bounded(parsed)
    return parsed


def _bounded(parsed: Any) -> None:
    pending, seen = [parsed], 0
    while pending:
        seen += 1
        if seen > _MAX_NODES:
            raise TemplateError("Template format error: template is too large once its aliases are expanded.")
        node = pending.pop()
        if isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def transforms(template: Mapping[str, Any]) -> list[str]:
    """The names of the template's transforms."""
    declared = template.get("Transform") or []
    return [str(each) for each in (declared if isinstance(declared, list) else [declared])]


def transformed(template: dict[str, Any], parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The template after its transforms. AWS::Serverless-2016-10-31 is AWS's own translator; others are refused,
    but AWS::LanguageExtensions, whose functions that are understood here need no transform."""
    names = transforms(template)
    for name in names:
        if name not in ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"):
            raise TemplateError(f"No transform named {name} found.")
    if "AWS::Serverless-2016-10-31" not in names:
        return template
    return _serverless(template, parameters, region)


def _serverless(template: dict[str, Any], parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    import boto3
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # The translator asks a session for nothing but its region.
    session = boto3.session.Session(region_name=region)
    try:
        translator = Translator({}, Parser(), boto_session=session)
        fragment = json.loads(json.dumps(template))
        result: dict[str, Any] = translator.translate(fragment, parameter_values=dict(parameters))
    except InvalidDocumentException as error:
        causes = "; ".join(str(cause.message) for cause in error.causes)
        raise TemplateError(f"Transform AWS::Serverless-2016-10-31 failed with: {error.message} {causes}") from error
    result.pop("Transform", None)
    return result
