"""What the gateway reads out of the real template, and how intrinsics are resolved."""

from typing import Any

import pytest

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.distribution import Distribution
from infra.local.aws.gateway.event_sources import event_sources
from infra.local.aws.gateway.functions import Functions
from infra.local.aws.gateway.http_api import HttpApi
from infra.local.aws.gateway.intrinsics import Intrinsics, UnknownIntrinsicError
from infra.local.aws.gateway.schedules import rate_seconds, schedules
from infra.local.aws.gateway.template import Template
from infra.local.ports import port
from tests.support.deployment import deployment_of, made_up, template_source


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """The real template with made-up names for what would be provisioned."""
    return deployment_of(template_source(), {"EpochSeconds": "10"})


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Given"}, "a,b"),
        ({"Fn::GetAtt": ["UsageTable", "StreamArn"]}, made_up("UsageTable").attributes["StreamArn"]),
        ({"Fn::Sub": "${UsageTable}/${Given}/${!kept}"}, "usagetable/a,b/${kept}"),
        ({"Fn::Sub": ["${x}", {"x": {"Ref": "Given"}}]}, "a,b"),
        ({"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "Given"}]}]}, "b"),
        ([{"deep": {"Ref": "Given"}}, 1], [{"deep": "a,b"}, 1]),
        ({"x": {"Fn::If": ["IsGiven", {"Ref": "Given"}, {"Ref": "AWS::NoValue"}]}}, {"x": "a,b"}),
        ({"x": {"Fn::If": ["IsGiven", {"Ref": "AWS::NoValue"}, 1]}, "y": 1}, {"y": 1}),
    ],
)
def test_an_intrinsic_is_resolved_wherever_it_stands(value: Any, resolved: Any) -> None:
    conditions = {"IsGiven": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Given"}, ""]}]}}
    assert Intrinsics({"Given": "a,b"}, made_up, conditions).resolve(value) == resolved


def test_an_intrinsic_without_local_meaning_is_refused() -> None:
    with pytest.raises(UnknownIntrinsicError, match="Fn::ImportValue"):
        Intrinsics({}, made_up).resolve({"Fn::ImportValue": "x"})


def test_a_parameter_that_the_template_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no parameter Nonsense"):
        Template.load({"Nonsense": "1"})


def test_a_function_has_its_environment_and_calls_aws_under_its_own_name(deployment: Deployment) -> None:
    polling = deployment.functions["UsagePollingFunction"]
    assert polling.code.parts[-2:] == ("functions", "usage_polling")
    assert (polling.timeout_seconds, polling.reserved) == (240.0, 1)
    assert polling.environment["EPOCH_SECONDS"] == "10"
    assert polling.environment["USAGE_TABLE"] == "usagetable"
    assert polling.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert polling.environment["AWS_ACCESS_KEY_ID"] == "UsagePollingFunction"


def test_the_websocket_address_of_aws_becomes_the_gateways(deployment: Deployment) -> None:
    address = deployment.functions["PendingPushFunction"].environment["WEBSOCKET_URL"]
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/live")


def test_every_trigger_of_the_template_names_one_of_its_functions(deployment: Deployment) -> None:
    triggered = [source.function for service in ("sqs", "dynamodb") for source in event_sources(deployment, service)]
    triggered += [schedule.function for schedule in schedules(deployment)]
    assert len(triggered) > 0
    assert set(triggered) <= set(deployment.functions)


def test_a_quick_tick_makes_hours_and_days_as_much_shorter(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given five minutes that last two seconds
    monkeypatch.setenv("FLAREFLOW_TICK_SECONDS", "2")
    # When the schedules are made
    seconds = {schedule.function: schedule.seconds for schedule in schedules(deployment)}
    # Then an hour lasts 24 seconds and a day 576
    assert seconds["UsagePollingFunction"] == 2
    assert seconds["UsageRescanFunction"] == 24
    assert seconds["WideUsageRescanFunction"] == 576


def test_the_http_api_of_the_template_can_be_served(deployment: Deployment) -> None:
    api = HttpApi.of(deployment, Functions({}))
    found = api.routes.match("GET", "/v1/attestations/0000000007")
    assert found is not None
    route, parameters = found
    assert (route.function, parameters) == ("PublicApiFunction", {"epoch": "0000000007"})


@pytest.mark.parametrize(
    "path",
    [
        "/v1/statements/0000000007",
        "/v1/statements/0000000007/usage-index",
        "/v1/statements/0000000007/settlement-index",
        "/v1/statements/0000000007/attestation",
        f"/v1/pages/{'ab' * 32}",
        f"/v1/price-books/{'ab' * 32}",
        f"/v1/receipt-keys/{'ab' * 32}",
    ],
)
def test_a_document_never_reaches_the_http_api(deployment: Deployment, path: str) -> None:
    behavior = Distribution.of(deployment).behavior_of(path)
    assert behavior.bucket == deployment.physical("DocumentsBucket").ref
    assert HttpApi.of(deployment, Functions({})).routes.match("GET", path) is None


@pytest.mark.parametrize("path", ["/v1/statements", "/v1/health", "/v1/attestations/7", "/internal/usage"])
def test_every_other_path_of_the_api_is_the_http_apis(deployment: Deployment, path: str) -> None:
    assert Distribution.of(deployment).behavior_of(path).bucket is None


def test_everything_else_is_the_page_with_the_headers_of_the_template() -> None:
    # Given the template with the addresses of a stack
    given = {
        "FlowRestUrl": "http://flow.test",
        "FlareRpcUrl": "http://flare.test",
        "WalletOrigins": "http://wallet.test",
    }
    deployment = deployment_of(template_source(), {**given, "ModelsUrl": "http://models.test/v1"})
    # When the page is asked for
    behavior = Distribution.of(deployment).behavior_of("/")
    # Then it may talk to these, and to the local WebSocket instead of that of AWS
    assert behavior.bucket == deployment.physical("PageBucket").ref
    policy = behavior.headers["Content-Security-Policy"]
    assert "frame-src http://wallet.test;" in policy
    assert (
        f"connect-src 'self' ws://127.0.0.1:{port('gateway_websocket')} http://flow.test http://flare.test"
        " http://models.test/v1/ http://wallet.test;"
    ) in policy
    # And the other headers are as CloudFront writes them
    others = {name: value for name, value in behavior.headers.items() if name != "Content-Security-Policy"}
    assert others == {
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }


@pytest.mark.parametrize(
    ("expression", "seconds"), [("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(2 days)", 172_800)]
)
def test_a_rate_is_read(expression: str, seconds: int) -> None:
    assert rate_seconds(expression) == seconds


def test_a_schedule_that_is_no_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="cron"):
        rate_seconds("cron(0 12 * * ? *)")
