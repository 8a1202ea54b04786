"""The template as the local stack would deploy it, with made-up names for what would be provisioned."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.intrinsics import Physical
from infra.local.aws.gateway.template import TEMPLATE, Template

PROVISIONED_TYPES: Final = {
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::S3::Bucket": "s3",
    "AWS::SQS::Queue": "sqs",
    "AWS::KMS::Key": "kms",
    "AWS::SecretsManager::Secret": "secretsmanager",
}


@cache
def _parsed_template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


def template_source() -> dict[str, Any]:
    """`template.yaml`, parsed; each call gives a copy of its own that a test may change."""
    return deepcopy(_parsed_template())


def made_up(logical_id: str, service: str = "dynamodb") -> Physical:
    """What a resource of the template would have become."""
    arn = f"arn:aws:{service}:us-east-1:123456789012:{logical_id}"
    ref = arn if service == "secretsmanager" else logical_id.lower()
    return Physical(
        ref=ref,
        attributes={
            "Arn": arn,
            "StreamArn": f"{arn}/stream/now",
            "RegionalDomainName": f"{ref}.s3.us-east-1.amazonaws.com",
        },
    )


def deployment_of(source: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Deployment:
    """A parsed SAM template, translated and with everything provisioned."""
    template = Template.translated(source, parameters or {})
    kinds = [(name, resource["Type"]) for name, resource in template.resources.items()]
    made = {name: made_up(name, PROVISIONED_TYPES[kind]) for name, kind in kinds if kind in PROVISIONED_TYPES}
    return Deployment(template, made)
