"""Function code and layers on disk: unpacked once per archive, shared by workers, removed when nobody needs them.

Belongs here: zip archives in, directories out, and their counting. Never here: which function needs which.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime.functions import (
    Function,
    InvalidZipFileException,
    LambdaError,
    ServiceException,
)

MAX_UNZIPPED = 262_144_000  # AWS's limit, layers included
_CHUNK = 1 << 20


@frozen
class Unpacked:
    """Where a function's code is: what /var/task and /opt are on AWS."""

    task_root: str
    opt_root: str


@define(eq=False)
class _Directory:
    path: str
    users: int = 0
    ready: bool = False
    failure: Failure | None = None
    waiting: list[Deferred[None]] = field(factory=list)


class CodeStore:
    """Unpacks archives below one directory, off the reactor."""

    def __init__(self, effects: Effects, root: str) -> None:
        self._effects = effects
        self._root = root
        self._directories: dict[str, _Directory] = {}
        self._made = 0
        self._removals: set[Deferred[None]] = set()

    async def acquire(self, function: Function) -> Unpacked:
        """Unpack what is not unpacked yet. Each ``acquire`` that returned is given back by one ``release``.

        Raises InvalidZipFileException for what is no archive; ServiceException when the disk is full.
        """
        task_key, opt_key = _keys(function)
        task = await self._directory(task_key, [function.code])
        try:
            opt = await self._directory(opt_key, [each.code for each in function.layers])
        except LambdaError:
            self._drop(task_key)
            raise
        return Unpacked(task, opt)

    def release(self, function: Function) -> None:
        """One user less; the last one's directories are removed."""
        for key in _keys(function):
            self._drop(key)

    async def settled(self) -> None:
        """Fires when what is being removed is gone."""
        for removal in list(self._removals):
            await removal

    async def _directory(self, key: str, archives: Sequence[bytes]) -> str:
        entry = self._directories.get(key)
        if entry is None:
            self._made += 1
            entry = self._directories[key] = _Directory(os.path.join(self._root, f"{key}-{self._made}"))
            self._effects.in_thread(unpack, archives, entry.path).addBoth(self._unpacked, key, entry)
        entry.users += 1
        if not entry.ready and entry.failure is None:
            waiter: Deferred[None] = Deferred()
            entry.waiting.append(waiter)
            await waiter
        if entry.failure is not None:
            entry.failure.raiseException()
        return entry.path

    def _unpacked(self, result: object, key: str, entry: _Directory) -> None:
        if isinstance(result, Failure):
            # Not kept: the next call tries again, there may be room on the disk by then.
            entry.failure = result
            self._directories.pop(key, None)
        entry.ready = entry.failure is None
        waiting, entry.waiting = entry.waiting, []
        for waiter in waiting:
            waiter.callback(None)

    def _drop(self, key: str) -> None:
        entry = self._directories.get(key)
        if entry is None:
            return
        entry.users -= 1
        if entry.users <= 0:
            del self._directories[key]
            removal = self._effects.in_thread(shutil.rmtree, entry.path, True)
            self._removals.add(removal)
            removal.addBoth(lambda _: self._removals.discard(removal))


def _keys(function: Function) -> tuple[str, str]:
    code = function.code_sha256 or hashlib.sha256(function.code).hexdigest()
    layers = "+".join(each.code_sha256 or hashlib.sha256(each.code).hexdigest() for each in function.layers)
    return f"task-{_name(code)}", f"opt-{_name(layers)}"


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def unpack(archives: Sequence[bytes], path: str) -> str:
    """Unpack the archives over each other into ``path`` (blocking); the later ones win, as with layers."""
    try:
        os.makedirs(path, mode=0o755)
        budget = MAX_UNZIPPED
        for archive in archives:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                for member in opened.infolist():
                    budget -= _place(opened, member, path, budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(path, ignore_errors=True)
        raise InvalidZipFileException(f"Lambda could not unzip the deployment package: {error}") from error
    except InvalidZipFileException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise ServiceException(f"The function's code could not be written: {error.strerror or error}") from error
    return path


def _place(opened: zipfile.ZipFile, member: zipfile.ZipInfo, root: str, budget: int) -> int:
    """Write one member with its mode bits; the bytes it took. Members that would leave ``root`` are refused."""
    target = os.path.normpath(os.path.join(root, member.filename))
    if target != root and not target.startswith(root + os.sep):
        raise InvalidZipFileException(f"The deployment package has a path outside of itself: {member.filename}")
    _no_links(root, os.path.dirname(target), member.filename)
    if member.is_dir():
        os.makedirs(target, exist_ok=True)
        return 0
    mode = member.external_attr >> 16
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target) and not os.path.isdir(target):
        os.unlink(target)
    if stat.S_ISLNK(mode):
        link = opened.read(member).decode()
        inside = os.path.normpath(os.path.join(os.path.dirname(target), link))
        if os.path.isabs(link) or not (inside == root or inside.startswith(root + os.sep)):
            raise InvalidZipFileException(f"The deployment package links outside of itself: {member.filename}")
        os.symlink(link, target)
        return len(link)
    return _copy(opened, member, target, stat.S_IMODE(mode) or _default_mode(member.filename), budget)


def _no_links(root: str, directory: str, name: str) -> None:
    """Refuse to write through a symbolic link that an earlier member made."""
    while directory != root and directory.startswith(root):
        if os.path.islink(directory):
            raise InvalidZipFileException(f"The deployment package writes through a link: {name}")
        directory = os.path.dirname(directory)


def _copy(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: str, mode: int, budget: int) -> int:
    written = 0
    with opened.open(member) as source, open(target, "wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > budget:
                raise InvalidZipFileException(f"Unzipped size must be smaller than {MAX_UNZIPPED} bytes")
            out.write(chunk)
        os.fchmod(out.fileno(), mode | stat.S_IRUSR)
    return written


def _default_mode(name: str) -> int:
    # Archives made on Windows carry no mode; AWS makes a bootstrap executable all the same.
    return 0o755 if os.path.basename(name) == "bootstrap" else 0o644
