"""The rules that `template.yaml` has to keep, each a function that tells in sentences where it is broken."""

import importlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flareflow.entrypoints.metrics import Metric
from flareflow.entrypoints.requests import CONSOLE
from flareflow.time import Deadline
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.event_sources import EventSource, event_sources
from infra.local.aws.gateway.policies import Access
from infra.local.aws.gateway.routing import IAM
from infra.local.aws.gateway.schedules import rate_seconds
from infra.local.aws.gateway.triggers import unpermitted_triggers
from tests.unit.template import public_host
from tests.unit.template.needs import Needs, Rule, routes_of

API_SECONDS_MAX: Final = 29.0
"""What the WebSocket API gives an integration; the HTTP API gives 30 s."""
AUTHORIZER_SECONDS_MAX: Final = 10.0
VISIBILITY_TIMEOUTS: Final = 6
"""AWS: a queue's visibility timeout is at least six times its function's timeout."""
RECEIVES_MIN: Final = 5
"""AWS: a message is received at least five times before it goes to the dead-letter queue."""
DAYS_14: Final = 14 * 24 * 3600
STREAM_RETRIES_MAX: Final = 10
STREAM_LANES_MIN: Final = 10
DEADLINE_MARGIN: Final = Deadline(datetime.now(UTC)).margin

ALARM: Final = "AWS::CloudWatch::Alarm"

STREAMS: Final = {
    "PendingPushFunction": {"UsageTable", "LedgerTable", "StatementsTable", "AccountsTable"},
    "EnforcementFunction": {"UsageTable", "LedgerTable"},
}
QUEUES: Final = {
    "UsageSlicesFunction": {"UsageSlicesQueue"},
    "PendingPushFunction": {"PushFailuresQueue"},
    "EnforcementFunction": {"EnforcementFailuresQueue"},
    "WebhookDeliveryFunction": {"WebhooksQueue"},
}
SCHEDULED: Final = {
    "UsagePollingFunction",
    "UsageRescanFunction",
    "WideUsageRescanFunction",
    "ReconciliationFunction",
    "KeySweepFunction",
    "AttestationSubmissionFunction",
    "StatementLogFunction",
    "FlowBillingFunction",
    "ChainEventsFunction",
}
NEEDS_NOBODY: Final[Mapping[Metric, str]] = {
    Metric.CALLS_COUNTED: "it counts what went well",
    Metric.ROWS_NOT_BILLED: "they are tallied among the open cases; lost usage shows as NanoUsdMissing",
    Metric.SLICES_QUEUED: "they are read later; a delay shows as SecondsBehind",
    Metric.SLICES_OPEN: "they are read later; a delay shows as SecondsBehind",
    Metric.SLICES_RESENT: "they are read later; a delay shows as SecondsBehind",
    Metric.WINDOWS_CHANGED: "they are read again by themselves",
    Metric.EPOCHS_RECONCILED: "it counts what went well; differences show as DifferencesFound",
    Metric.ROWS_MISSING: "what they are worth shows as NanoUsdMissing",
    Metric.JOURNAL_ENTRIES: "it counts what went well",
    Metric.KEYS_MENDED: "they are mended",
    Metric.WEBHOOKS_DELIVERED: "it counts what went well; a delay shows as the age of the queue's oldest message",
    Metric.WEBHOOK_ATTEMPTS_FAILED: "receivers are their owners', who see what failed",
}
"""Metrics without an alarm, and why."""
HTTP: Final = {
    "WalletAuthFunction": "SessionAuthorizerFunction",
    "KeyProvisioningFunction": "SessionAuthorizerFunction",
    "AccountApiFunction": "SessionAuthorizerFunction",
    "WebhookApiFunction": "SessionAuthorizerFunction",
    "OperatorApiFunction": IAM,
    "PublicApiFunction": None,
    "CreditLeasesFunction": None,
    "UsageIngestFunction": None,
}
"""Functions behind the HTTP API, and who says for whom each of their routes is called."""
BY_SESSION: Final = f"{CONSOLE}/"
"""What the routes of the operators' page begin with: sessions are for them, though their function has others."""
OF_STRANGERS: Final = {"POST /v1/auth/nonces", "POST /v1/auth/sessions", "POST /v1/auth/tokens"}
"""Routes that nobody is signed in on, though their function has others."""
HEADS: Final = {"PublicApiFunction": {"HEAD /v1/{path+}"}}
"""Routes on which a function answers HEAD for all of its others."""


