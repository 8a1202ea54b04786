"""`template.yaml` keeps its rules, and no fault in it passes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.template import Template
from tests.support.deployment import template_source, translated
from tests.unit.template import public_host, rules
from tests.unit.template.needs import Needs, Rule
from tests.unit.template.rules import RULES

type Source = dict[str, Any]


def deployed(source: Mapping[str, Any], needs: Needs) -> Deployment:
    return Deployment(translated(source), needs.provisioned)


@pytest.fixture(scope="module")
def deployment(needs: Needs) -> Deployment:
    """The template as it is."""
    return deployed(template_source(), needs)


def test_the_template_is_translated_here_as_it_is_deployed() -> None:
    assert translated(template_source()) == Template.translated(template_source(), {})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule, deployment: Deployment, needs: Needs) -> None:
    assert list(rule(deployment, needs)) == []


def resource(source: Source, name: str) -> Source:
    """A resource's properties, apart from those that share them by a YAML anchor."""
    source["Resources"][name]["Properties"] = dict(source["Resources"][name]["Properties"])
    properties: Source = source["Resources"][name]["Properties"]
    return properties


def event(source: Source, function: str, name: str) -> Source:
    """The properties of a function's event, apart from those that share them by a YAML anchor."""
    events = resource(source, function)["Events"] = dict(resource(source, function)["Events"])
    events[name] = {**events[name], "Properties": dict(events[name]["Properties"])}
    properties: Source = events[name]["Properties"]
    return properties


def statements(source: Source, function: str) -> Iterator[Source]:
    yield from resource(source, function)["Policies"][0]["Statement"]


def without_action(function: str, action: str, table: str = "") -> Callable[[Source], None]:
    def mutate(source: Source) -> None:
        for statement in statements(source, function):
            if action in statement["Action"] and table in str(statement["Resource"]):
                statement["Action"] = [kept for kept in statement["Action"] if kept != action] or ["none:None"]

    return mutate


def without(name: str) -> Callable[[Source], None]:
    return lambda source: source["Resources"].pop(name)


def changed(name: str, **properties: Any) -> Callable[[Source], None]:
    return lambda source: resource(source, name).update(properties)


def without_property(name: str, property_name: str) -> Callable[[Source], Any]:
    return lambda source: resource(source, name).pop(property_name)


def event_changed(function: str, name: str, **properties: Any) -> Callable[[Source], None]:
    return lambda source: event(source, function, name).update(properties)


def authorizer_of(source: Source) -> Source:
    authorizer: Source = resource(source, "HttpApi")["Auth"]["Authorizers"]["Session"]
    return authorizer


def distribution_of(source: Source) -> Source:
    config: Source = resource(source, "Distribution")["DistributionConfig"]
    return config


def bucket_statements(source: Source, policy: str = "DocumentsPolicy") -> list[Source]:
    found: list[Source] = resource(source, policy)["PolicyDocument"]["Statement"]
    return found


