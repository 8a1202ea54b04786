"""What an operator and the dead-letter queues mend, on the whole local stack."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from rich.console import Console

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import PLAN as PLAN_KIND
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.adapters.flow.json_cdc import ufix64, uint64
from flareflow.settlement.positions import SetAside
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.aws import session as aws
from infra.local.aws.provision import physical_name
from infra.local.demo import job
from infra.local.demo.api import ApiError
from infra.local.demo.customer import Subscriber
from infra.local.demo.progress import Steps
from infra.local.demo.run import DEPOSIT_UFIX64, Customer, Stack
from infra.local.flow.accounts import service_account
from infra.local.flow.contracts import LocalDeployer
from infra.local.launch import Facts
from infra.local.ports import url
from infra.local.stack import FUNCTION_ERROR
from tests.support.eventually import WAIT_SECONDS_MAX, eventually
from tests.support.model_calls import answer_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

FLOW: Final = 10**8
PLAN: Final = 7
AHEAD: Final = 3
"""Epochs, of ten seconds here, until a new price book is in force."""


@dataclass(frozen=True)
class Operator:
    """The operator's rights on the stack, and a customer."""

    facts: Facts
    stack: Stack
    customer: Customer

    def invoke(self, function: str, event: dict[str, object]) -> Any:
        """The function's answer to an event; a tick that runs already is waited for."""
        address = f"{self.facts['lambda_url']}/2015-03-31/functions/{function}/invocations"

        def invoked() -> httpx.Response | None:
            answer = httpx.post(address, json=event, timeout=WAIT_SECONDS_MAX)
            return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer

        answer = eventually(invoked)
        assert answer.is_success and FUNCTION_ERROR not in answer.headers, answer.text
        return answer.json()

    def top_up(self, subscriber: Subscriber) -> None:
        arguments = uint64(subscriber.subscription_id), ufix64(FLOW)
        self.stack.flow.run(subscriber.account, "subscriptions/top_up.cdc", *arguments)

    def call(self) -> None:
        answer_of(self.facts, self.customer.secret).raise_for_status()

    def epochs_of_calls(self) -> set[int]:
        """The epochs in which the customer's last calls count."""
        path = f"/v1/subscriptions/{self.customer.subscription_id}/events"
        return {int(one["epoch"]) for one in self.customer.api.get(path)["items"]}

    def books_of(self, epoch: int) -> set[str]:
        """The price books of the customer's events of an epoch."""
        path = f"/v1/subscriptions/{self.customer.subscription_id}/usage/{epoch}"
        return {json.loads(event["leaf"])["price_book_hash"] for event in self.customer.api.get(path)["items"]}


def table(logical_id: str) -> "Table":
    return aws.session().resource("dynamodb", endpoint_url=url("dynamodb")).Table(physical_name(logical_id))


def ledger() -> DynamoLedger:
    return DynamoLedger(table("LedgerTable"), lambda _: None)


@pytest.fixture
def operator(running: Facts) -> Iterator[Operator]:
    with Stack.of(running) as stack, job.become_customer(stack, Steps(Console(file=io.StringIO()))) as customer:
        yield Operator(running, stack, customer)


def test_a_price_book_is_in_force_from_the_epoch_that_it_names(operator: Operator) -> None:
    # Given a call by the book in force, and a book that names another model
    operator.call()
    earliest = min(eventually(operator.epochs_of_calls))
    before = operator.customer.api.get("/v1/price-book")
    nobody = {"prompt": 1_000_000, "completion": 1_000_000}
    book = {**before, "version": before["version"] + 1, "models": {**before["models"], "of-nobody": nobody}}
    first = open_epoch() + AHEAD
    # When it is put in force for some epochs later, and calls go on
    command: dict[str, object] = {"command": "put_price_book", "book": book, "from_epoch": first, "who": "alice"}
    put = operator.invoke("UsageCasesFunction", command)
    found: dict[int, set[str]] = {}

    def both_were_counted() -> bool:
        operator.call()
        ended = range(max(found, default=earliest), open_epoch())
        found.update({epoch: books for epoch in ended if (books := operator.books_of(epoch))})
        return min(found, default=first) < first <= max(found, default=0)

    eventually(both_were_counted)
    # Then calls are rated by it from that epoch on, and not before
    assert put == {"price_book_hash": put["price_book_hash"], "from_epoch": str(first)}
    new = {epoch for epoch, books in found.items() if books == {put["price_book_hash"]}}
    assert new == {epoch for epoch in found if epoch >= first}
    assert all(len(books) == 1 for books in found.values())
    # And the API and the statement tell it, whose document is the book
    assert operator.customer.api.get("/v1/price-book") == book
    statement = eventually(lambda: statement_of(operator, max(found)))
    assert statement["price_book_hash"] == put["price_book_hash"]
    path = f"/v1/price-books/{put['price_book_hash'].removeprefix('0x')}"
    assert json.loads(operator.customer.api.text(path)) == book


def open_epoch() -> int:
    found = DynamoEpochUsage(table("UsageTable"), lambda _: None).open_epoch()
    assert found is not None
    return found.epoch


def statement_of(operator: Operator, epoch: int) -> dict[str, str] | None:
    answer = httpx.get(f"{operator.facts['api_url']}/v1/statements/{epoch:010}", timeout=WAIT_SECONDS_MAX)
    return dict(answer.json()) if answer.is_success else None