def roles_allow_what_is_needed(deployment: Deployment, needs: Needs) -> Iterator[str]:
    for function, accesses in needs.accesses.items():
        for access in sorted(accesses):
            if not deployment.roles[function].allows(access):
                yield f"{function} needs {access.action} on {access.resource}"


def roles_allow_nothing_else(deployment: Deployment, needs: Needs) -> Iterator[str]:
    """Apart from what SAM adds for the poller and the traces."""
    queues = (deployment.physical(name).attributes["Arn"] for names in QUEUES.values() for name in names)
    of_pollers = {Access("sqs:SendMessage", arn) for arn in queues}
    for function, role in deployment.roles.items():
        inline = [statement for statement in role.statements if list(statement.resources) != ["*"]]
        granted = {Access(action, on) for one in inline for action in one.actions for on in one.resources}
        for access in sorted(granted - needs.accesses[function] - of_pollers):
            yield f"{function} never needs {access.action} on {access.resource}"


def triggers_are_permitted(deployment: Deployment, _: Needs) -> Iterator[str]:
    yield from unpermitted_triggers(deployment)


def functions_have_their_triggers(deployment: Deployment, _: Needs) -> Iterator[str]:
    for service, attribute, wanted in (("dynamodb", "StreamArn", STREAMS), ("sqs", "Arn", QUEUES)):
        found: dict[str, set[str]] = {}
        names = {of.attributes.get(attribute, ""): name for name, of in deployment.provisioned.items()}
        for source in event_sources(deployment, service):
            found.setdefault(source.function, set()).add(names[source.source_arn])
        if found != wanted:
            yield f"{service} feeds {found}, not {wanted}"
    if (found_scheduled := set(_rules(deployment))) != SCHEDULED:
        yield f"schedules fire {found_scheduled}, not {SCHEDULED}"


def routes_are_those_of_the_handlers(deployment: Deployment, _: Needs) -> Iterator[str]:
    routes = routes_of(deployment)
    if {route.function for route in routes} != set(HTTP):
        yield f"the HTTP API leads to {sorted({route.function for route in routes})}"
    for function, authorizer in HTTP.items():
        served = {route.key for route in routes if route.function == function}
        if served != (handled := _handled(deployment.functions[function].code.name) | HEADS.get(function, set())):
            yield f"{function} handles {sorted(handled)}, and the template has {sorted(served)}"
        for route in routes:
            wanted = None if route.key in OF_STRANGERS else authorizer
            wanted = "SessionAuthorizerFunction" if route.path.startswith(BY_SESSION) else wanted
            if route.function == function and (route.authorizer and route.authorizer.function) != wanted:
                yield f"{route.key} is authorized by {route.authorizer}, not by {wanted}"


def a_session_is_looked_at_for_each_request(deployment: Deployment, _: Needs) -> Iterator[str]:
    """A sign-out counts at once; and all callers have one identity source, so a kept answer would be another's."""
    for name, api in deployment.template.of_type("AWS::ApiGatewayV2::Api"):
        for scheme in api.get("Body", {}).get("components", {}).get("securitySchemes", {}).values():
            authorizer = scheme.get("x-amazon-apigateway-authorizer", {"authorizerResultTtlInSeconds": 0})
            if authorizer.get("authorizerResultTtlInSeconds") != 0:
                yield f"{name} keeps what an authorizer answered"


def a_batch_that_fails_loses_nothing(deployment: Deployment, _: Needs) -> Iterator[str]:
    for service in ("dynamodb", "sqs"):
        for source in event_sources(deployment, service):
            if not source.reports_failures:
                yield f"{source.function} reports which records failed, and {source.source_arn} does not read it"
    for source in event_sources(deployment, "dynamodb"):
        yield from _stream_faults(source)
        yield from _not_driven_again(deployment, source)


