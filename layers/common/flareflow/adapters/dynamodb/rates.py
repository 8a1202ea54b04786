"""The last rate of dollars, in LedgerTable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_kinds import RATE
from flareflow.settlement.charging import KnownRate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_RATE: Final = LateAdapter(KnownRate)


@dataclass(frozen=True, slots=True)
class DynamoRates:
    """`KnownRates`: one item."""

    table: "Table"

    def last_rate(self) -> KnownRate | None:
        with translating("read the last rate"):
            item = self.table.get_item(Key=RATE.key(), ConsistentRead=True).get("Item")
        return _RATE.validate_python(item) if item else None

    def note_rate(self, rate: KnownRate) -> None:
        with translating("store the rate"):
            self.table.put_item(Item=_RATE.dump_python(rate, mode="json") | RATE.key())
