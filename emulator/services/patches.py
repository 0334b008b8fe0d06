"""moto, mended: each thing in one function, applied once before its service is first used.

Belongs here: changes to moto's own classes. Never here: Lambda's hooks (``lambda_api.py``), API Gateway's backend
(``store/moto_backend.py``), CloudFormation's types. Runs on the writer's thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define

from emulator.services.dynamodb_keys import mend_dynamodb_keys
from emulator.services.iam_sessions import mend_iam, mend_sts
from emulator.services.identity_pools import mend_identity_pools
from emulator.services.role_sessions import session_user
from emulator.services.user_pools import mend_user_pools
from emulator.services.waf_associations import mend_waf
from emulator.wire import Request


@define
class _Current:
    """What the request being dispatched needs to be known by moto's insides, and what they tell in return.

    ``role`` is the ARN of the role it is made for, if it is; ``request_id`` is made when something asks for it.
    """

    region: str = ""
    role: str = ""
    request: Request | None = None
    request_id: str = ""
    wait: float = 0.0


_current = _Current()


def begin(region: str, role: str = "", request: Request | None = None) -> None:
    """A request of ``region`` goes to moto now."""
    _current.region = region
    _current.role = role
    _current.request = request
    _current.request_id = ""
    _current.wait = 0.0


def end() -> float:
    """It came back: for how long its caller will wait for messages, when there were none."""
    _current.region = _current.role = ""
    _current.request = None
    return _current.wait


def apply_to_core(default_region: str, default_account: str = "000000000000") -> None:
    """What concerns every service."""
    from moto.core.common_models import BaseModel
    from moto.core.responses import BaseResponse

    if getattr(BaseResponse, "_emulator", False):
        return
    BaseResponse._emulator = True
    _forget_instances(BaseModel)
    _use_our_region(BaseResponse, default_region)
    _use_our_account(BaseResponse, default_account)
    _name_requests()


def apply_to_service(module: str) -> None:
    """What concerns one of moto's modules, just imported."""
    mend = _BY_MODULE.get(module)
    if mend is not None:
        mend()


def _forget_instances(base: Any) -> None:
    """moto keeps every model it ever made for its dashboard: memory that never comes back."""

    def make(cls: Any, *args: object, **kwargs: object) -> Any:
        return object.__new__(cls)

    base.__new__ = staticmethod(make)


def _use_our_region(response: Any, default_region: str) -> None:
    """moto believes the User-Agent before the signature; the front has already decided."""
    original = response.get_region_from_url

    def region(self: Any, request: Any, full_url: str) -> str:
        return _current.region or original(self, request, full_url)

    response.get_region_from_url = region
    response.default_region = default_region


def _use_our_account(response: Any, default_account: str) -> None:
    """Calls moto makes to itself through boto3 (Step Functions' tasks) name no account: they are for ours."""
    original = response.get_current_account

    def account(self: Any) -> str:
        found = str(original(self))
        return default_account if found == "123456789012" and "x-moto-account-id" not in self.headers else found

    response.get_current_account = account


def _name_requests() -> None:
    """Request ids are UUIDs, the same in the header and in the body; moto's are of no service's form."""
    from moto.core import responses, serialize
    from moto.moto_api._internal import mock_random

    def request_id(headers: dict[str, Any] | None = None) -> str:
        if not _current.request_id:
            _current.request_id = str(mock_random.uuid4())
        if headers is not None:
            headers["x-amzn-requestid"] = _current.request_id
        return _current.request_id

    def make(self: Any, given: str | None = None) -> None:
        self.request_id = given or request_id()

    responses.gen_amzn_requestid_long = request_id
    serialize.SerializationContext.__init__ = make


def _mend_sns() -> None:
    """A topic that is not there is called a topic."""
    from moto.sns.exceptions import SNSNotFoundError
    from moto.sns.models import SNSBackend

    if hasattr(SNSBackend, "_emulator"):
        return
    SNSBackend._emulator = True
    known = SNSBackend.get_endpoint

    def get_endpoint(self: Any, arn: str) -> Any:
        if ":endpoint/" not in arn:
            raise SNSNotFoundError("Topic does not exist")
        return known(self, arn)

    SNSBackend.get_endpoint = get_endpoint


