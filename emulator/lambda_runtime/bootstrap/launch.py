"""Runs in the worker: sets the import path as Lambda does, then hands over to AWS's runtime client.

Belongs here: what must happen inside the interpreter before the user's code. Never here: imports of the emulator; this
file runs on every Python from 3.8 on, started with -S, and only the standard library is there.

usage: launch.py RUNTIME_DIR HANDLER TASK_ROOT OPT_ROOT
RUNTIME_DIR/client holds awslambdaric, RUNTIME_DIR/site boto3: what /var/runtime is on AWS.
"""

import os
import sys


def _import_path(runtime, task_root, opt_root):
    """LAMBDA_TASK_ROOT first, then what the user put into PYTHONPATH, layers, the standard library, boto3 last."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    asked = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    own = os.path.join(runtime, "site")
    standard = [each for each in sys.path[1:] if each not in asked]
    layers = [
        os.path.join(opt_root, "python", "lib", version, "site-packages"),
        os.path.join(opt_root, "python"),
    ]
    asked = [each for each in asked if each != own]
    # The boto3 beside the emulator runs from 3.10 on; older functions bring their own.
    sdk = [own] if sys.version_info >= (3, 10) else []
    return [task_root] + asked + layers + standard + [os.path.join(runtime, "client")] + sdk


def _log_sink(base):
    """Where the logging module writes: a message is one event however many lines it has (``logs.JOINT``)."""

    class Sink(base):
        def log(self, msg, frame_type=None):
            sys.stdout.write(msg.rstrip("\n").replace("\n", "\x1e") + "\n")

        def log_error(self, message_lines):
            self.log("\n".join(message_lines))

    return Sink()


def main():
    runtime, handler, task_root, opt_root = sys.argv[1:5]
    sys.path[:] = _import_path(runtime, task_root, opt_root)
    sys.argv = [os.path.join(runtime, "bootstrap.py")]
    # -S keeps the machine's site-packages out; exit(), quit() and help() come from site all the same.
    import site

    site.setquit()
    site.sethelper()
    # The client is asked for directly: its own main starts a thread pool per poll on 3.12 and later.
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    bootstrap.create_log_sink = lambda: _log_sink(bootstrap.StandardLogSink)
    bootstrap.run(handler, LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False))


main()