def with_page_policy(source: Source, part: str, replacement: str) -> None:
    """Replaces a part of the page's Content-Security-Policy."""
    config = resource(source, "PageHeaders")["ResponseHeadersPolicyConfig"]
    policy = config["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    text = policy["ContentSecurityPolicy"]["Fn::Sub"]
    assert part in text
    policy["ContentSecurityPolicy"] = {"Fn::Sub": text.replace(part, replacement)}


def without_event(function: str, name: str) -> Callable[[Source], None]:
    def mutate(source: Source) -> None:
        properties = resource(source, function)
        properties["Events"] = {other: given for other, given in properties["Events"].items() if other != name}

    return mutate


FAULTS: list[tuple[str, Rule, Callable[[Source], Any]]] = [
    ("an action", rules.roles_allow_what_is_needed, without_action("WalletAuthFunction", "dynamodb:DeleteItem")),
    (
        "an action within a transaction",
        rules.roles_allow_what_is_needed,
        without_action("UsagePollingFunction", "dynamodb:ConditionCheckItem"),
    ),
    (
        "an action on one table",
        rules.roles_allow_what_is_needed,
        without_action("EnforcementFunction", "dynamodb:GetItem", "LedgerTable"),
    ),
    (
        "a secret",
        rules.roles_allow_what_is_needed,
        without_action("EnforcementFunction", "secretsmanager:GetSecretValue"),
    ),
    ("a signature", rules.roles_allow_what_is_needed, without_action("FlowBillingFunction", "kms:Sign")),
    (
        "sending to connections",
        rules.roles_allow_what_is_needed,
        without_action("PendingPushFunction", "execute-api:ManageConnections"),
    ),
    (
        "an action too many",
        rules.roles_allow_nothing_else,
        lambda source: next(statements(source, "SessionAuthorizerFunction"))["Action"].append("dynamodb:Scan"),
    ),
    (
        "failures of the queue",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("UsageSlicesFunction", "Slices", FunctionResponseTypes=[]),
    ),
    (
        "failures of a stream",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("EnforcementFunction", "Ledger", FunctionResponseTypes=[]),
    ),
    (
        "where a stream begins",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("PendingPushFunction", "Usage", StartingPosition="LATEST"),
    ),
    (
        "retries without end",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("PendingPushFunction", "Usage", MaximumRetryAttempts=-1),
    ),
    (
        "whole batches",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("PendingPushFunction", "Ledger", BisectBatchOnFunctionError=False),
    ),
    (
        "what is given up",
        rules.a_batch_that_fails_loses_nothing,
        lambda source: event(source, "EnforcementFunction", "Usage").pop("DestinationConfig"),
    ),
    (
        "one lane for all subscriptions",
        rules.a_batch_that_fails_loses_nothing,
        event_changed("PendingPushFunction", "Usage", ParallelizationFactor=1),
    ),
    (
        "a stream without a filter",
        rules.a_batch_that_fails_loses_nothing,
        lambda source: event(source, "EnforcementFunction", "Usage").pop("FilterCriteria"),
    ),
    (
        "a stream's images",
        rules.streams_show_both_images,
        changed("LedgerTable", StreamSpecification={"StreamViewType": "KEYS_ONLY"}),
    ),
    ("a stream", rules.streams_show_both_images, without_property("UsageTable", "StreamSpecification")),
    ("a stream's trigger", rules.functions_have_their_triggers, without_event("EnforcementFunction", "Ledger")),
    ("a queue's trigger", rules.functions_have_their_triggers, without_event("UsageSlicesFunction", "Slices")),
    ("a schedule", rules.functions_have_their_triggers, without_event("ChainEventsFunction", "Tick")),
    ("a route", rules.routes_are_those_of_the_handlers, without_event("AccountApiFunction", "Ticket")),
    (
        "another path",
        rules.routes_are_those_of_the_handlers,
        event_changed("KeyProvisioningFunction", "Delete", Path="/v1/key/{key_hash}"),
    ),
    (
        "a route without sign-in",
        rules.routes_are_those_of_the_handlers,
        lambda source: event(source, "KeyProvisioningFunction", "List").pop("Auth"),
    ),
    (
        "a permission to invoke",
        rules.triggers_are_permitted,
        lambda source: source["Resources"].pop("WebsocketPermission"),
    ),
    (
        "a TTL's name",
        rules.items_expire_by_the_attribute_that_is_written,
        changed("RealtimeTable", TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}),
    ),
    (
        "a TTL",
        rules.items_expire_by_the_attribute_that_is_written,
        without_property("AccountsTable", "TimeToLiveSpecification"),
    ),
    (
        "a visibility timeout",
        rules.a_message_is_seen_by_one_function_at_a_time,
        changed("UsageSlicesQueue", VisibilityTimeout=300),
    ),
    (
        "a dead-letter queue",
        rules.a_message_is_seen_by_one_function_at_a_time,
        without_property("UsageSlicesQueue", "RedrivePolicy"),
    ),
    (
        "how long failures are kept",
        rules.what_is_given_up_is_kept_for_14_days,
        without_property("StreamFailuresQueue", "MessageRetentionPeriod"),
    ),
    (
        "a timeout beyond the API's",
        rules.functions_end_before_nobody_waits_for_them,
        changed("AccountApiFunction", Timeout=60),
    ),
    (
        "documents behind the API",
        public_host.documents_are_served_without_a_function,
        lambda source: distribution_of(source)["CacheBehaviors"].pop(1),
    ),
    (
        "a document that cannot be read",
        public_host.documents_are_served_without_a_function,
        lambda source: bucket_statements(source)[0].update(Resource="arn:aws:s3:::other/*"),
    ),
    (
        "403 for what is not sealed yet",
        public_host.documents_are_served_without_a_function,
        lambda source: bucket_statements(source).pop(),
    ),
    (
        "the whole bucket in public",
        public_host.documents_are_served_without_a_function,
        lambda source: bucket_statements(source)[0].update(Resource={"Fn::Sub": "${DocumentsBucket.Arn}/*"}),
    ),
    (
        "an error that is kept",
        public_host.documents_are_served_without_a_function,
        lambda source: distribution_of(source)["CustomErrorResponses"][1].update(ErrorCachingMinTTL=300),
    ),
    (
        "an API behind the page",
        public_host.the_page_is_on_the_host_of_the_api,
        lambda source: distribution_of(source)["CacheBehaviors"].pop(),
    ),
    (
        "a host without the page",
        public_host.the_page_is_on_the_host_of_the_api,
        lambda source: distribution_of(source).pop("DefaultRootObject"),
    ),
    (
        "a page that cannot be read",
        public_host.the_page_is_on_the_host_of_the_api,
        lambda source: bucket_statements(source, "PagePolicy").pop(0),
    ),
    (
        "styles from within the page",
        public_host.the_page_loads_only_what_is_its_own,
        lambda source: with_page_policy(source, "style-src 'self'", "style-src 'self' 'unsafe-inline'"),
    ),
    (
        "scripts from elsewhere",
        public_host.the_page_loads_only_what_is_its_own,
        lambda source: with_page_policy(source, "script-src 'self'", "script-src https:"),
    ),
    (
        "a chain that the page may not ask",
        public_host.the_page_loads_only_what_is_its_own,
        lambda source: with_page_policy(source, "${FlowRestUrl} ", ""),
    ),
    (
        "documents without nosniff",
        public_host.every_answer_carries_security_headers,
        lambda source: distribution_of(source)["CacheBehaviors"][0].update(
            ResponseHeadersPolicyId="60669652-455b-4ae9-85a4-c4c02393f86c"
        ),
    ),
    (
        "a gate throttled like everybody",
        rules.the_gate_has_a_throttle_of_its_own,
        lambda source: resource(source, "HttpApi")["RouteSettings"].pop("POST /internal/credit"),
    ),
    (
        "answers without HSTS",
        public_host.every_answer_carries_security_headers,
        lambda source: distribution_of(source)["DefaultCacheBehavior"].pop("ResponseHeadersPolicyId"),
    ),
    ("a timeout beyond the next tick", rules.ticks_do_not_overlap, changed("FlowBillingFunction", Timeout=600)),
    (
        "ticks at once",
        rules.ticks_do_not_overlap,
        without_property("UsagePollingFunction", "ReservedConcurrentExecutions"),
    ),
    ("a metric that nobody watches", rules.what_needs_a_person_is_told, without("PagesWaitingAlarm")),
    ("an expression that nobody watches", rules.what_needs_a_person_is_told, without("NothingSettledAlarm")),
    (
        "failures that nobody drives again",
        rules.a_batch_that_fails_loses_nothing,
        lambda source: resource(source, "PendingPushFunction")["Events"].pop("GivenUp"),
    ),
    ("a queue that nobody watches", rules.what_needs_a_person_is_told, without("StreamFailuresAlarm")),
    ("ticks that nobody watches", rules.what_needs_a_person_is_told, without("TicksFailAlarm")),
    ("an alarm that nobody hears", rules.every_alarm_reaches_a_person, changed("PagesWaitingAlarm", AlarmActions=[])),
    (
        "an alarm without data",
        rules.every_alarm_reaches_a_person,
        changed("PagesWaitingAlarm", TreatMissingData="breaching"),
    ),
    ("an alarm for no service", rules.every_alarm_reaches_a_person, changed("PagesWaitingAlarm", Dimensions=[])),
    (
        "a table that goes with the stack",
        rules.data_outlives_the_stack,
        lambda source: source["Resources"]["LedgerTable"].pop("DeletionPolicy"),
    ),
    (
        "an authorizer whose answers are kept",
        rules.a_session_is_looked_at_for_each_request,
        lambda source: authorizer_of(source)["Identity"].update(ReauthorizeEvery=60),
    ),
    (
        "an authorizer whose answers are kept as long as API Gateway likes",
        rules.a_session_is_looked_at_for_each_request,
        lambda source: authorizer_of(source)["Identity"].pop("ReauthorizeEvery"),
    ),
]


@pytest.mark.parametrize(("rule", "mutate"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_in_the_template_breaks_its_rule(rule: Rule, mutate: Callable[[Source], Any], needs: Needs) -> None:
    # Given the template with one fault
    source = template_source()
    mutate(source)
    # Then its rule tells
    assert list(rule(deployed(source, needs), needs)) != []


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ("https://a.example", ["https://a.example"]),
        ("https://a.example,https://b.example", ["https://a.example", "https://b.example"]),
        ("", None),
    ],
)
def test_every_configured_origin_may_call_the_api(needs: Needs, origins: str, allowed: list[str] | None) -> None:
    template = translated(template_source(), {"AppOrigins": origins})
    _, body = Deployment(template, needs.provisioned).http_api
    assert (body.get("x-amazon-apigateway-cors") or {}).get("allowOrigins") == allowed