def _stream_faults(source: EventSource) -> Iterator[str]:
    given = source.properties
    if given.get("StartingPosition") != "TRIM_HORIZON":
        yield f"{source.function} would miss what {source.source_arn} had before it was deployed"
    if not 0 < given.get("MaximumRetryAttempts", -1) <= STREAM_RETRIES_MAX:
        yield f"{source.function} would try a bad record {given.get('MaximumRetryAttempts')} times"
    if given.get("BisectBatchOnFunctionError") is not True:
        yield f"one record can fail a whole batch of {source.function}"
    if given.get("ParallelizationFactor", 1) < STREAM_LANES_MIN:
        yield f"{source.function} makes subscriptions of {source.source_arn} wait for one another"
    if not given.get("FilterCriteria", {}).get("Filters"):
        yield f"{source.function} is woken by all that is written to {source.source_arn}"
    if not given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
        yield f"nobody is told what {source.function} gives up"


def _not_driven_again(deployment: Deployment, source: EventSource) -> Iterator[str]:
    """What a stream's function gives up comes back to it from a queue."""
    given_up = source.properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    queues = {one.source_arn for one in event_sources(deployment, "sqs") if one.function == source.function}
    if given_up and given_up not in queues:
        yield f"nothing drives again what {source.function} gives up to {given_up}"


def the_gate_has_a_throttle_of_its_own(deployment: Deployment, _: Needs) -> Iterator[str]:
    [stage] = [
        given for _, given in deployment.template.of_type("AWS::ApiGatewayV2::Stage") if "RouteSettings" in given
    ]
    for route in (route.key for route in routes_of(deployment) if route.path.startswith("/internal/")):
        own = stage.get("RouteSettings", {}).get(route, {}).get("ThrottlingRateLimit", 0)
        if own <= stage["DefaultRouteSettings"]["ThrottlingRateLimit"]:
            yield f"{route} is throttled to {own} requests a second, like every other"


def streams_show_both_images(deployment: Deployment, _: Needs) -> Iterator[str]:
    tables = dict(deployment.template.of_type("AWS::DynamoDB::Table"))
    for name in sorted(set().union(*STREAMS.values())):
        view = tables[name].get("StreamSpecification", {}).get("StreamViewType")
        if view != "NEW_AND_OLD_IMAGES":
            yield f"the stream of {name} shows {view}"


def items_expire_by_the_attribute_that_is_written(deployment: Deployment, needs: Needs) -> Iterator[str]:
    for name, given in deployment.template.of_type("AWS::DynamoDB::Table"):
        written = needs.expiry_attributes[name]
        lives = given.get("TimeToLiveSpecification", {})
        if written and ({lives.get("AttributeName")} != written or lives.get("Enabled") is not True):
            yield f"items of {name} have {sorted(written)}, and its TTL is {lives}"


def a_message_is_seen_by_one_function_at_a_time(deployment: Deployment, _: Needs) -> Iterator[str]:
    queues = dict(deployment.template.of_type("AWS::SQS::Queue"))
    for function, names in QUEUES.items():
        for name in names:
            least = VISIBILITY_TIMEOUTS * deployment.functions[function].timeout_seconds
            if (given := queues[name].get("VisibilityTimeout", 30)) < least:
                yield f"{name} shows a message again after {given} s, not {least:.0f}"
            redrive = deployment.resolve(queues[name].get("RedrivePolicy", {}))
            if redrive.get("maxReceiveCount", 0) < RECEIVES_MIN or not redrive.get("deadLetterTargetArn"):
                yield f"{name} has the redrive policy {redrive}"


def what_is_given_up_is_kept_for_14_days(deployment: Deployment, _: Needs) -> Iterator[str]:
    for name, given in deployment.template.of_type("AWS::SQS::Queue"):
        if name not in set().union(*QUEUES.values()) and given.get("MessageRetentionPeriod") != DAYS_14:
            yield f"{name} keeps messages for {given.get('MessageRetentionPeriod')} s"


def functions_end_before_nobody_waits_for_them(deployment: Deployment, _: Needs) -> Iterator[str]:
    behind_apis = {**dict.fromkeys(HTTP, API_SECONDS_MAX), "WebsocketFunction": API_SECONDS_MAX}
    limits = behind_apis | {"SessionAuthorizerFunction": AUTHORIZER_SECONDS_MAX}
    for function, limit in limits.items():
        if (given := deployment.functions[function].timeout_seconds) > limit:
            yield f"{function} may run for {given:.0f} s, and API Gateway waits {limit:.0f} s"


