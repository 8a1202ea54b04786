"""What an operator asks for over HTTP in the main job, and what the public may."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import httpx

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.metering.cases import Case, CaseKind
from flareflow.settlement.payers import ReadPayers
from tests.fakes.settlement import FakeFlow, FakeLightClient
from tests.unit.template.aws_in_memory import AwsInMemory
from tests.unit.template.events import BEGIN, http_event
from tests.unit.template.handling import replaced
from tests.unit.template.litellm_stand_in import row

OPERATOR: Final = "arn:aws:iam::123456789012:user/olga"
PUBLIC: Final = ("statements", "epochs", "status", "status/days", "statistics")
"""What everybody may read, below /v1/."""
ORDER: Final = {
    "owner": "0x01",
    "webhook_id": "wh_1_gone",
    "delivery_id": "evt_gone",
    "version": 1,
    "due_at": "2026-01-01T00:00:00Z",
}
"""An order whose webhook was deleted: it changes nothing."""


def operate(aws: AwsInMemory, subscription_id: int) -> None:
    """Each route once, and each kind of decision."""
    lose_messages(aws)
    open_cases(aws)
    with aws.function("OperatorApiFunction") as (app, bootstrap, handle):
        cases = ask(handle, "GET", "/v1/operator/cases")["items"]
        row_case, tally_case = (next(case["id"] for case in cases if case["kind"] == kind) for kind in ("row", "tally"))
        decide = "/v1/operator/case-decisions"
        missing = {"request_id": "told-by-olga", "litellm_call_id": "told-by-olga"}
        why = {"why": "asked LiteLLM's database"}
        told = ask(handle, "POST", decide, {"case": row_case, "verdict": "billed", "row": missing, **why})
        assert (told["decision"]["verdict"], told["decision"]["who"]) == ("billed", OPERATOR)
        ask(handle, "POST", decide, {"case": tally_case, "verdict": "driven_again", **why})
        book = {"version": 4, "title": "operators'", "models": {}, "default": {"prompt": 1, "completion": 1}}
        put = ask(handle, "POST", "/v1/operator/price-books", {"book": book, "from_epoch": 2 * 10**9})
        assert put["from_epoch"] == str(2 * 10**9)
        one = ask(handle, "GET", f"/v1/operator/subscriptions/{subscription_id}")
        assert one["subscription"]["subscription_id"] == str(subscription_id)
        today = datetime.now(UTC).date()
        assert ask(handle, "GET", f"/v1/operator/margins/{today}")["day"] == str(today)
        depths = {one["name"]: one["waiting"] for one in ask(handle, "GET", "/v1/operator/queues")["queues"]}
        dead = {"usage_slices_dead_letters": "1", "stream_dead_letters": "3", "webhooks_dead_letters": "1"}
        assert {name: depths[name] for name in dead} == dead
        for queue, left in (("usage_slices", "0"), ("stream", "1"), ("webhooks", "0")):
            name = f"{queue}_dead_letters"
            told = ask(handle, "POST", "/v1/operator/redrives", {"queue": name})
            assert (int(told["moved"]) + int(told["left"]), told["left"]) == (int(dead[name]), left)
        assert "items" in ask(handle, "GET", "/v1/operator/key-differences")
        look_at_the_chains(handle, app, bootstrap)


def look_at_the_chains(handle: Any, app: Any, bootstrap: Any) -> None:
    """Nodes that tell a balance of 16; the address on Flare is that of the key in KMS."""
    payers, policies = bootstrap.read_payers(), bootstrap.read_policies()
    flow = SimpleNamespace(address=payers.flow.address, balance=lambda: 16)
    node = httpx.MockTransport(lambda _: httpx.Response(200, json={"result": "0x10"}))
    flare = replace(payers.flare, http=httpx.Client(transport=node))
    with replaced(
        app,
        read_payers=ReadPayers(flow, flare),
        read_policies=replace(policies, light_client=FakeLightClient(FakeFlow(), 7)),
    ):
        told = ask(handle, "GET", "/v1/operator/payers")
        assert (told["flow"]["balance_ufix64"], told["flare"]["balance_wei"]) == ("16", "16")
        assert ask(handle, "GET", "/v1/operator/signing-policies")["on_flow"] == "7"


def open_cases(aws: AwsInMemory) -> None:
    """A row without an id, and a tally."""
    body = json.dumps({**row(5_000, BEGIN), "request_id": None})
    usage = aws.tables.Table(aws.name_of("UsageTable"))
    DynamoCases(usage, lambda _: None).open(
        [
            Case(CaseKind.ROW, "unreadable_row", "olgas", BEGIN, body=body, at=BEGIN),
            Case(CaseKind.TALLY, "unknown_key", "olgas", BEGIN, body="[]", at=BEGIN),
        ]
    )


def lose_messages(aws: AwsInMemory) -> None:
    """A slice and an order that were given up, and records of streams by three functions, one of them unknown."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:"
    functions = ("PendingPushFunction", "EnforcementFunction", "another")
    dead: dict[str, Sequence[object]] = {
        "UsageSlicesDeadLetterQueue": [{}],
        "StreamFailuresQueue": [{"requestContext": {"functionArn": arn + one}} for one in functions],
        "WebhooksDeadLetterQueue": [ORDER],
    }
    for queue, bodies in dead.items():
        for body in bodies:
            aws.queues.send_message(QueueUrl=aws.name_of(queue), MessageBody=json.dumps(body))


def ask(handle: Any, method: str, path: str, body: object = None) -> Any:
    event = http_event(method, path, body)
    event["requestContext"]["authorizer"] = {"iam": {"userArn": OPERATOR}}
    answer = handle(event)
    assert answer["statusCode"] in {200, 201}, answer["body"]
    return json.loads(answer["body"])
