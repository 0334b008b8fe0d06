"""What a worker is started with: its command line and its environment variables, and nothing of ours.

Belongs here: AWS's reserved variables, the search paths, the chain of small programs in front of the interpreter.
Never here: finding interpreters (``interpreters.py``), starting processes (``process.py``).

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import lru_cache

from attrs import frozen

from emulator.lambda_runtime.code import Unpacked
from emulator.lambda_runtime.functions import Function
from emulator.lambda_runtime.interpreters import Interpreter

# The names a user cannot set on AWS either.
RESERVED = frozenset(
    (
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    )
)


class NoEntrypoint(Exception):
    """A ``provided`` function without a bootstrap that can be executed: ``Runtime.InvalidEntrypoint`` on AWS."""


@frozen(kw_only=True)
class Command:
    """A process to start: ``argv[0]`` is the executable."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


@frozen(kw_only=True)
class Surroundings:
    """What is the same for every worker: where our client files are, and where AWS calls go."""

    runtime_dir: str  # see runtime_files.py
    node_bootstrap: str
    endpoint_url: str
    node_modules: tuple[str, ...] = ()  # directories with @aws-sdk and its like, for Node functions


def command_for(
    function: Function,
    interpreter: Interpreter,
    code: Unpacked,
    around: Surroundings,
    *,
    runtime_api: str,
    log_stream: str,
    scratch: str,
) -> Command:
    """How to start a worker. Raises NoEntrypoint when a ``provided`` function brings no bootstrap."""
    env = _environment(function, interpreter, code, around)
    env["AWS_LAMBDA_RUNTIME_API"] = runtime_api
    env["AWS_LAMBDA_LOG_STREAM_NAME"] = log_stream
    env["TMPDIR"] = scratch
    program = _program(function, interpreter, code, around)
    wrapper = function.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper:
        program = (_in_place(wrapper, code), *program)
    return Command(argv=(*_prefix(code.task_root), *program), env=env)


def _program(function: Function, interpreter: Interpreter, code: Unpacked, around: Surroundings) -> tuple[str, ...]:
    if interpreter.family == "python":
        launcher = os.path.join(around.runtime_dir, "launch.py")
        arguments = (around.runtime_dir, function.handler, code.task_root, code.opt_root)
        return (interpreter.path, "-S", "-s", launcher, *arguments)
    if interpreter.family == "nodejs":
        return (interpreter.path, "--expose-gc", around.node_bootstrap, function.handler, code.task_root)
    for root, shown in ((code.task_root, "/var/task"), (code.opt_root, "/opt")):
        bootstrap = os.path.join(root, "bootstrap")
        if os.path.isfile(bootstrap):
            if not os.access(bootstrap, os.X_OK):
                raise NoEntrypoint(f"fork/exec {shown}/bootstrap: permission denied")
            return (bootstrap,)
    raise NoEntrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


def _environment(function: Function, interpreter: Interpreter, code: Unpacked, around: Surroundings) -> dict[str, str]:
    task, opt = code.task_root, code.opt_root
    env = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{opt}/bin",
        "LD_LIBRARY_PATH": f"{task}:{task}/lib:{opt}/lib",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "AWS_ENDPOINT_URL": around.endpoint_url,
    }
    env.update(_search_paths(interpreter, code, around))
    chosen = {name: value for name, value in function.environment.items() if name not in RESERVED}
    for name, value in chosen.items():
        env[name] = value
    env.update(
        {
            "_HANDLER": function.handler,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_FORMAT": function.log_format,
            # A key of twelve digits names the account the call is for.
            "AWS_ACCESS_KEY_ID": function.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "test",
            "LAMBDA_TASK_ROOT": task,
            "LAMBDA_RUNTIME_DIR": around.runtime_dir,
        }
    )
    if function.log_level:
        env["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    if interpreter.family != "provided":
        env["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{function.runtime}"
    return env


def _search_paths(interpreter: Interpreter, code: Unpacked, around: Surroundings) -> dict[str, str]:
    if interpreter.family == "python":
        return {"PYTHONPATH": os.path.join(around.runtime_dir, "site")}
    if interpreter.family == "nodejs":
        major = interpreter.version.partition(".")[0]
        directories = (
            f"{code.opt_root}/nodejs/node{major}/node_modules",
            f"{code.opt_root}/nodejs/node_modules",
            *around.node_modules,
            code.task_root,
        )
        return {"NODE_PATH": ":".join(directories)}
    return {}


def _in_place(path: str, code: Unpacked) -> str:
    """A path the user wrote for AWS's layout, in ours."""
    for theirs, ours in (("/opt", code.opt_root), ("/var/task", code.task_root)):
        if path == theirs or path.startswith(theirs + "/"):
            return ours + path[len(theirs) :]
    return path


def _prefix(directory: str) -> tuple[str, ...]:
    """In front of the program: its own directory and process group, death with the emulator, no core files.

    Done by exec'ing small tools in turn, because a fork of the emulator would stall its reactor.
    """
    shell = ("/bin/sh", "-c", 'cd "$0" && unset OLDPWD && ulimit -c 0 && exec "$@" </dev/null', directory)
    return (*shell, *_tools())


@lru_cache(maxsize=1)
def _tools() -> tuple[str, ...]:
    tools: tuple[str, ...] = ()
    setsid, setpriv = shutil.which("setsid"), shutil.which("setpriv")
    if setsid:
        tools += (setsid,)
    if setpriv:
        tools += (setpriv, "--pdeathsig", "KILL", "--")
    return tools
