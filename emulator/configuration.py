"""Settings from where users write them: command line, environment, TOML file.

Belongs here: names, types and checks of what users write. Never here: the values' meaning. Raises
``ConfigurationError`` with one line that says what is wrong and where.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from emulator.settings import ServiceEndpoint, Settings

PREFIX = "APIGW_EMU_"
_PROVIDER = "PROVIDER_OVERRIDE_APIGATEWAY"
_CORS = "DISABLE_CUSTOM_CORS_APIGATEWAY"


class ConfigurationError(Exception):
    """What the user set cannot be used; the text is for the user."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is wanted")
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    lowered = str(value).strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("true or false is wanted")


def _number(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError("a number of 0 or more is wanted")
    return int(value)


def _seconds(value: Any) -> float:
    try:
        seconds = -1.0 if isinstance(value, bool) else float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError("seconds (0 or more) are wanted")
    return seconds


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ValueError("a list of texts is wanted")


def _endpoints(value: Any) -> tuple[str, ...]:
    # Endpoint descriptions hold commas rarely and colons always: in the environment they are separated by spaces.
    return tuple(value.split()) if isinstance(value, str) else _texts(value)


def _table(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        return {name.strip(): text.strip() for name, _, text in pairs}
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return dict(value)
    raise ValueError("a table of texts is wanted")


def _services(value: Any) -> dict[str, ServiceEndpoint]:
    if not isinstance(value, dict):
        raise ValueError("a table of services is wanted")
    made = {}
    for name, entry in value.items():
        endpoint = entry.get("endpoint") if isinstance(entry, dict) else None
        if not isinstance(endpoint, str) or not re.match(r"https?://[^/]+", endpoint):
            raise ValueError(f"services.{name} wants endpoint = \"http://host:port\"")
        made[name] = ServiceEndpoint(endpoint=endpoint)
    return made


def _account(value: Any) -> str:
    if not re.fullmatch(r"\d{12}", _text(value)):
        raise ValueError("an account id has twelve digits")
    return str(value)


def _region(value: Any) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", _text(value)):
        raise ValueError("this is no region's name")
    return str(value)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"one of {', '.join(allowed)} is wanted")
        return str(value)

    return check


READERS: dict[str, Callable[[Any], Any]] = {
    "listen": _endpoints,
    "region": _region,
    "account_id": _account,
    "state_dir": _text,
    "provider": _one_of("next_gen", "legacy"),
    "disable_custom_cors": _flag,
    "allowed_origins": _texts,
    "allowed_hosts": _texts,
    "trusted_proxies": _texts,
    "iam": _one_of("enforce", "sign-only", "off"),
    "geo_header": _text,
    "services": _services,
    "issuers": _table,
    "vpc_link_endpoints": _table,
    "strict_runtimes": _flag,
    "interpreters": _table,
    "node_modules": _texts,
    "lambda_concurrency": _number,
    "lambda_idle_seconds": _seconds,
}


def read_settings(given: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settings from ``given`` (the command line's options), ``environ`` and the file one of them names."""
    found: dict[str, Any] = {}
    path = given.get("config") or environ.get(PREFIX + "CONFIG")
    if path:
        _from_file(str(path), found)
    _from_environment(environ, found)
    for option, value in given.items():
        name = option.replace("-", "_")
        if name != "config":
            _put(found, name, value, f"--{option}")
    if found.get("state_dir"):
        found["state_dir"] = _directory(found["state_dir"])
    return Settings(**found)


def _put(found: dict[str, Any], name: str, value: Any, where: str) -> None:
    reader = READERS.get(name)
    if reader is None:
        raise ConfigurationError(f"{where}: there is no such setting")
    try:
        found[name] = reader(value)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{where}: {value!r}: {error}") from None


def _from_file(path: str, found: dict[str, Any]) -> None:
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read the configuration {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the configuration {path} is no TOML: {error}") from None
    for name, value in content.items():
        _put(found, name.replace("-", "_"), value, f"{path}: {name}")


def _from_environment(environ: Mapping[str, str], found: dict[str, Any]) -> None:
    for variable, value in environ.items():
        if variable.startswith(PREFIX) and variable != PREFIX + "CONFIG":
            name = variable[len(PREFIX) :].lower()
            if name not in READERS and name.startswith(("python_", "nodejs_", "endpoint")):
                continue  # interpreters of Lambda (lambda_runtime), and the command line tools' own
            _put(found, name, value, variable)
    if environ.get(_PROVIDER):
        _put(found, "provider", environ[_PROVIDER], _PROVIDER)
    if environ.get(_CORS):
        _put(found, "disable_custom_cors", environ[_CORS], _CORS)


def _directory(path: str) -> str:
    made = os.path.abspath(os.path.expanduser(path))
    try:
        os.makedirs(made, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot make the state directory {made}: {error.strerror}") from None
    return made
