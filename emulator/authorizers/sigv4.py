"""Signature Version 4: who signed a request, or why nobody did.

Belongs here: taking the signature apart, the canonical request (botocore's), comparing. Never here: where secrets come
from (a look-up is handed in), or what the signer may do (``iam``).

AWS pages: "Signature Version 4 for API requests", "Troubleshoot signed requests". The texts are AWS's, as its services
print them. Signatures live five minutes either way; SigV4a (``AWS4-ECDSA-P256-SHA256``) is refused by name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Protocol, TypeVar
from urllib.parse import quote, unquote

from attrs import frozen
from botocore.auth import SigV4Auth

from emulator.errors import GatewayError
from emulator.wire import Request, decode

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = 300
MAX_EXPIRES = 604800
_DATE = re.compile(r"\d{8}T\d{6}Z")
_AS_SDKS_WRITE_IT = re.compile(ALGORITHM + r" Credential=([^=,\s]+), ?SignedHeaders=([^=,\s]+),")
_NO_BODY = hashlib.sha256(b"").hexdigest()
_QUERY = {
    "X-Amz-Algorithm": "algorithm",
    "X-Amz-Credential": "credential",
    "X-Amz-Date": "date",
    "X-Amz-SignedHeaders": "signed_headers",
    "X-Amz-Signature": "signature",
}


class Secret(Protocol):
    """What a look-up answers for an access key."""

    @property
    def secret(self) -> str: ...

    @property
    def session_token(self) -> str | None: ...

    @property
    def expires(self) -> float | None: ...


S = TypeVar("S", bound=Secret)


@frozen
class Scope:
    """What a client's signatures have in common all day: the credential's parts, and the headers it signs."""

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: str  # as the canonical request has them: in lower case, with semicolons
    names: tuple[str, ...]  # of the headers, each once and sorted


@frozen
class Signature:
    """A signature taken apart. ``expires`` is how long it lives, in seconds; ``date`` as ``20231114T221320Z``."""

    scope: Scope
    date: str
    signature: str
    token: str | None
    expires: int
    in_query: bool


def missing() -> GatewayError:
    """No signature at all."""
    return GatewayError("MISSING_AUTHENTICATION_TOKEN")


def _incomplete(message: str) -> GatewayError:
    return GatewayError("DEFAULT_4XX", message, status=403, error_type="IncompleteSignatureException")


def _invalid(message: str) -> GatewayError:
    return GatewayError("INVALID_SIGNATURE", message)


def unknown_key() -> GatewayError:
    """A key nobody has, an inactive one, or a session's without its token."""
    return GatewayError(
        "DEFAULT_4XX",
        "The security token included in the request is invalid.",
        status=403,
        error_type="UnrecognizedClientException",
    )


def verify(request: Request, region: str, now: float, look_up: Callable[[str], S | None]) -> tuple[Signature, S]:
    """The signature and whom its key belongs to. Raises the GatewayError AWS answers for whatever is wrong with it.

    ``now`` in seconds since the epoch; ``region`` the API's.
    """
    signature = take_apart(request)
    _check_scope(signature.scope, region)
    _check_date(signature, now)
    holder = look_up(signature.scope.access_key)
    if holder is None or (holder.session_token or None) != (signature.token or None):
        raise unknown_key()
    if holder.expires is not None and holder.expires <= now:
        raise GatewayError("EXPIRED_TOKEN", "The security token included in the request is expired")
    first: tuple[str, str] | None = None
    for query in _canonical_queries(request.raw_query):
        canonical = _canonical_request(request, signature, query)
        to_sign = _string_to_sign(signature, canonical)
        expected = _sign(holder.secret, signature.scope, to_sign)
        if hmac.compare_digest(expected.encode(), signature.signature.encode("utf-8", "replace")):
            return signature, holder
        first = first or (canonical, to_sign)
    assert first is not None
    raise _invalid(_mismatch(*first))


def is_signed(request: Request) -> bool:
    """Whether the request carries anything that could be a signature."""
    return "authorization" in request.headers or b"X-Amz-Algorithm=" in request.raw_query


