"""The quick start, word for word, and what comes after it."""

from __future__ import annotations

import json

from tests.live.daemon import Daemon

QUICK_START = r"""
cat > index.py <<'P'
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"greeting": "Hello, " + event["pathParameters"]["name"] + "!"})}
P
python3 -m zipfile -c greet.zip index.py
awsemu lambda create-function --function-name greet --runtime python3.12 --handler index.handler --role arn:aws:iam::000000000000:role/lambda-role --zip-file fileb://greet.zip >/dev/null
API_ID=$(awsemu apigateway create-rest-api --name demo --query id --output text)
ROOT_ID=$(awsemu apigateway get-resources --rest-api-id $API_ID --query 'items[0].id' --output text)
R_ID=$(awsemu apigateway create-resource --rest-api-id $API_ID --parent-id $ROOT_ID --path-part '{name}' --query id --output text)
awsemu apigateway put-method --rest-api-id $API_ID --resource-id $R_ID --http-method GET --authorization-type NONE >/dev/null
awsemu apigateway put-integration --rest-api-id $API_ID --resource-id $R_ID --http-method GET --type AWS_PROXY --integration-http-method POST \
  --uri arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:greet/invocations >/dev/null
awsemu apigateway create-deployment --rest-api-id $API_ID --stage-name prod >/dev/null
"""  # noqa: E501

CURL = "curl -s {url}/restapis/$API_ID/{stage}/_user_request_/tarek\n"

AFTER = r"""
sed 's/Hello/Dear/' index.py > dev.py
mkdir dev && mv dev.py dev/index.py && (cd dev && python3 -m zipfile -c ../dev.zip index.py)
awsemu lambda create-function --function-name greet-dev --runtime python3.12 --handler index.handler --role arn:aws:iam::000000000000:role/lambda-role --zip-file fileb://dev.zip >/dev/null
awsemu apigateway put-integration --rest-api-id $API_ID --resource-id $R_ID --http-method GET --type AWS_PROXY --integration-http-method POST \
  --uri 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}/invocations' >/dev/null
"""  # noqa: E501


def test_the_quick_start(shared: Daemon) -> None:
    url = shared.url
    script = (
        QUICK_START
        + CURL.format(url=url, stage="prod")
        + "echo\n"
        + AFTER
        # An edit without a new deployment changes nothing.
        + CURL.format(url=url, stage="prod")
        + "echo\n"
        + "awsemu apigateway create-deployment --rest-api-id $API_ID --stage-name dev --variables fn=greet-dev"
        + " >/dev/null\n"
        + CURL.format(url=url, stage="dev")
        + "echo\n"
        + "awsemu apigateway update-stage --rest-api-id $API_ID --stage-name dev"
        + " --patch-operations op=replace,path=/variables/fn,value=greet >/dev/null\n"
        + CURL.format(url=url, stage="dev")
    )
    done = shared.shell(script)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["greeting"] for line in done.stdout.splitlines()] == [
        "Hello, tarek!",
        "Hello, tarek!",
        "Dear, tarek!",
        "Hello, tarek!",
    ]


def test_with_the_plain_aws_cli(shared: Daemon) -> None:
    """A fresh shell with ``aws --endpoint-url`` in the place of ``awsemu``."""
    done = shared.shell(
        f"aws --endpoint-url {shared.url} apigateway create-rest-api --name plain --query name --output text\n"
        f"aws --endpoint-url {shared.url} sts get-caller-identity --query Account --output text\n",
        AWS_ACCESS_KEY_ID="111122223333",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-west-3",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["plain", "111122223333"]


def test_the_tools(shared: Daemon) -> None:
    done = shared.shell("apigw-emu wait --timeout 5\napigw-emu status\napigw-emu operations | tail -1\n")
    assert done.returncode == 0, done.stderr
    assert "is ready" in done.stdout
    assert done.stdout.splitlines()[-1] == "124 operations"