def _mend_dynamodb() -> None:
    """UpdateItem without anything to update makes an item of its key; numbers are kept as DynamoDB writes them."""
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.responses import DynamoHandler

    from emulator.services.dynamodb_checks import plain_number

    if "_emulator" in vars(DynamoHandler):
        return
    DynamoHandler._emulator = True
    known = DynamoHandler.update_item

    def update_item(self: Any) -> Any:
        if self.body.get("UpdateExpression") is None and self.body.get("AttributeUpdates") is None:
            self.body["AttributeUpdates"] = {}
        return known(self)

    DynamoHandler.update_item = update_item
    make = DynamoType.__init__

    def init(self: Any, given: Any) -> None:
        make(self, given)
        if self.type == "N":
            self.value = plain_number(self.value)
        elif self.type == "NS":
            self.value = [plain_number(each) for each in self.value]

    DynamoType.__init__ = init
    mend_dynamodb_keys()


def _mend_kinesis() -> None:
    """Shard iterators are one line."""
    from moto.kinesis import models, utils

    if hasattr(utils, "_emulator"):
        return
    utils._emulator = True
    known = utils.compose_shard_iterator

    def compose_shard_iterator(*args: Any) -> str:
        return known(*args).replace("\n", "")

    utils.compose_shard_iterator = models.compose_shard_iterator = compose_shard_iterator


