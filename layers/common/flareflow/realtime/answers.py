"""Answers of the HTTP API about live updates."""

from typing import Annotated

from flareflow.answers import Answer, Moment, shown


class TicketAnswer(Answer):
    """A ticket that opens one WebSocket connection before `expires_at`."""

    ticket: Annotated[str, shown("5f" * 32)]
    expires_at: Moment
