"""``twistd apigw-emu``: options, configuration file, environment; and the service they describe.

Belongs here: reading what the user set, and the real reactor (inside ``makeService`` only). Never here: behaviour.
Order of precedence: command line, environment (``APIGW_EMU_…``), configuration file, defaults.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from twisted.application.service import IService
from twisted.internet.endpoints import serverFromString
from twisted.python import usage

from emulator.configuration import ConfigurationError, read_settings
from emulator.version import VERSION


class Options(usage.Options):
    """The command line of ``twistd apigw-emu``."""

    synopsis = "[options]"
    longdesc = (
        "An emulator of Amazon API Gateway REST APIs, with the AWS services around them. "
        "Every option is also an environment variable: --state-dir is APIGW_EMU_STATE_DIR."
    )
    optParameters = [
        ["config", "c", None, "Configuration file (TOML); conf/apigw-emu.toml is a commented sample."],
        ["state-dir", "d", None, "Where function code and work files go (default: temporary, removed at exit)."],
        ["region", "r", None, "Region of requests that name none (us-east-1)."],
        ["account-id", "a", None, "Account of requests that name none (000000000000)."],
        ["lambda-concurrency", None, None, "Lambda workers at most (default: as many as calls need)."],
        ["iam", None, None, "What AWS_IAM methods check: enforce, sign-only or off."],
    ]
    optFlags = [
        ["strict-runtimes", None, "Refuse functions whose runtime is not on this machine."],
    ]
    compData = usage.Completions(optActions={"config": usage.CompleteFiles("*.toml")})

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []

    def opt_listen(self, description: str) -> None:
        """An endpoint to listen on; may be given several times (tcp:4566:interface=127.0.0.1, unix:…, ssl:…)."""
        self["listen"].append(description)

    opt_l = opt_listen

    def opt_version(self) -> None:
        """Print the version and exit."""
        print(f"apigw-emu {VERSION}")  # noqa: T201
        sys.exit(0)

    def postOptions(self) -> None:
        """Everything is read and checked here, so that a mistake is one line and an exit code."""
        given: dict[str, Any] = {name: value for name, value in self.items() if value not in (None, [], 0)}
        try:
            self.settings = read_settings(given, os.environ)
        except ConfigurationError as error:
            raise usage.UsageError(str(error)) from None


def makeService(options: Options) -> IService:
    """The service of one emulator. A port that is taken ends the process here, before twistd forks, with one line."""
    from twisted.internet import reactor

    from emulator.assembly import assemble
    from emulator.effects import Effects

    for description in options.settings.listen:
        try:
            check_endpoint(reactor, description)
        except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
            sys.stderr.write(f"apigw-emu: cannot listen on {description}: {_reason(error)}\n")
            raise SystemExit(1) from None
    return assemble(Effects.real(reactor), options.settings)


def check_endpoint(reactor: Any, description: str) -> None:
    """Whether the endpoint is one, and its port free. Raises what binding raises."""
    endpoint = serverFromString(reactor, description)
    port, interface = getattr(endpoint, "_port", None), getattr(endpoint, "_interface", "")
    if not port:
        return  # a unix socket, or any free port
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((interface, port))
        probe.listen(1)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
