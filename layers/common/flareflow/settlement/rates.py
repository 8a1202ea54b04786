"""The rate of dollars: read at each tick of billing, and stored for whoever values usage that is not settled yet."""

from dataclasses import dataclass
from datetime import datetime

from flareflow.errors import FlowRefusedError, FlowUnavailableError
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.ports import DollarRates, KnownRates


@dataclass(frozen=True, slots=True)
class ReadRate:
    """Store the rate that the contract would use now. The last one stays while there is none, or no answer."""

    oracle: DollarRates
    known: KnownRates

    def run(self, now: datetime) -> str | None:
        """Why there is no rate that the contract uses now; None when there is one."""
        try:
            rate_ufix64 = self.oracle.now()
        except (FlowRefusedError, FlowUnavailableError) as error:
            return str(error)
        self.known.note_rate(KnownRate(rate_ufix64, now))
        return None
