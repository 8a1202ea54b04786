"""Calls of Flare's Relay with what the real contract answered, as recorded in `tests/vectors/flare`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from flareflow.attestation.relay import RELAY_SELECTOR
from flareflow.attestation.signing_policy import HEAD_BYTES, VOTER_BYTES

RECORDED: Final = Path(__file__).parents[1] / "vectors" / "flare" / "relay_outcomes.json"


class Outcome(BaseModel):
    """What the Relay did with a call: the event that it emitted, or the reason for which it reverted."""

    name: str
    calldata: str
    """Hex, as given to the Relay."""
    after: list[str] = []
    """Names of the calls that the Relay had confirmed before, in their order."""
    root: str | None = None
    """The root that was confirmed, hex."""
    reward_epoch: int | None = None
    """The reward epoch whose policy was confirmed."""
    refusal: str | None = None
    """The Relay's own words."""

    @property
    def is_confirmed(self) -> bool:
        return self.refusal is None


class Recording(BaseModel):
    """All calls of one Relay, each made on a fresh one that trusts `first_policy`."""

    repository: str
    commit: str
    compiler: str
    rounds_per_reward_epoch: int
    message_window: int
    first_policy: str
    outcomes: list[Outcome]

    def named(self, name: str) -> Outcome:
        (found,) = (outcome for outcome in self.outcomes if outcome.name == name)
        return found


@dataclass(frozen=True, slots=True)
class RelayedPolicy:
    """A new policy as it is given to the Relay, with the signatures of the voters before it."""

    encoded: bytes
    signatures: bytes

    @classmethod
    def decode(cls, calldata: bytes) -> "RelayedPolicy | None":
        """None where the call brings a message."""
        at = _policy_end(calldata, len(RELAY_SELECTOR))
        if calldata[at] != 0:
            return None
        end = _policy_end(calldata, at + 1)
        return cls(calldata[at + 1 : end], calldata[end + 2 :])


def _policy_end(calldata: bytes, start: int) -> int:
    return start + HEAD_BYTES + VOTER_BYTES * int.from_bytes(calldata[start : start + 2])


def recorded_outcomes() -> Recording:
    return Recording.model_validate_json(RECORDED.read_bytes())


def write(recording: Recording) -> None:
    """Write a recording as one line for each outcome."""
    head = recording.model_dump(exclude={"outcomes"})
    lines: Sequence[str] = [json.dumps(one.model_dump(exclude_defaults=True)) for one in recording.outcomes]
    text = json.dumps(head, indent=1).removesuffix("\n}") + ',\n "outcomes": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    RECORDED.write_text(text)
