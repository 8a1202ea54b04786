"""Tickets: a signed-in account opens a WebSocket with one, so that no session token is in a URL."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.credentials import TokenFactory, token_hash
from flareflow.realtime.models import Ticket
from flareflow.realtime.ports import Tickets
from flareflow.time import Clock

TICKET_LIFETIME: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class GiveTicket:
    """Give an account a ticket for one `$connect` within half a minute."""

    tickets: Tickets
    token: TokenFactory
    clock: Clock

    def run(self, address: str) -> Ticket:
        ticket = Ticket(self.token(), self.clock() + TICKET_LIFETIME)
        self.tickets.put(token_hash(ticket.ticket), address, ticket.expires_at)
        return ticket
