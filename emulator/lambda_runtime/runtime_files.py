"""The files Python workers run on, laid out once: our launcher, AWS's client, boto3.

Belongs here: the directory that stands for /var/runtime. Never here: the user's code.

``<root>/python/launch.py``, ``client/`` (awslambdaric and what it imports; for its C extension our own client),
``site/`` (boto3, as AWS ships it). Links into the emulator's own site-packages, so that a function sees these packages
and nothing else of ours.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile

from emulator.lambda_runtime.functions import InvalidRuntimeException

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")
NODE_BOOTSTRAP = os.path.join(BOOTSTRAP, "bootstrap.mjs")

_CLIENT = ("awslambdaric", "snapshot_restore_py", "simplejson")
_SITE = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


def python_runtime(root: str) -> str:
    """The runtime directory for Python interpreters; made if it is not there (blocking).

    Raises InvalidRuntimeException when awslambdaric is not installed beside the emulator.
    """
    directory = os.path.join(root, "python")
    if os.path.isdir(directory):
        return directory
    os.makedirs(root, exist_ok=True)
    building = tempfile.mkdtemp(prefix="new-", dir=root)
    os.chmod(building, 0o755)
    for part in ("client", "site"):
        os.makedirs(os.path.join(building, part))
    shutil.copyfile(os.path.join(BOOTSTRAP, "launch.py"), os.path.join(building, "launch.py"))
    for name in _CLIENT:
        _link(name, os.path.join(building, "client"), needed=name == "awslambdaric")
    for name in _SITE:
        _link(name, os.path.join(building, "site"))
    own = os.path.join(building, "client", "runtime_client.py")
    shutil.copyfile(os.path.join(BOOTSTRAP, "runtime_client.py"), own)
    try:
        os.rename(building, directory)
    except OSError:
        # Several workers start at once: another one's was ready first.
        shutil.rmtree(building)
        if not os.path.isdir(directory):
            raise
    return directory


def _link(name: str, directory: str, *, needed: bool = False) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin:
        if needed:
            raise InvalidRuntimeException(f"The package {name} is not installed beside the emulator.")
        return
    origin = os.path.dirname(spec.origin) if spec.submodule_search_locations else spec.origin
    os.symlink(origin, os.path.join(directory, os.path.basename(origin)))
