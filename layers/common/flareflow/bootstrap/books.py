"""The operator's command that compares the books with their sources: `python -m flareflow.bootstrap.books`.

It runs with the operator's own credentials and the environment of the functions, and only reads. It prints each
difference, and at the end the balances of all kinds of accounts. Exit status: 0 without any difference, 1 with some, 2
when something could not be read.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import boto3

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.dynamodb.attestations import DynamoAttestations
from flareflow.adapters.dynamodb.books import DynamoStoredLedger
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.contracts import FlowDepositToken
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.books.rebuilding import Books, RebuildBooks
from flareflow.books.sealed import StatementDocuments
from flareflow.bootstrap.chain_events import ChainSettings, chain_log
from flareflow.errors import FlareFlowError
from flareflow.metering.models import LiveTotals, Usage
from flareflow.statements.ports import OpenEpoch
from flareflow.time import utc_now

DIFFERENCES_MAX: Final = 1_000
"""Differences that are printed; after that many, reading ends."""
SAY_SECONDS: Final = 2.0


class BooksSettings(ChainSettings):
    """Environment of the command."""

    statements_table: str
    usage_table: str
    documents_bucket: str


@dataclass(frozen=True, slots=True)
class Metered:
    """`books.ports.MeteredUsage` over the two readers of UsageTable."""

    epochs: DynamoEpochUsage
    usage: UsageReader

    def open_epoch(self) -> OpenEpoch | None:
        return self.epochs.open_epoch()

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        return self.epochs.deltas(epoch)

    def live(self, subscription_id: int) -> LiveTotals:
        return self.usage.live(subscription_id)


@dataclass(slots=True)
class Progress:
    """Shows what is being read on standard error, every few seconds."""

    seconds: Callable[[], float] = time.monotonic
    last: float = float("-inf")

    def __call__(self, what: str) -> None:
        now = self.seconds()
        if now - self.last >= SAY_SECONDS:
            self.last = now
            sys.stderr.write(f"reading {what}\n")


def rebuild_books() -> RebuildBooks:
    settings = BooksSettings.from_environment()
    database = boto3.resource("dynamodb")
    ledger, usage, statements = map(
        database.Table, (settings.ledger_table, settings.usage_table, settings.statements_table)
    )
    chain, addresses = chain_log(settings), contract_addresses(settings.flow_network, settings.flow_contract_address)
    documents = S3Documents(boto3.client("s3"), settings.documents_bucket)
    return RebuildBooks(
        chain=chain,
        token=FlowDepositToken(FlowScripts(chain.rest, addresses)),
        start_height=settings.flow_start_height,
        ledger=DynamoStoredLedger(ledger),
        sealed=StatementDocuments(DynamoStatements(statements), documents, DynamoAttestations(statements)),
        metered=Metered(DynamoEpochUsage(usage, time.sleep), UsageReader(usage)),
        cases=DynamoCases(usage, time.sleep),
        clock=utc_now,
        say=Progress(),
    )


def main() -> int:
    """Print every difference and the balances; return the exit status."""
    books, found = Books(), 0
    try:
        for difference in islice(rebuild_books().run(books), DIFFERENCES_MAX):
            found += 1
            sys.stdout.write(f"{difference}\n")
    except (FlareFlowError, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 2
    for (kind, unit), amount in sorted(books.balances.by_kind().items()):
        sys.stdout.write(f"{kind:12} {amount:>24} {unit}\n")
    sys.stdout.write(f"{books.balances.transactions} transactions, {found} differences\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
