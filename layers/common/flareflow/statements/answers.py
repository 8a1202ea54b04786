"""Answers of the HTTP API about statements."""

from typing import Literal

from flareflow.answers import Answer, Hex, Number


class ListedStatementAnswer(Answer):
    """One statement of the list. The statement itself is the document `/v1/statements/{epoch}`, of 10 digits."""

    epoch: Number
    statement_hash: Hex


class StatementsAnswer(Answer):
    """Statements, newest first; `next_cursor` is the `cursor` of the next part of the list, null at the end."""

    statements: list[ListedStatementAnswer]
    next_cursor: Number | None


class LivenessAnswer(Answer):
    """The API answers; `newest_statement` is the epoch of the newest statement, null before the first."""

    status: Literal["ok"] = "ok"
    newest_statement: Number | None
