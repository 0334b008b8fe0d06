"""Firewall: the web ACL associated with the stage.

Belongs here: the stage: finding and compiling the web ACL, asking it, and what its verdict does to the request.
Never here: rules (``waf/``), or where web ACLs are kept (``services/waf_directory.py``).

AWS page: "Use AWS WAF to protect your REST APIs in API Gateway": the firewall comes before everything else; a request
it blocks is answered WAF_FILTERED.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from emulator.errors import GatewayError
from emulator.execute_api.authorize_source import source_ip
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.waf.rates import Rates
from emulator.execute_api.waf.seen import Seen
from emulator.execute_api.waf.web_acl import Verdict, WebAcl, compile_web_acl
from emulator.wire import Headers, Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

log = Logger()

MAX_ACLS = 256
# What a client that has solved no puzzle yet gets; the emulator hands out no puzzles, so nobody ever has.
_PUZZLES = {"Captcha": (405, "captcha"), "Challenge": (202, "challenge")}


class WebAcls:
    """The compiled web ACLs of a Gateway, by ARN; one is compiled anew when its lock token has changed."""

    def __init__(self, directory: Any) -> None:
        self._directory = directory
        self._compiled: OrderedDict[str, tuple[str, WebAcl | ValueError]] = OrderedDict()
        self._rates: dict[str, Rates] = {}

    def get(self, arn: str) -> WebAcl | ValueError | None:
        """The web ACL; None when there is no such; the reason when it cannot be compiled."""
        token = self._directory.lock_token(arn)
        if token is None:
            return None
        known = self._compiled.get(arn)
        if known is None or known[0] != token:
            known = self._compiled[arn] = (token, self._compile(arn))
            if len(self._compiled) > MAX_ACLS:
                self._compiled.popitem(last=False)
        return known[1]

    def _compile(self, arn: str) -> WebAcl | ValueError:
        def rates(path: str) -> Rates:
            # Counters outlive a change of the web ACL.
            return self._rates.setdefault(arn + path, Rates())

        record = self._directory.record(arn)
        if record is None:
            return ValueError("the web ACL does not exist")
        try:
            web_acl = compile_web_acl(record, self._directory, rates)
        except (ValueError, KeyError) as problem:
            log.error("the web ACL {arn} cannot be used: {problem}", arn=arn, problem=str(problem))
            return ValueError(str(problem))
        for note in web_acl.not_evaluated:
            log.warn("{note}, in the web ACL {arn}", note=note, arn=arn)
        return web_acl


async def firewall(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``waf``; end the request if the stage's web ACL says so."""
    arn = invocation.stage.record.get("webAclArn")
    if not arn or gateway.waf_directory is None:
        invocation.waf = {}
        return
    acls: WebAcls | None = gateway.memo.get("web ACLs")
    if acls is None:
        acls = gateway.memo["web ACLs"] = WebAcls(gateway.waf_directory)
    web_acl = acls.get(arn)
    if web_acl is None:
        if gateway.memo.get("missing web ACL") != arn:
            gateway.memo["missing web ACL"] = arn
            log.warn("the web ACL {arn} does not exist: nothing is filtered", arn=arn)
        invocation.waf = {"status": 200, "latency": 0, "webAclArn": arn, "error": "The web ACL does not exist"}
        return
    if isinstance(web_acl, ValueError):
        invocation.waf = {"status": 500, "latency": 0, "webAclArn": arn, "error": str(web_acl)}
        raise GatewayError("DEFAULT_5XX", status=500, log=f"WAF evaluation failed: {web_acl}")
    seen = _seen(invocation, gateway)
    verdict = web_acl.evaluate(seen)
    if invocation.log is not None:
        invocation.log.extend(seen.notes)
    _carry_out(invocation, verdict, arn)


def _seen(invocation: Invocation, gateway: Gateway) -> Seen:
    request = invocation.request
    country = request.headers.last(gateway.settings.geo_header)
    return Seen(
        method=request.method,
        path=invocation.request_path.encode("utf-8", "surrogatepass"),
        query=request.raw_query,
        headers=request.headers,
        body=request.body,
        source_ip=source_ip(invocation, gateway),
        country=country.strip().upper() if country else None,
        now=gateway.effects.clock.seconds(),
    )


def _carry_out(invocation: Invocation, verdict: Verdict, arn: str) -> None:
    allowed = verdict.action.name in ("Allow", "Count")
    invocation.waf = {
        "status": 200,
        "latency": 0,
        "webAclArn": arn,
        "wafResponseCode": "WAF_ALLOW" if allowed else "WAF_BLOCK",
    }
    if allowed:
        for name, value in verdict.inserted:
            invocation.request.headers.set(name, value)
        return
    if invocation.log is not None:
        invocation.log.append(f"Request blocked by WAF, rule {verdict.rule or '(default action)'}")
    puzzle = _PUZZLES.get(verdict.action.name)
    custom = verdict.action.custom
    if puzzle is not None:
        status, word = puzzle
        invocation.reply = Response(status=status, headers=Headers([("x-amzn-waf-action", word)]))
    elif custom is not None:
        headers = Headers(custom.headers)
        if custom.content_type is not None:
            headers.set("Content-Type", custom.content_type)
        invocation.reply = Response(status=custom.status, headers=headers, body=custom.body)
    else:
        raise GatewayError("WAF_FILTERED")