def ticks_do_not_overlap(deployment: Deployment, _: Needs) -> Iterator[str]:
    for function, rule in _rules(deployment).items():
        spec = deployment.functions[function]
        every = rate_seconds(rule["ScheduleExpression"])
        if spec.timeout_seconds >= every:
            yield f"{function} may run for {spec.timeout_seconds:.0f} s, and its next tick is after {every} s"
        if spec.reserved != 1:
            yield f"{function} may run {spec.reserved} times at once"
        if rule["Targets"][0].get("RetryPolicy", {}).get("MaximumRetryAttempts") != 0:
            yield f"a tick of {function} that failed is repeated, though the next one goes on from where it stopped"
        if spec.timeout_seconds <= 2 * DEADLINE_MARGIN.total_seconds():
            yield f"{function} is near its deadline from the beginning"


def what_needs_a_person_is_told(deployment: Deployment, _: Needs) -> Iterator[str]:
    """Metrics, queues of what was given up, and ticks that fail."""
    watched = [one for _, alarm in deployment.template.of_type(ALARM) for one in _metrics_of(alarm)]
    seen = {str(one["MetricName"]) for one in watched if one["Namespace"] == "FlareFlow"}
    wanted = {metric.value[0] for metric in Metric if metric not in NEEDS_NOBODY}
    if seen != wanted:
        yield f"alarms watch {sorted(seen - wanted)} and do not watch {sorted(wanted - seen)}"
    named = {_resource_in(value["Value"]) for one in watched for value in one["Dimensions"]}
    given_up = {name for name, _ in deployment.template.of_type("AWS::SQS::Queue")} - set().union(*QUEUES.values())
    for name in sorted(given_up | SCHEDULED):
        if name not in named:
            yield f"nobody is told of {name}"


def every_alarm_reaches_a_person(deployment: Deployment, _: Needs) -> Iterator[str]:
    for name, alarm in deployment.template.of_type(ALARM):
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}]:
            yield f"{name} tells {alarm.get('AlarmActions')}"
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name} rings without data"
        for one in _metrics_of(alarm):
            if one["Namespace"] == "FlareFlow" and one["Dimensions"] != [{"Name": "service", "Value": "flareflow"}]:
                yield f"{name} watches what no function publishes: {one['Dimensions']}"


def data_outlives_the_stack(deployment: Deployment, _: Needs) -> Iterator[str]:
    for name, resource in deployment.template.resources.items():
        if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}:
            kept = {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")}
            if kept != {"Retain"}:
                yield f"{name} goes with the stack"


RULES: Final[tuple[Rule, ...]] = (
    roles_allow_what_is_needed,
    roles_allow_nothing_else,
    triggers_are_permitted,
    functions_have_their_triggers,
    routes_are_those_of_the_handlers,
    a_session_is_looked_at_for_each_request,
    a_batch_that_fails_loses_nothing,
    public_host.documents_are_served_without_a_function,
    public_host.the_page_is_on_the_host_of_the_api,
    public_host.the_page_loads_only_what_is_its_own,
    public_host.every_answer_carries_security_headers,
    the_gate_has_a_throttle_of_its_own,
    streams_show_both_images,
    items_expire_by_the_attribute_that_is_written,
    a_message_is_seen_by_one_function_at_a_time,
    what_is_given_up_is_kept_for_14_days,
    functions_end_before_nobody_waits_for_them,
    ticks_do_not_overlap,
    what_needs_a_person_is_told,
    every_alarm_reaches_a_person,
    data_outlives_the_stack,
)


def _rules(deployment: Deployment) -> Mapping[str, Any]:
    """EventBridge rules by the function that they fire."""
    rules = [deployment.resolve(given) for _, given in deployment.template.of_type("AWS::Events::Rule")]
    return {rule["Targets"][0]["Arn"].rpartition(":")[2]: rule for rule in rules}


def _metrics_of(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Namespace, name and dimensions of what an alarm watches, by itself or in an expression."""
    if "Metrics" in alarm:
        return [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]
    return [alarm]


def _resource_in(value: Any) -> str | None:
    """The resource that a `Ref` or `Fn::GetAtt` names."""
    if not isinstance(value, dict):
        return None
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


def _handled(folder: str) -> set[str]:
    """The routes of a handler as API Gateway writes them."""
    resolver = importlib.import_module(f"functions.{folder}.app").app
    declared = [*resolver._static_routes, *resolver._dynamic_routes]
    return {f"{route.method} {route.path.replace('<', '{').replace('>', '}')}" for route in declared}
