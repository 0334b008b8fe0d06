"""Which AWS service, account and region a request is for: by its signature, headers, path and host.

Belongs here: recognising. Never here: moto, or what becomes of the request. ``service`` is AWS's signing name
(``lambda``, ``states``, ``monitoring``); an apigateway request under ``/v2`` is ``apigatewayv2``.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from attrs import frozen

from emulator.wire import Headers, Request

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_SIG_V2 = re.compile(r"^AWS ([^:]+):")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_REGION_LABEL = r"(?:[a-z]{2}(?:-[a-z]+)+-\d)"

# X-Amz-Target: the part before the last dot (without a version's tail) names the service.
_TARGETS = {
    "AmazonSQS": "sqs",
    "AWSStepFunctions": "states",
    "AmazonSSM": "ssm",
    "DynamoDB": "dynamodb",
    "DynamoDBStreams": "dynamodb",
    "Kinesis": "kinesis",
    "Firehose": "firehose",
    "AWSEvents": "events",
    "AmazonEventBridge": "events",
    "Logs": "logs",
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
    "secretsmanager": "secretsmanager",
    "TrentService": "kms",
    "AWSWAF": "wafv2",
    "CloudTrail": "cloudtrail",
    "CertificateManager": "acm",
    "ACMPrivateCA": "acm-pca",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonEC2ContainerRegistry": "ecr",
    "ResourceGroupsTaggingAPI": "tagging",
    "GraniteServiceVersion20100801": "monitoring",
    "AWSGlue": "glue",
    "AmazonAthena": "athena",
    "StarlingDoveService": "config",
    "AWSOrganizationsV20161128": "organizations",
    "Route53Resolver": "route53resolver",
    "AWSServiceCatalog242ServiceDiscoveryService": "servicediscovery",
    "Route53AutoNaming": "servicediscovery",
    "AWSBudgetServiceGateway": "budgets",
    "SageMaker": "sagemaker",
    "Transcribe": "transcribe",
    "Textract": "textract",
    "Comprehend": "comprehend",
    "RekognitionService": "rekognition",
    "AnyScaleFrontendService": "application-autoscaling",
    "CodeBuild": "codebuild",
    "CodePipeline": "codepipeline",
    "CodeCommit": "codecommit",
}
# The Version parameter of the query protocols.
_VERSIONS = {
    "2012-11-05": "sqs",
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2011-06-15": "sts",
    "2010-05-15": "cloudformation",
    "2010-08-01": "monitoring",
    "2016-11-15": "ec2",
    "2015-12-01": "elasticloadbalancing",
    "2012-06-01": "elasticloadbalancing",
    "2014-10-31": "rds",
    "2010-12-01": "email",
    "2011-01-01": "autoscaling",
    "2009-04-15": "sdb",
    "2015-02-02": "elasticache",
    "2012-12-01": "redshift",
}
_ACTIONS = {"AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts"}
_APIGATEWAY = (
    "restapis|apikeys|usageplans|domainnames|vpclinks|clientcertificates|account|sdktypes|tags|"
    "domainnameaccessassociations|rejectdomainnameaccessassociations"
)
# Paths of the REST protocols that no bucket of S3 is likely to have.
_PATHS = tuple(
    (re.compile(pattern), service)
    for pattern, service in (
        (r"/v2/(?:apis|domainnames|vpclinks|tags)(?:/|$)", "apigatewayv2"),
        (rf"/(?:restapis)(?:/|$)|/(?:{_APIGATEWAY.replace('account|', '')})(?:/|$)|/account$", "apigateway"),
        (
            r"/20\d\d-\d\d-\d\d/(?:functions|event-source-mappings|layers|account-settings|tags|"
            r"code-signing-configs)(?:/|$)",
            "lambda",
        ),
        (r"/2013-04-01/(?:hostedzone|healthcheck|change|geolocation|delegationset|tags)", "route53"),
        (r"/20(?:19-03-26|20-05-31)/", "cloudfront"),
        (r"/v20180820/", "s3-control"),
        (r"/TraceSegments$|/TraceSummaries$|/Traces$|/ServiceGraph$", "xray"),
        (r"/[^/]+/\.well-known/(?:jwks\.json|openid-configuration)/?$", "cognito-idp"),
        (r"/oauth2/(?:token|authorize)$", "cognito-idp"),
    )
)
_QUEUE_PATH = re.compile(r"/(?:queue/[^/]+/)?(\d{12})/[A-Za-z0-9_.-]+$")
_LOCAL = r"(?:amazonaws\.com(?:\.cn)?|localhost|localhost\.localstack\.cloud)"
_SERVICE_HOST = re.compile(rf"^(?:[^.]+\.)?([a-z0-9-]+)\.({_REGION_LABEL})\.{_LOCAL}(?::\d+)?$")
_GLOBAL_HOST = re.compile(rf"^(iam|sts|route53|cloudfront|budgets|organizations)\.{_LOCAL}(?::\d+)?$")
_BUCKET_HOST = re.compile(rf"^(?:(.+)\.)?s3(?:[.-]({_REGION_LABEL}))?\.{_LOCAL}(?::\d+)?$")


@frozen
class Scope:
    """What a request's signature names."""

    access_key: str
    region: str
    service: str