def test_the_operators_page_is_for_the_account_that_the_stack_lists(operator: Operator) -> None:
    # Given the account that the stack lists, which signs in with its key as everybody does
    account = Subscriber(service_account(), subscription_id=0, transaction_id="")
    with account.sign_in(operator.facts["api_url"], operator.facts["app_origin"]) as page:
        # When it asks for what the operators' page shows
        payers, policies = page.get("/v1/console/payers"), page.get("/v1/console/signing-policies")
        queues = page.get("/v1/console/queues")["queues"]
    # Then both chains tell what the accounts that pay have left, and Flow the newest voters that it knows
    assert int(payers["flow"]["balance_ufix64"]) > 0
    assert int(payers["flare"]["balance_wei"]) > 0
    assert payers["flow"]["address"] == operator.facts["flow_operator_address"]
    assert policies["on_flow"] is not None
    # And the queues are there
    assert "stream_dead_letters" in {queue["name"] for queue in queues}
    # And for the customer there is no such page
    for path in ("payers", "signing-policies", "queues", "cases", "key-differences"):
        with pytest.raises(ApiError, match=r"404.*route_not_found"):
            operator.customer.api.get(f"/v1/console/{path}")


@pytest.fixture
def plan(operator: Operator) -> Iterator[Item]:
    """A plan of this test's own, as the ledger has stored it; it is stored again at the end."""
    add_plan(LocalDeployer(operator.stack.flow, service_account()), PlanTerms(plan_id=PLAN))
    key, plans = PLAN_KIND.key(plan_id=PLAN, plan_version=1), table("LedgerTable")
    stored = eventually(lambda: plans.get_item(Key=key, ConsistentRead=True).get("Item"))
    yield stored
    plans.put_item(Item=stored)


def test_an_event_that_cannot_be_entered_waits_alone_until_the_journal_is_repaired(
    operator: Operator, plan: Item
) -> None:
    # Given a plan that the ledger has lost, and a customer on another one
    table("LedgerTable").delete_item(Key={"pk": plan["pk"], "sk": plan["sk"]})
    customer = operator.customer.subscriber
    # When somebody subscribes to the lost plan, and the customer tops up
    waiting = Subscriber.open(operator.stack.flow, FLOW, PLAN).subscription_id
    operator.top_up(customer)
    # Then the customer's money is entered, and the new subscription is set aside
    eventually(lambda: balance(customer.subscription_id) == DEPOSIT_UFIX64 + FLOW)
    [aside] = eventually(lambda: set_aside_of(waiting))
    assert (aside.kind, balance(waiting)) == ("SubscriptionOpened", None)
    # When the journal is repaired before the plan is there again, Then the operator is told what waits, and why
    told = operator.invoke("ChainEventsFunction", {"command": "repair"})
    [still] = [one for one in told["still_aside"] if one["subscription_id"] == str(waiting)]
    assert (told["entered"], "no event has announced the plan" in still["reason"]) == ("0", True)
    # When the plan is there again, Then the repair enters the subscription
    table("LedgerTable").put_item(Item=plan)
    assert operator.invoke("ChainEventsFunction", {"command": "repair"}) == {"entered": "1", "still_aside": []}
    assert (balance(waiting), set_aside_of(waiting)) == (FLOW, [])


def set_aside_of(number: int) -> list[SetAside]:
    return [one for one in ledger().set_aside(1_000) if one.subscription_id == number]


def balance(number: int) -> int | None:
    subscription = ledger().subscription(number)
    return subscription.balance_ufix64 if subscription else None


@pytest.mark.parametrize("queue", ["PushFailuresQueue", "EnforcementFailuresQueue"])
def test_records_that_were_given_up_are_driven_again(operator: Operator, queue: str) -> None:
    # Given what is told of a record that failed at every attempt: the first of the customer's totals
    operator.call()
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    address = sqs.get_queue_url(QueueName=physical_name(queue))["QueueUrl"]
    body = json.dumps({"DDBStreamBatchInfo": eventually(lambda: place_of_totals(operator.customer.subscription_id))})
    given_up = waiting("StreamFailuresQueue")
    # When it comes to the function's queue
    sqs.send_message(QueueUrl=address, MessageBody=body)
    # Then the function reads it again and handles it: the queue is empty, and nothing more is given up for good
    eventually(lambda: waiting(queue) == 0)
    assert waiting("StreamFailuresQueue") == given_up


def waiting(queue: str) -> int:
    """How many messages a queue has, also those that are under way."""
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    address = sqs.get_queue_url(QueueName=physical_name(queue))["QueueUrl"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=address, AttributeNames=names)["Attributes"].values()))


def place_of_totals(number: int) -> dict[str, str] | None:
    """Where the stream of UsageTable has the first record of a subscription's totals."""
    stream = table("UsageTable").latest_stream_arn
    streams: Any = aws.session().client("dynamodbstreams", endpoint_url=url("dynamodb"))
    wanted = LIVE_TOTALS.key(subscription_id=number)
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        place = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                keys, at = record["dynamodb"]["Keys"], record["dynamodb"]["SequenceNumber"]
                if {name: value["S"] for name, value in keys.items()} == wanted:
                    there = {"streamArn": stream, "shardId": shard["ShardId"]}
                    return there | {"startSequenceNumber": at, "endSequenceNumber": at}
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return None
