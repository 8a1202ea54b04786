"""Reconciliation on the whole local stack: nothing differs where all is well, and what is made to differ is a case."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from rich.console import Console

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
from flareflow.adapters.dynamodb.usage_kinds import BILLED_OF_KEY, COMPARED_OF_KEY, RECONCILED, SUSPICION, USAGE_PACK
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.key_spend import LiteLLMKeySpend
from flareflow.json_format import timestamp
from flareflow.metering.cases import CaseKind
from flareflow.metering.spent import Spent
from infra.local.aws import session as aws
from infra.local.aws.provision import physical_name
from infra.local.demo import job
from infra.local.demo.progress import Steps
from infra.local.demo.run import Customer, Stack
from infra.local.launch import Facts
from infra.local.ports import url
from infra.local.stack import FUNCTION_ERROR
from infra.waiting import until
from tests.support.days import within_one_day
from tests.support.eventually import WAIT_SECONDS_MAX, eventually
from tests.support.model_calls import BODY, answer_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

REASONS: Final = {"billed_less", "billed_more", "statement_differs", "journal_differs"}
OVER_AN_HOUR: Final = timedelta(minutes=61)
WORDS: Final = "three words here"
COST: Final = Spent(1, 3 * 2_500 + 9 * 10_000)
"""Of one call of gpt-4o with these words and nine tokens of answer."""


@dataclass(frozen=True)
class Reconciled:
    """A customer's numbers on the stack, and what reconciliation says of them."""

    facts: Facts
    customer: Customer

    @property
    def usage(self) -> "Table":
        return table("UsageTable")

    def call(self, prompt: str) -> None:
        body = {**BODY, "messages": [{"role": "user", "content": prompt}]}
        answer_of(self.facts, self.customer.secret, body).raise_for_status()

    def billed(self) -> Spent | None:
        return DynamoReconciled(self.usage).billed(today()).get(self.customer.key_hash)

    def counted(self) -> Spent | None:
        """What LiteLLM tells of the key today."""
        with litellm_client(self.facts["litellm_admin_url"], lambda: self.facts["litellm_master_key"]) as client:
            return LiteLLMKeySpend(client).of_day(today()).get(self.customer.key_hash)

    def reconcile(self) -> None:
        """Invoke the function as its schedule does."""
        address = f"{self.facts['lambda_url']}/2015-03-31/functions/ReconciliationFunction/invocations"
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": datetime.now(UTC).isoformat()}

        def invoked() -> httpx.Response | None:
            answer = httpx.post(address, json=event, timeout=WAIT_SECONDS_MAX)
            return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer

        answer = until(invoked, WAIT_SECONDS_MAX)
        assert answer.is_success and FUNCTION_ERROR not in answer.headers, answer.text

    def reconcile_an_hour_later(self) -> None:
        """Reconcile when all is settled, and what is billed and counted now was noted more than an hour ago.

        Until then the journal is behind the chain, of this customer or of others.
        """
        eventually(self.is_settled)
        eventually(lambda: job.nothing_is_on_its_way(self.customer.api))
        self.reconcile()
        for _ in range(2):
            self.let_an_hour_pass()
            self.reconcile()

    def let_an_hour_pass(self) -> None:
        """As if what was billed and counted, and what differs on the chain, had been noted more than an hour ago."""
        before = timestamp(datetime.now(UTC) - OVER_AN_HOUR)
        for key in (self.compared_key, *self.suspicions()):
            self._update(key, "SET #name = :value", {"#name": "at"}, {":value": before})

    @property
    def compared_key(self) -> Item:
        return COMPARED_OF_KEY.key(day=today().isoformat(), key_hash=self.customer.key_hash)

    def suspicions(self) -> Sequence[Item]:
        """The keys of what differed between journal and chain."""
        found = self.usage.query(KeyConditionExpression=SUSPICION.all_of())["Items"]
        return [{"pk": item["pk"], "sk": item["sk"]} for item in found]

    def is_settled(self) -> bool:
        """Whether the journal has the settlement of all that is counted."""
        number = self.customer.subscription_id
        kept, live = (
            DynamoLedger(table("LedgerTable"), lambda _: None).subscription(number),
            UsageReader(self.usage).live(number),
        )
        return kept is not None and kept.settled_microtokens == live.counted.rated_microtokens

    def differences(self) -> Sequence[tuple[str, int | None]]:
        """Reason and subscription of the open cases."""
        cases = DynamoCases(self.usage, lambda _: None).open_cases(None, 1_000)
        found = [case for case in cases if case.kind is CaseKind.DIFFERENCE and case.reason in REASONS]
        mine, number = self.customer.key_hash, self.customer.subscription_id
        return [(case.reason, number if mine in case.what else case.subscription_id) for case in found]

    def bill_a_dollar(self) -> None:
        """As if a call had been billed that LiteLLM has never counted."""
        key = BILLED_OF_KEY.key(day=today().isoformat(), key_hash=self.customer.key_hash)
        self._update(key, "ADD #name :value", {"#name": "cost_nanousd"}, {":value": 10**9})

    def lose_an_event(self) -> None:
        """Remove a pack of events of a sealed epoch, which is then reconciled again."""
        number, through = self.customer.subscription_id, DynamoReconciled(self.usage).through_epoch()
        packs = {
            USAGE_PACK.number(pack, "epoch"): pack
            for pack in self.usage.query(KeyConditionExpression=USAGE_PACK.all_of(subscription_id=number))["Items"]
        }
        epoch = max(one for one in packs if one <= through)
        self.usage.delete_item(Key={"pk": packs[epoch]["pk"], "sk": packs[epoch]["sk"]})
        self.usage.put_item(Item={**RECONCILED.key(), "epoch": epoch - 1})

    def change_the_journal(self) -> None:
        """As if the journal had an event that the chain does not have."""
        key = SUBSCRIPTION.key(subscription_id=self.customer.subscription_id)
        table("LedgerTable").update_item(
            Key=key,
            UpdateExpression="ADD balance_ufix64 :one, deposited_ufix64 :one",
            ExpressionAttributeValues={":one": 1},
        )

    def _update(self, key: Item, expression: str, names: dict[str, str], values: dict[str, Any]) -> None:
        self.usage.update_item(
            Key=dict(key),
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )


