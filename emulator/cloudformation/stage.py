"""AWS::ApiGateway::Stage and Deployment (which may carry a stage), and Account.

Follows the resources' pages of the CloudFormation reference.
"""

from __future__ import annotations

from attrs import frozen

from emulator.cloudformation.resources import Control, Physical, escaped, members, patched, spelled, wired
from emulator.store.records import Record

_SETTINGS = {
    "MetricsEnabled": "metrics/enabled", "LoggingLevel": "logging/loglevel", "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit", "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled", "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}  # fmt: skip
_PATCHES = {
    "Description": "/description", "DeploymentId": "/deploymentId", "Variables": "/variables{}",
    "TracingEnabled": "/tracingEnabled", "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize", "ClientCertificateId": "/clientCertificateId",
    "DocumentationVersion": "/documentationVersion",
}  # fmt: skip
_CANARY = {
    "DeploymentId": "deploymentId", "PercentTraffic": "percentTraffic", "UseStageCache": "useStageCache",
    "StageVariableOverrides": "stageVariableOverrides{}",
}  # fmt: skip
_CREATED = (*_PATCHES, "CanarySetting", "Tags")


@frozen
class Stage:
    """A stage: made with what CreateStage takes, then patched with what it does not."""

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        stage_name = properties.get("StageName") or name
        path = {"restApiId": properties["RestApiId"], "stageName": stage_name}
        kept = wired({k: v for k, v in properties.items() if k in _CREATED})
        request = members(kept)
        if "Tags" in kept:
            request["tags"] = kept["Tags"]
        if "canarySetting" in request:
            request["canarySettings"] = request.pop("canarySetting")
        control("CreateStage", {**request, **path})
        later = {k: v for k, v in properties.items() if k in ("MethodSettings", "AccessLogSetting")}
        self._patch(control, path, {}, later)
        return Physical(stage_name, {}, path)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if any(old.get(key) != new.get(key) for key in ("RestApiId", "StageName")):
            return None
        self._patch(control, physical.path, old, new)
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        control("DeleteStage", physical.path)

    def _patch(self, control: Control, path: Record, old: Record, new: Record) -> None:
        operations = [
            operation
            for prop, where in _PATCHES.items()
            if old.get(prop) != new.get(prop)
            for operation in patched(where, old.get(prop), new.get(prop))
        ]
        operations += _canary_patches(old.get("CanarySetting"), new.get("CanarySetting"))
        operations += setting_patches(old.get("MethodSettings"), new.get("MethodSettings"))
        log = new.get("AccessLogSetting") or {}
        if log != (old.get("AccessLogSetting") or {}):
            if not log:
                operations.append({"op": "remove", "path": "/accessLogSettings"})
            for prop, member in (("DestinationArn", "destinationArn"), ("Format", "format")):
                if log.get(prop):
                    operations.append(
                        {"op": "replace", "path": f"/accessLogSettings/{member}", "value": log[prop]}
                    )
        if operations:
            control("UpdateStage", {**path, "patchOperations": operations})


def _canary_patches(old: Record | None, new: Record | None) -> list[Record]:
    """CanarySetting as patch operations; one that went takes the canary with it."""
    if old == new:
        return []
    if not new:
        return [{"op": "remove", "path": "/canarySettings"}]
    before = old or {}
    return [
        operation
        for prop, where in _CANARY.items()
        if before.get(prop) != new.get(prop)
        for operation in patched(f"/canarySettings/{where}", before.get(prop), new.get(prop))
    ]


def setting_patches(old: list[Record] | None, new: list[Record] | None) -> list[Record]:
    """MethodSettings of a template as patch operations on the stage; settings that went are removed."""
    before = {_route(each): each for each in old or ()}
    after = {_route(each): each for each in new or ()}
    gone = [{"op": "remove", "path": f"/{route}"} for route in before if route not in after]
    return gone + [
        {"op": "replace", "path": f"/{route}/{_SETTINGS[prop]}", "value": spelled(value)}
        for route, settings in after.items()
        if settings != before.get(route)
        for prop, value in settings.items()
        if prop in _SETTINGS
    ]


def _route(settings: Record) -> str:
    path = str(settings.get("ResourcePath") or "/*")
    # Templates write "/*" for all; they may also bring the path escaped already ("/~1pets").
    path = "*" if path in ("/*", "*") else path
    if path.startswith("/~1"):
        path = path[1:]
    return f"{path if '~1' in path else escaped(path)}/{settings.get('HttpMethod') or '*'}"


@frozen
class Deployment:
    """A deployment: never changed after it was made, but for its description."""

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        path = {"restApiId": properties["RestApiId"]}
        request: Record = dict(path)
        if properties.get("Description"):
            request["description"] = properties["Description"]
        described = properties.get("StageDescription") or {}
        if properties.get("StageName"):
            request["stageName"] = properties["StageName"]
            request.update(_described(described))
        if properties.get("DeploymentCanarySettings"):
            request["canarySettings"] = members(properties["DeploymentCanarySettings"])
        made = control("CreateDeployment", request)
        if properties.get("StageName") and described:
            stage = {**path, "stageName": properties["StageName"]}
            settings = list(described.get("MethodSettings") or ())
            common = {k: v for k, v in described.items() if k in _SETTINGS}
            if common:
                settings.insert(0, {"ResourcePath": "/*", "HttpMethod": "*", **common})
            Stage()._patch(
                control, stage, {}, {"MethodSettings": settings, "AccessLogSetting": described.get("AccessLogSetting")}
            )
        kept = {**path, "deploymentId": made["id"], "stageName": properties.get("StageName")}
        return Physical(made["id"], {"DeploymentId": made["id"]}, kept)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if any(old.get(key) != new.get(key) for key in ("RestApiId", "DeploymentCanarySettings")):
            return None
        if old.get("Description") != new.get("Description"):
            operations = patched("/description", None, new.get("Description"))
            control("UpdateDeployment", {**_deployment(physical), "patchOperations": operations})
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        """The stage that came with it goes first, unless a later deployment has taken it over."""
        deployment = _deployment(physical)
        for stage in control("GetStages", deployment)["item"] if physical.path.get("stageName") else ():
            if stage["stageName"] == physical.path["stageName"]:
                control("DeleteStage", {"restApiId": deployment["restApiId"], "stageName": stage["stageName"]})
        control("DeleteDeployment", deployment)


def _deployment(physical: Physical) -> Record:
    return {key: value for key, value in physical.path.items() if key != "stageName"}


def _described(described: Record) -> Record:
    request: Record = members(
        wired(
            {
                k: v
                for k, v in described.items()
                if k in ("CacheClusterEnabled", "CacheClusterSize", "TracingEnabled", "Variables")
            }
        )
    )
    if described.get("Description"):
        request["stageDescription"] = described["Description"]
    return request


@frozen
class Account:
    """The account's settings: the role that writes logs."""

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        role = properties.get("CloudWatchRoleArn")
        if role:
            operations = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
            control("UpdateAccount", {"patchOperations": operations})
        return Physical(name, {"Id": name}, {})

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        return self.create(control, new, physical.id)

    def delete(self, control: Control, physical: Physical) -> None:
        """The role stays, as on AWS: the account's settings are nobody's alone."""