def take_apart(request: Request) -> Signature:
    """The parts of the signature, from the header or the query."""
    header = request.headers.first("authorization")
    if header is not None and header.strip():
        return _from_header(request, header.strip())
    query = _query(request.raw_query)
    if any(name in query for name in _QUERY):
        return _from_query(query)
    raise missing()


# The Authorization header ------------------------------------------------------------


def _from_header(request: Request, header: str) -> Signature:
    common, found, signature = header.rpartition(" Signature=")
    date = _header_date(request)
    if found and date is not None and signature.isalnum():
        pieces = _common(common)
        if pieces is not None:
            return _signature(*pieces, date, signature, request.headers.last("x-amz-security-token"))
    return _from_pieces(request, header, date)


@lru_cache(maxsize=1024)
def _common(text: str) -> tuple[str, str] | None:
    """Credential and signed headers of an Authorization header up to its signature; None: it is not as SDKs write it.

    The text is the same for all of a client's requests of a day.
    """
    found = _AS_SDKS_WRITE_IT.fullmatch(text)
    return None if found is None else (found[1], found[2])


def _from_pieces(request: Request, header: str, date: str | None) -> Signature:
    """The header in whatever order it comes, or what AWS says is wrong with it."""
    algorithm, _, rest = header.partition(" ")
    parts: dict[str, str] = {}
    for piece in rest.replace(",", " ").split():
        name, equals, value = piece.partition("=")
        if not equals:
            raise _incomplete(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded "
                f"with Base64): '{_hashed(header)}'."
            )
        parts[name] = value
    if algorithm != ALGORITHM and algorithm.startswith("AWS4"):
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    problems = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if date is None:
        problems.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if problems or date is None:
        problems.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(header)}")
        raise _incomplete(" ".join(problems))
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    token = request.headers.last("x-amz-security-token")
    return _signature(parts["Credential"], parts["SignedHeaders"], date, parts["Signature"], token)


def _hashed(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()).decode()


def _header_date(request: Request) -> str | None:
    """The request's time in ISO's basic format; a ``Date`` in HTTP's own format is turned into that."""
    date = request.headers.last("x-amz-date")
    if date is not None:
        return date.strip()
    date = request.headers.last("date")
    if date is None or _DATE.fullmatch(date.strip()):
        return date and date.strip()
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except ValueError:
        return date


# The query -------------------------------------------------------------------------------


def _query(raw: bytes) -> dict[str, str]:
    parts: dict[str, str] = {}
    for pair in raw.split(b"&"):
        name, _, value = pair.partition(b"=")
        parts[unquote(decode(name))] = unquote(decode(value))
    return parts


def _from_query(query: Mapping[str, str]) -> Signature:
    lacking = [f"AWS query-string parameters must include '{name}'." for name in _QUERY if not query.get(name)]
    if lacking:
        raise _incomplete(" ".join([*lacking, "Re-examine the query-string parameters."]))
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{query['X-Amz-Algorithm']}'.")
    expires = query.get("X-Amz-Expires")
    if expires is not None and not (expires.isascii() and expires.isdigit() and int(expires) <= MAX_EXPIRES):
        raise _incomplete("X-Amz-Expires must be a number between 0 and 604800 seconds")
    return _signature(
        query["X-Amz-Credential"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Date"],
        query["X-Amz-Signature"],
        query.get("X-Amz-Security-Token"),
        SKEW if expires is None else int(expires),
        in_query=True,
    )


# Both ------------------------------------------------------------------------------------


def _signature(
    credential: str,
    headers: str,
    date: str,
    signature: str,
    token: str | None,
    expires: int = SKEW,
    in_query: bool = False,
) -> Signature:
    if credential.count("/") != 4:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
    if not _DATE.fullmatch(date):
        raise _undated(date)
    scope = _scope(credential, headers)
    if scope.day != date[:8]:
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.day}' != '{date[:8]}', from '{date}'."
        )
    if "host" not in scope.names:
        raise _invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    return Signature(scope, date, signature, token, expires, in_query)


