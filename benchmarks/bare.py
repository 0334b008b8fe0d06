"""What the emulator is compared with: a bare twisted.web resource, a bare treq proxy, and the backend both proxies ask.

Run as ``python bare.py resource|proxy|backend [backend URL]``; prints the port it listens on.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import endpoints, reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

BODY = b'{"message": "hello", "padding": "' + b"x" * 60 + b'"}'


class Plain(Resource):
    isLeaf = True

    def render(self, request: Any) -> bytes:
        request.setHeader(b"Content-Type", b"application/json")
        return BODY


class Proxy(Resource):
    isLeaf = True

    def __init__(self, backend: str) -> None:
        super().__init__()
        import treq
        from treq.client import HTTPClient
        from twisted.web.client import Agent, HTTPConnectionPool

        self._content = treq.content
        self._backend = backend
        pool = HTTPConnectionPool(reactor)
        pool.maxPersistentPerHost = 100
        self._client = HTTPClient(Agent(reactor, pool=pool))

    def render(self, request: Any) -> Any:
        async def serve() -> None:
            answer = await self._client.request("GET", self._backend)
            body = await self._content(answer)
            request.setResponseCode(answer.code)
            request.setHeader(b"Content-Type", b"application/json")
            request.setHeader(b"Content-Length", b"%d" % len(body))
            request.write(body)
            request.finish()

        from twisted.internet.defer import ensureDeferred

        ensureDeferred(serve())
        return NOT_DONE_YET


class Canned(Protocol):
    """The cheapest backend there is."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(self.ANSWER * data.count(b"\r\n\r\n"))


def main() -> None:
    kind = sys.argv[1]
    if kind == "resource":
        factory: Any = Site(Plain())
    elif kind == "proxy":
        factory = Site(Proxy(sys.argv[2]))
    else:
        factory = Factory.forProtocol(Canned)
    factory.noisy = False
    listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(factory)
    listening.addCallback(lambda port: print(port.getHost().port, flush=True))
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