def _mend_sqs() -> None:
    from moto.sqs.models import Message, Queue, SQSBackend

    if getattr(SQSBackend, "_emulator", False):
        return
    SQSBackend._emulator = True
    receive = SQSBackend.receive_message

    def receive_message(self: Any, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any) -> Any:
        # Waiting here would hold the writer: the caller comes again instead.
        found = receive(self, queue_name, count, 0, *rest)
        _current.wait = 0.0 if found else float(wait_seconds_timeout or 0)
        return found

    SQSBackend.receive_message = receive_message
    set_attributes = Queue._set_attributes

    def _set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        # moto forgets the policy of a queue whenever another attribute is set.
        policy = getattr(self, "policy", None)
        set_attributes(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = policy

    Queue._set_attributes = _set_attributes
    Queue.attributes = property(_LazyAttributes)
    make = Message.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        if _current.role:
            _sent_by_role(self, _current.role, _current.request)

    Message.__init__ = init


def _sent_by_role(message: Any, role: str, request: Request | None) -> None:
    """A message of API Gateway's: its sender is the role's session, and it carries on the trace."""
    message.sender_id = session_user(role)
    trace = request.headers.last("x-amzn-trace-id") if request is not None else None
    if trace and "AWSTraceHeader" not in message.system_attributes:
        # Parent and Sampled are of the one who traces; without X-Ray only the root goes on.
        text = trace if "Sampled=1" in trace else trace.partition(";")[0]
        message.system_attributes = {
            **message.system_attributes, "AWSTraceHeader": {"StringValue": text, "DataType": "String"}
        }


class _LazyAttributes(dict[str, Any]):
    """A queue's attributes, computed when one is read: moto counted all messages on each send."""

    def __init__(self, queue: Any) -> None:
        super().__init__()
        self._queue = queue
        self._names = list(queue.BASE_ATTRIBUTES)
        if queue.fifo_queue:
            self._names += queue.FIFO_ATTRIBUTES
        if queue.kms_master_key_id:
            self._names += queue.KMS_ATTRIBUTES
        self._names += [name for name, value in (("Policy", queue.policy), ("RedrivePolicy", queue.redrive_policy))
                        if value]

    def __missing__(self, name: str) -> Any:
        import json

        from moto.core.utils import camelcase_to_underscores

        if name not in self._names:
            raise KeyError(name)
        value = getattr(self._queue, camelcase_to_underscores(name))
        if name == "RedrivePolicy" and value:
            value = json.dumps(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, float):
            value = int(value)  # times, in seconds
        return value

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._names else default

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def keys(self) -> Any:
        return list(self._names)

    def items(self) -> Any:
        return [(name, self[name]) for name in self._names]

    def values(self) -> Any:
        return [self[name] for name in self._names]


def _mend_step_functions() -> None:
    """Executions really run (moto's interpreter), and those without a name get one."""
    from moto.core.botocore_stubber import BotocoreStubber  # noqa: F401  (registers the stubber below)
    from moto.core.config import default_user_config
    from moto.core.models import botocore_stubber

    from emulator.services.step_functions import name_executions, tell_of_stopping

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    name_executions()
    tell_of_stopping()
    # Its tasks call other services through boto3: answered in this process, never on the network.
    botocore_stubber.enabled = True


def _mend_s3() -> None:
    """A bucket policy's conditions decide nothing: moto takes one it cannot check for a denial.

    The buckets that SAM and CDK make deny what comes without TLS, which on this machine is everything.
    """
    import json

    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(self.policy)
        statements = document.get("Statement") or []
        statements = statements if isinstance(statements, list) else [statements]
        plain = [statement for statement in statements if not statement.get("Condition")]
        return IAMPolicy(json.dumps({**document, "Statement": plain})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission
    _refuse_posts()


def _refuse_posts() -> None:
    """A POST that S3 has no action for, as an API's that was sent without its host: S3's refusal, no failure."""
    from moto.s3.exceptions import MethodNotAllowed, PreconditionFailed
    from moto.s3.responses import S3Response

    name_action, answer_post = S3Response._set_action, S3Response._bucket_response_post

    def name(self: Any, resource_type: str, method: str, query: Any) -> None:
        try:
            name_action(self, resource_type, method, query)
        except KeyError as error:
            raise MethodNotAllowed(method, "OBJECT") from error

    def answer(self: Any, request: Any, bucket: str) -> Any:
        try:
            return answer_post(self, request, bucket)
        except KeyError as error:
            if error.args != ("key",):
                raise
            raise PreconditionFailed("Bucket POST must be of the enclosure-type multipart/form-data") from error

    S3Response._set_action, S3Response._bucket_response_post = name, answer


def _mend_cloudwatch() -> None:
    """Statistics are of the metric with exactly the dimensions asked for; moto adds up those with more as well."""
    from moto.cloudwatch.models import MetricDatum

    known = MetricDatum.filter

    def exact(self: Any, namespace: Any, name: Any, dimensions: Any, *rest: Any, **more: Any) -> bool:
        # Only GetMetricStatistics asks with neither namespace nor name: it has looked at both before.
        if namespace is None and name is None and dimensions and len(dimensions) != len(self.dimensions):
            return False
        found: bool = known(self, namespace, name, dimensions, *rest, **more)
        return found

    MetricDatum.filter = exact


def _mend_http_apis() -> None:
    """moto takes a domain name's mappings out of the dictionary that it is walking through."""
    from moto.apigatewayv2.models import ApiGatewayV2Backend as Backend

    original = Backend.delete_domain_name

    def delete(self: Any, domain_name: str) -> None:
        for key in [key for key, each in self.api_mappings.items() if each.domain_name == domain_name]:
            del self.api_mappings[key]
        original(self, domain_name)

    Backend.delete_domain_name = delete  # type: ignore[method-assign]


_BY_MODULE: dict[str, Callable[[], None]] = {
    "apigatewayv2": _mend_http_apis,
    "cloudwatch": _mend_cloudwatch,
    "cognitoidentity": mend_identity_pools,
    "cognitoidp": mend_user_pools,
    "dynamodb": _mend_dynamodb,
    "iam": mend_iam,
    "kinesis": _mend_kinesis,
    "s3": _mend_s3,
    "sns": _mend_sns,
    "sqs": _mend_sqs,
    "stepfunctions": _mend_step_functions,
    "sts": mend_sts,
    "wafv2": mend_waf,
}
