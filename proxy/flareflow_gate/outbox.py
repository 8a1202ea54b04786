"""Records of calls on the gate's own disk, until `usage_ingest` has them.

A record is written when a call is admitted and again when its answer ends, so that a gate that dies in between has
left a trace of it. SQLite in WAL mode without a sync for each write, which would take some milliseconds: a record
survives the end of the process, however it ends. A failure of the machine's power can lose those of the last seconds;
LiteLLM's spend log, in another database, is the second witness of these calls.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

BUSY_MILLISECONDS: Final = 5_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS call (
    event_id TEXT NOT NULL UNIQUE,
    gate TEXT NOT NULL,
    state INTEGER NOT NULL,
    record BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_state ON call (state);
"""


class State(IntEnum):
    """Where a record is on its way."""

    ADMITTED = 0
    WAITING = 1
    """The answer has ended: to be sent."""
    REJECTED = 2
    """`usage_ingest` will never take it: a person has to look at it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as it is sent."""

    event_id: str
    record: bytes


class Outbox:
    """One file, which several gates on the same machine may share; `gate` names the process that writes.

    Every method may raise sqlite3.Error.
    """

    def __init__(self, file: Path, gate: str) -> None:
        self._gate = gate
        self._connection = sqlite3.connect(file, autocommit=True, check_same_thread=False)
        self._connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def admit(self, event_id: str, record: bytes) -> None:
        """Keep what is known of a call before it is made."""
        self._connection.execute("INSERT INTO call VALUES (?, ?, ?, ?)", (event_id, self._gate, State.ADMITTED, record))

    def answer(self, event_id: str, record: bytes) -> None:
        """Keep the record of an answered call."""
        self._connection.execute(
            "UPDATE call SET state = ?, record = ? WHERE event_id = ?", (State.WAITING, record, event_id)
        )

    def forget(self, event_ids: Sequence[str]) -> None:
        """Remove calls that were refused, or whose records have been taken."""
        self._connection.execute(
            "DELETE FROM call WHERE event_id IN (SELECT value FROM json_each(?))", (json.dumps(event_ids),)
        )

    def reject(self, event_id: str) -> None:
        """Keep a record, but never send it again."""
        self._connection.execute("UPDATE call SET state = ? WHERE event_id = ?", (State.REJECTED, event_id))

    def waiting(self, limit: int) -> list[Stored]:
        """Up to `limit` records that are to be sent, oldest first."""
        rows = self._connection.execute(
            "SELECT event_id, record FROM call WHERE state = ? ORDER BY rowid LIMIT ?", (State.WAITING, limit)
        )
        return [Stored(event_id, record) for event_id, record in rows]

    def adopt_orphans(self, living: Sequence[str]) -> int:
        """Release the records of calls whose gate has died, as they were at admission; return how many."""
        released = self._connection.execute(
            "UPDATE call SET state = ? WHERE state = ? AND gate NOT IN (SELECT value FROM json_each(?))",
            (State.WAITING, State.ADMITTED, json.dumps(living)),
        )
        return released.rowcount

    def close(self) -> None:
        self._connection.close()
