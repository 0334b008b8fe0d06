"""What travels: headers, raw paths and queries, media types.

Belongs here: values and parsing shared by both planes. Never here: sockets, twisted.web, AWS's rules about which
header goes where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from attrs import Factory, frozen
from twisted.python.failure import Failure


class Headers:
    """Header lines in the order and spelling they came in, several of a name kept; look-ups ignore case.

    Names and values are ``str`` (latin-1 on the wire; UTF-8 where it decodes).
    """

    __slots__ = ("_index", "lines")

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self.lines: list[tuple[str, str]] = list(lines)
        self._index: dict[str, list[str]] | None = None

    def _by_name(self) -> dict[str, list[str]]:
        index = self._index
        if index is None:
            index = self._index = {}
            for name, value in self.lines:
                index.setdefault(name.lower(), []).append(value)
        return index

    def all(self, name: str) -> list[str]:
        """Every value of ``name``, in order; empty when there is none."""
        return list(self._by_name().get(name.lower(), ()))

    def first(self, name: str, default: str | None = None) -> str | None:
        values = self._by_name().get(name.lower())
        return values[0] if values else default

    def last(self, name: str, default: str | None = None) -> str | None:
        """The last value of ``name``: what API Gateway takes where it wants a single one."""
        values = self._by_name().get(name.lower())
        return values[-1] if values else default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.lines == other.lines

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self.lines!r})"

    def add(self, name: str, value: str) -> None:
        """One more line."""
        self.lines.append((name, value))
        self._index = None

    def set(self, name: str, value: str) -> None:
        """Replace every line of ``name`` by one, in place of the first."""
        lowered = name.lower()
        lines: list[tuple[str, str]] = []
        placed = False
        for line in self.lines:
            if line[0].lower() != lowered:
                lines.append(line)
            elif not placed:
                lines.append((name, value))
                placed = True
        if not placed:
            lines.append((name, value))
        self.lines = lines
        self._index = None

    def remove(self, name: str) -> None:
        lowered = name.lower()
        self.lines = [line for line in self.lines if line[0].lower() != lowered]
        self._index = None

    def copy(self) -> Headers:
        return Headers(self.lines)

    def single(self) -> dict[str, str]:
        """One value per name, the last one winning, under the spelling of the last line."""
        result: dict[str, str] = {}
        spelled: dict[str, str] = {}
        for name, value in self.lines:
            before = spelled.get(name.lower())
            if before is not None and before != name:
                del result[before]
            spelled[name.lower()] = name
            result[name] = value
        return result

    def multi(self) -> dict[str, list[str]]:
        """All values per name, under the spelling of the first line."""
        result: dict[str, list[str]] = {}
        spelled: dict[str, str] = {}
        for name, value in self.lines:
            result.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
        return result


def decode(raw: bytes) -> str:
    """Text of a header or query part: UTF-8 where it is, else latin-1, so that nothing is lost."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    """The query's parameters in order, decoded; blank values are kept, ``+`` is a space."""
    if not raw:
        return []
    pairs = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_unescape(name), _unescape(value)))
    return pairs


def _unescape(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    return decode(raw)


def media_type(content_type: str | None) -> str:
    """The MIME type of a Content-Type or of the first entry of an Accept, lower case, without parameters."""
    if not content_type:
        return ""
    return content_type.split(",", 1)[0].split(";", 1)[0].strip().lower()


class Stream(Protocol):
    """A body that is still coming, pulled by whoever relays it.

    ``start(write, done)``: ``write(bytes)`` is called for each part as it comes, ``done(failure_or_None)`` once.
    ``pause``/``resume`` give back-pressure; ``cancel`` drops the source.
    """

    def start(self, write: Callable[[bytes], Any], done: Callable[[Failure | None], Any]) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def cancel(self) -> None: ...


@frozen(kw_only=True)
class Request:
    """One HTTP request as it came, before anything is made of it."""

    method: str
    raw_path: bytes  # as on the request line, still escaped, without the query
    raw_query: bytes
    headers: Headers
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    scheme: str = "http"
    host: str = ""  # the Host header, with its port
    client_certificate: bytes | None = None  # PEM, under mutual TLS
    peer_port: int = 0
    truncated: bool = False  # the body was longer than the plane takes; it was dropped, and the answer is 413


@frozen(kw_only=True)
class Response:
    """One HTTP response, whole or with a stream for a body."""

    status: int
    headers: Headers = Factory(Headers)
    body: bytes = b""
    stream: Stream | None = None
