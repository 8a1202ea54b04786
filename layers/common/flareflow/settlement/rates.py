"""The rate of dollars: read at each tick of billing, and stored for whoever values usage that is not settled yet."""

from dataclasses import dataclass
from datetime import datetime

from flareflow.errors import FlowRefusedError
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.ports import DollarRates, KnownRates


@dataclass(frozen=True, slots=True)
class ReadRate:
    """Store the rate that the contract would accept now. The last one stays while it would accept none."""

    oracle: DollarRates
    known: KnownRates

    def run(self, now: datetime) -> str | None:
        """Why the contract accepts no rate now; None when it accepts one. Raises FlowUnavailableError."""
        try:
            rate_ufix64 = self.oracle.now()
        except FlowRefusedError as refused:
            return str(refused)
        self.known.note_rate(KnownRate(rate_ufix64, now))
        return None
