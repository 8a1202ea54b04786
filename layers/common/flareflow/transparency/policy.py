"""Whose signatures a reader of a log asks for under a checkpoint, as a file: https://c2sp.org/tlog-policy.

A line names a log, a witness, a group of which some must have signed, or the witness or group that must have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flareflow.transparency.notes import KeyKind, NoteError, NoteKey, SignedCheckpoint

POLICY_BYTES_MAX: Final = 65_536
NAMES_MAX: Final = 64
"""Logs, and witnesses and groups together."""
NONE: Final = "none"
ALLOWED: Final = frozenset(range(0x20, 0x7F)) | frozenset(range(0x80, 0x100)) | {0x09, 0x0A}


class PolicyError(ValueError):
    """A line of a policy cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups of which `needed` must have signed."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """The logs that are trusted, and the quorum of witnesses; None asks for no witness."""

    logs: tuple[NoteKey, ...]
    witnesses: Mapping[str, NoteKey]
    groups: Mapping[str, Group]
    quorum: str | None

    @classmethod
    def parse(cls, content: bytes) -> "LogPolicy":
        """Raises PolicyError."""
        if len(content) > POLICY_BYTES_MAX or not set(content) <= ALLOWED:
            raise PolicyError(f"a policy has at most {POLICY_BYTES_MAX} bytes, and no control characters")
        reading = _Reading()
        for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1):
            try:
                reading.take([item for item in line.replace("\t", " ").split(" ") if item])
            except ValueError as error:
                raise PolicyError(f"line {number}: {error}") from error
        return reading.policy

    def require_log(self, signed: SignedCheckpoint) -> NoteKey:
        """The log that has signed a checkpoint. Raises NoteError unless it is one of the policy's."""
        origin = signed.checkpoint.origin
        for log in self.logs:
            if log.name == origin:
                signed.check(log)
                return log
        raise NoteError(f"the checkpoint is of the log {origin!r}, which the policy does not name")

    def cosigners(self, signed: SignedCheckpoint) -> Mapping[str, datetime]:
        """When each witness of the policy that has signed did. Raises NoteError for a signature that does not hold."""
        times = {
            name: signed.check(key)
            for name, key in self.witnesses.items()
            if any(line.is_by(key) for line in signed.signatures)
        }
        return {name: time for name, time in times.items() if time is not None}

    def is_met_by(self, names: Mapping[str, object]) -> bool:
        """Whether these witnesses are the quorum."""
        return self.quorum is None or self._has_signed(self.quorum, names)

    def _has_signed(self, name: str, signers: Mapping[str, object]) -> bool:
        """Groups name only what was defined before them, so this ends."""
        group = self.groups.get(name)
        if group is None:
            return name in signers
        return sum(self._has_signed(member, signers) for member in group.members) >= group.needed


@dataclass(slots=True)
class _Reading:
    """What the lines so far have defined."""

    logs: list[NoteKey] = field(default_factory=list)
    witnesses: dict[str, NoteKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)
    quorum: list[str] = field(default_factory=list)

    def take(self, items: Sequence[str]) -> None:
        """One line. Raises ValueError."""
        if not items or items[0].startswith("#"):
            return
        kinds: Mapping[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if items[0] not in kinds:
            raise ValueError(f"it begins with {items[0]!r}, and not with {', '.join(kinds)}")
        kinds[items[0]](items[1:])

    @property
    def policy(self) -> LogPolicy:
        if not self.quorum:
            raise PolicyError("no line names the quorum")
        if not self.logs:
            raise PolicyError("no line names a log")
        [name] = self.quorum
        return LogPolicy(tuple(self.logs), self.witnesses, self.groups, None if name == NONE else name)

    def _log(self, items: Sequence[str]) -> None:
        key = _key(items, 0, KeyKind.LOG)
        if any(key.public == other.public for other in self.logs) or len(self.logs) >= NAMES_MAX:
            raise ValueError("this log's key stands in the policy twice, or there are too many logs")
        self.logs.append(key)

    def _witness(self, items: Sequence[str]) -> None:
        key = _key(items, 1, KeyKind.WITNESS)
        if any(key.public == other.public for other in self.witnesses.values()):
            raise ValueError("this witness's key stands in the policy twice")
        self._require_new(items[0])
        self.witnesses[items[0]] = key

    def _group(self, items: Sequence[str]) -> None:
        if len(items) < 3:
            raise ValueError("a group has a name, how many must have signed, and members")
        name, needed, *members = items
        for member in members:
            if member in self.grouped or not self._is_known(member):
                raise ValueError(f"{member!r} is not defined above, or is in a group already")
            self.grouped.add(member)
        counts = {"all": len(members), "any": 1}
        count = counts[needed] if needed in counts else int(needed) if needed.isdecimal() else 0
        if not 1 <= count <= len(members):
            raise ValueError(f"{needed!r} of {len(members)} members cannot sign")
        self._require_new(name)
        self.groups[name] = Group(count, tuple(members))

    def _quorum(self, items: Sequence[str]) -> None:
        if self.quorum or len(items) != 1 or not (items[0] == NONE or self._is_known(items[0])):
            raise ValueError("one line names one witness or group defined above it, or none, as the quorum")
        self.quorum.append(items[0])

    def _is_known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _require_new(self, name: str) -> None:
        if name == NONE or self._is_known(name) or len(self.witnesses) + len(self.groups) >= NAMES_MAX:
            raise ValueError(f"the name {name!r} is taken, or there are too many names")


def _key(items: Sequence[str], at: int, kind: KeyKind) -> NoteKey:
    """The key of a line, which a URL may follow."""
    if not at < len(items) <= at + 2:
        raise ValueError("a log is a key, a witness a name and a key; a URL may follow")
    key = NoteKey.parse(items[at])
    if key.kind is not kind:
        raise ValueError(f"the key of {key.name!r} is not that of a {kind.name.lower()}")
    return key
