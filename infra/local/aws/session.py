"""The account, region, names and endpoints of the AWS that is emulated on this machine."""

from typing import Final

import boto3

from infra.local.ports import url

ACCOUNT_ID: Final = "123456789012"
REGION: Final = "us-east-1"
PARTITION: Final = "aws"
URL_SUFFIX: Final = "amazonaws.com"
STACK_NAME: Final = "flareflow-local"
ACCESS_KEY_ID: Final = "local"
SECRET_ACCESS_KEY: Final = "local"
"""Those of the account's administrator."""

PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": URL_SUFFIX,
}


def arn(service: str, resource: str) -> str:
    """An ARN in the local account and region."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


def function_environment(function: str) -> dict[str, str]:
    """What makes the AWS SDK of a function talk to the gateway's AWS endpoint, under the function's own name."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": function,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url("gateway_aws"),
    }


def session() -> boto3.Session:
    """A session of the account's administrator; each client still names the endpoint that it wants."""
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
    )
