"""The template as the local stack would deploy it, with made-up names for what would be provisioned."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

import pytest

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.intrinsics import Physical
from infra.local.aws.gateway.template import Template, read_template

PROVISIONED_TYPES: Final = {
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::S3::Bucket": "s3",
    "AWS::SQS::Queue": "sqs",
    "AWS::KMS::Key": "kms",
    "AWS::SecretsManager::Secret": "secretsmanager",
}


_parsed_template: Final = cache(read_template)


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


def translated(source: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Template:
    """A parsed SAM template, translated in a seventh of the time.

    SAM copies the whole API before and after it adds each route, which matters only to who keeps what was before.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("samtranslator.open_api.open_api._deepcopy", lambda document: document)
        return Template.translated(source, parameters or {})


def deployment_of(source: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Deployment:
    """A parsed SAM template, translated and with everything provisioned."""
    template = translated(source, parameters)
    kinds = [(name, resource["Type"]) for name, resource in template.resources.items()]
    made = {name: made_up(name, PROVISIONED_TYPES[kind]) for name, kind in kinds if kind in PROVISIONED_TYPES}
    return Deployment(template, made)
