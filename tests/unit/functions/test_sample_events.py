"""The sample events of `tests/events` have the shapes that AWS sends."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequestV2,
    APIGatewayProxyEventV2Model,
    APIGatewayWebSocketMessageEventModel,
    DynamoDBStreamModel,
    EventBridgeModel,
    SqsModel,
)

from flareflow.metering.commands import WriteOff
from tests.support.functions import EVENTS, sample
from tests.unit.test_imports import functions

MODELS = {
    "account_api": APIGatewayProxyEventV2Model,
    "attestation_submission": EventBridgeModel,
    "chain_events": EventBridgeModel,
    "credit_leases": APIGatewayProxyEventV2Model,
    "enforcement": DynamoDBStreamModel,
    "flow_billing": EventBridgeModel,
    "key_provisioning": APIGatewayProxyEventV2Model,
    "key_sweep": EventBridgeModel,
    "operator_api": APIGatewayProxyEventV2Model,
    "pending_push": DynamoDBStreamModel,
    "public_api": APIGatewayProxyEventV2Model,
    "reconciliation": EventBridgeModel,
    "session_authorizer": ApiGatewayAuthorizerRequestV2,
    "statement_log": EventBridgeModel,
    "usage_cases": WriteOff,
    "usage_ingest": APIGatewayProxyEventV2Model,
    "usage_polling": EventBridgeModel,
    "usage_rescan": EventBridgeModel,
    "usage_slices": SqsModel,
    "wallet_auth": APIGatewayProxyEventV2Model,
    "webhook_api": APIGatewayProxyEventV2Model,
    "webhook_delivery": SqsModel,
    "websocket": APIGatewayWebSocketMessageEventModel,
}


def test_every_function_has_a_sample_event() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set(functions()) == set(MODELS)


@pytest.mark.parametrize(("name", "model"), MODELS.items())
def test_a_sample_event_is_what_aws_sends(name: str, model: Any) -> None:
    model.model_validate(sample(name))