@frozen
class Target:
    """Whom a request is for. ``signed`` tells a signature's word from a guess."""

    service: str
    account: str
    region: str
    access_key: str = ""
    signed: bool = False


def scope_of(headers: Headers, raw_query: bytes) -> Scope | None:
    """The scope of a SigV4 signature in the Authorization header or the query; None without one."""
    found = None
    authorization = headers.first("authorization")
    if authorization is not None:
        found = _CREDENTIAL.search(authorization)
    if found is None and b"X-Amz-Credential=" in raw_query:
        found = _CREDENTIAL.search(unquote(raw_query.decode("latin-1")).replace("X-Amz-Credential=", "Credential="))
    if found is None:
        return None
    return Scope(access_key=found[1], region=found[3], service=found[4])


def locate(request: Request, account: str, region: str) -> Target:
    """The service, account and region of ``request``; ``account`` and ``region`` are the defaults."""
    scope = scope_of(request.headers, request.raw_query)
    path = request.raw_path.decode("latin-1")
    if scope is not None:
        service = scope.service.lower()
        if service == "apigateway" and (path.startswith("/v2/") or path == "/v2"):
            service = "apigatewayv2"
        return Target(
            service=service,
            account=_account(scope.access_key, account),
            region=scope.region if _REGION.fullmatch(scope.region) else region,
            access_key=scope.access_key,
            signed=True,
        )
    host = request.host.lower()
    on_host = _SERVICE_HOST.match(host)
    key = _sig_v2_key(request)
    owner = _account(key, account)
    service = _by_target(request) or _by_action(request) or _by_path(path)
    named_region = on_host[2] if on_host else region
    if not service:
        service = _by_host(host, on_host)
    if not service and (queue := _QUEUE_PATH.match(path)) and _parameter(request, "Action"):
        service, owner = "sqs", queue[1]
    return Target(service=service or "s3", account=owner, region=named_region, access_key=key)


def _account(access_key: str, default: str) -> str:
    """An access key of twelve digits names the account."""
    return access_key if _ACCOUNT.fullmatch(access_key) else default


def _sig_v2_key(request: Request) -> str:
    authorization = request.headers.first("authorization") or ""
    found = _SIG_V2.match(authorization)
    return found[1] if found else ""


def _by_target(request: Request) -> str:
    target = request.headers.first("x-amz-target")
    if target is None:
        return ""
    prefix = target.rpartition(".")[0].rpartition(".")[2] or target
    return _TARGETS.get(prefix) or _TARGETS.get(prefix.split("_", 1)[0], "")


def _by_action(request: Request) -> str:
    action = _parameter(request, "Action")
    if not action:
        return ""
    return _ACTIONS.get(action) or _VERSIONS.get(_parameter(request, "Version"), "")


def _parameter(request: Request, name: str) -> str:
    """A parameter of the query protocols: in the query, or in a form of at most 1 MiB."""
    raw = request.raw_query
    kind = request.headers.first("content-type") or ""
    if 0 < len(request.body) < 1 << 20 and kind.startswith("application/x-www-form-urlencoded"):
        raw = raw + b"&" + request.body if raw else request.body
    if f"{name}=".encode() not in raw:
        return ""
    values = parse_qs(raw.decode("latin-1")).get(name)
    return values[0] if values else ""


def _by_path(path: str) -> str:
    for pattern, service in _PATHS:
        if pattern.match(path):
            return service
    return ""


def _by_host(host: str, on_host: re.Match[str] | None) -> str:
    if _BUCKET_HOST.match(host):
        return "s3"
    if ".lambda-url." in host:
        return "lambda-url"  # function URLs are none of our services, and no bucket either
    if on_host:
        return on_host[1]
    everywhere = _GLOBAL_HOST.match(host)
    return everywhere[1] if everywhere else ""


def bucket_of_host(host: str) -> str:
    """The bucket a virtual host of S3 names; empty for path style."""
    found = _BUCKET_HOST.match(host.lower())
    return (found[1] or "") if found else ""