def table(logical_id: str) -> "Table":
    return aws.session().resource("dynamodb", endpoint_url=url("dynamodb")).Table(physical_name(logical_id))


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture(scope="module")
def reconciled(running: Facts) -> Iterator[Reconciled]:
    """A new customer with three calls, which are billed, sealed and reconciled, all on one day."""
    within_one_day(timedelta(minutes=10))
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack, job.become_customer(stack, quiet) as customer:
        made = Reconciled(running, customer)
        for _ in range(3):
            made.call(WORDS)
        three = COST + COST + COST
        eventually(lambda: made.counted() == three and made.billed() == three)
        yield made


def test_nothing_differs_on_a_healthy_stack_and_each_planted_difference_is_a_case(reconciled: Reconciled) -> None:
    number = reconciled.customer.subscription_id
    # Given a stack on which nothing was lost
    reconciled.reconcile_an_hour_later()
    # Then nothing differs
    assert reconciled.differences() == []
    # When LiteLLM loses a row, because the provider repeats the id of an answer
    for _ in range(2):
        reconciled.call(f"two words id=repeated-{number}")
    eventually(lambda: reconciled.counted() == COST + COST + COST + COST + COST)
    eventually(lambda: (billed := reconciled.billed()) is not None and billed.rows > 3)
    reconciled.reconcile_an_hour_later()
    # Then less was billed than LiteLLM has counted
    assert reconciled.differences() == [("billed_less", number)]
    # When more is billed than LiteLLM has counted, an event is lost, and the journal misses something
    reconciled.bill_a_dollar()
    reconciled.lose_an_event()
    reconciled.change_the_journal()

    def all_found() -> bool:
        reconciled.let_an_hour_pass()
        reconciled.reconcile()
        return {reason for reason, _ in reconciled.differences()} == REASONS

    # Then each is a case of this subscription
    eventually(all_found)
    assert {subscription for _, subscription in reconciled.differences()} == {number}
