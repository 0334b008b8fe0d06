"""Settings: what the user may set, read once at start, frozen.

Belongs here: the values and their defaults. Never here: reading the command line, the environment or files
(``tap.py`` does).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Factory, frozen


@frozen(kw_only=True)
class ServiceEndpoint:
    """A real server that stands in for one AWS service (``[services.dynamodb] endpoint = "http://…"``)."""

    endpoint: str


@frozen(kw_only=True)
class Settings:
    """All settings of one emulator. Sizes in bytes, times in seconds unless the name says otherwise."""

    listen: tuple[str, ...] = ("tcp:4566:interface=127.0.0.1",)
    region: str = "us-east-1"
    account_id: str = "000000000000"
    state_dir: str = ""  # absolute; the caller makes (and removes) a temporary one when empty
    provider: str = "next_gen"  # or "legacy": control plane only (PROVIDER_OVERRIDE_APIGATEWAY)
    disable_custom_cors: bool = False  # DISABLE_CUSTOM_CORS_APIGATEWAY
    allowed_origins: tuple[str, ...] = ()  # beside loopback origins, for the control plane
    allowed_hosts: tuple[str, ...] = ()  # beside loopback names and AWS's, against DNS rebinding
    trusted_proxies: tuple[str, ...] = ()  # CIDRs whose X-Forwarded-For is believed
    iam: str = "enforce"  # or "sign-only", "off": for methods that say AWS_IAM
    geo_header: str = "CloudFront-Viewer-Country"  # where WAF's geo statements read the country
    services: Mapping[str, ServiceEndpoint] = Factory(dict)  # by AWS service id, e.g. "dynamodb"
    issuers: Mapping[str, str] = Factory(dict)  # issuer URL -> JWKS URL or file, for Cognito/JWT authorizers
    vpc_link_endpoints: Mapping[str, str] = Factory(dict)  # VPC link id or name or target ARN -> http(s)://host:port
    strict_runtimes: bool = False
    interpreters: Mapping[str, str] = Factory(dict)  # "python3.12" -> path
    node_modules: tuple[str, ...] = ()  # directories with @aws-sdk/* and the like, for Node.js functions
    lambda_concurrency: int = 0  # worker processes at most; 0 = 2 x cores, and more where calls wait
    lambda_idle_seconds: float = 300.0