@lru_cache(maxsize=1024)
def _scope(credential: str, headers: str) -> Scope:
    access_key, day, region, service, term = credential.split("/")
    if term != "aws4_request":
        raise _invalid(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{term}'.")
    lowered = headers.lower()
    return Scope(access_key, day, region, service, lowered, tuple(sorted(set(lowered.split(";")))))


def _undated(date: str) -> GatewayError:
    return _incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


def _check_scope(scope: Scope, region: str) -> None:
    problem = ""
    if scope.region != region:
        problem += "Credential should be scoped to a valid region. "
    if scope.service != "execute-api":
        problem += "Credential should be scoped to correct service: 'execute-api'. "
    if problem:
        raise _invalid(problem)


@lru_cache(maxsize=64)
def _seconds(date: str) -> float:
    """Since the epoch; many requests share a second. Raises ValueError."""
    day = (int(date[:4]), int(date[4:6]), int(date[6:8]))
    return datetime(*day, int(date[9:11]), int(date[11:13]), int(date[13:15]), tzinfo=UTC).timestamp()


def _check_date(signature: Signature, now: float) -> None:
    try:
        signed = _seconds(signature.date)
    except ValueError:
        raise _undated(signature.date) from None
    if signed + max(signature.expires, SKEW if not signature.in_query else 0) < now:
        minutes = f"{signature.expires // 60} min." if signature.expires % 60 == 0 else f"{signature.expires} sec."
        raise _invalid(
            f"Signature expired: {signature.date} is now earlier than {_basic(now - signature.expires)} "
            f"({_basic(now)} - {minutes})"
        )
    if signed > now + SKEW:
        raise _invalid(
            f"Signature not yet current: {signature.date} is still later than {_basic(now + SKEW)} "
            f"({_basic(now)} + 5 min.)"
        )


def _basic(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


# The canonical request -------------------------------------------------------------------


class _Signer(SigV4Auth):
    """botocore's pieces of the canonical request, over exactly the headers the caller signed."""

    def __init__(self) -> None:
        super().__init__(None, "execute-api", "")

    def assemble(self, request: Request, scope: Scope, query: str) -> str:
        read, shown = request.headers.all, self._header_value
        headers = "".join([f"{name}:{','.join(map(shown, read(name)))}\n" for name in scope.names])
        path = _canonical_path(decode(request.raw_path) or "/")
        body = _payload_hash(request)
        return f"{request.method.upper()}\n{path}\n{query}\n{headers}\n{scope.signed_headers}\n{body}"


_SIGNER = _Signer()


@lru_cache(maxsize=256)
def _canonical_path(path: str) -> str:
    return str(_SIGNER._normalize_url_path(path))


def _canonical_request(request: Request, signature: Signature, query: str) -> str:
    return _SIGNER.assemble(request, signature.scope, query)


def _payload_hash(request: Request) -> str:
    """The body's hash, unless the caller said that it is not signed, or signed in chunks."""
    claimed = request.headers.last("x-amz-content-sha256")
    if claimed is not None and (claimed == "UNSIGNED-PAYLOAD" or claimed.startswith("STREAMING-")):
        return claimed
    return hashlib.sha256(request.body).hexdigest() if request.body else _NO_BODY


def _canonical_queries(raw: bytes) -> list[str]:
    """The query as canonical texts: by the rules, and as it stands on the wire (what some SDKs sign)."""
    if not raw:
        return [""]
    pairs = [pair.partition("=")[::2] for pair in decode(raw).split("&") if pair]
    pairs = [pair for pair in pairs if unquote(pair[0]) != "X-Amz-Signature"]
    by_rule = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    texts = ["&".join(f"{name}={value}" for name, value in each) for each in (by_rule, sorted(pairs))]
    return texts if texts[0] != texts[1] else texts[:1]


def _encoded(part: str) -> str:
    return quote(unquote(part), safe="-_.~")


def _string_to_sign(signature: Signature, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    scope = signature.scope
    return f"{ALGORITHM}\n{signature.date}\n{scope.day}/{scope.region}/{scope.service}/aws4_request\n{digest}"


def _sign(secret: str, scope: Scope, to_sign: str) -> str:
    key = _signing_key(secret, scope.day, scope.region, scope.service)
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@lru_cache(maxsize=1024)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _mismatch(canonical: str, to_sign: str) -> str:
    return (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )
