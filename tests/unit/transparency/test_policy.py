"""Policies of readers of the log, as https://c2sp.org/tlog-policy defines them."""

from collections.abc import Mapping

import pytest

from flareflow.transparency.notes import Checkpoint, KeyKind, NoteError, NoteKey, SignedCheckpoint
from flareflow.transparency.policy import LogPolicy, PolicyError
from tests.fakes.transparency import LOG, NOON, signer

NAMES = ("X1", "X2", "X3", "Y1", "Y2")
WITNESSES = {name: signer(f"{name}.example", KeyKind.WITNESS) for name in NAMES}
KEYS = "\n".join([f"log {LOG.key.text}", *(f"witness {name} {WITNESSES[name].key.text}" for name in NAMES)])
GROUPS = """
# two organizations
\tgroup X-witnesses  2 X1 X2 X3
group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
"""
CHECKPOINT = Checkpoint(LOG.name, 7, bytes(range(32)))


def policy(quorum: str = "quorum X-and-Y\n") -> LogPolicy:
    return LogPolicy.parse(f"{KEYS}\n{GROUPS}{quorum}".encode())


def signed_by(*names: str) -> SignedCheckpoint:
    lines = [LOG.sign(CHECKPOINT, NOON), *(WITNESSES[name].sign(CHECKPOINT, NOON) for name in names)]
    return SignedCheckpoint(CHECKPOINT, tuple(lines))


@pytest.mark.parametrize(
    ("names", "quorum", "is_met"),
    [
        ("X1 X3 Y2", "X-and-Y", True),
        ("X1 X2 X3", "X-and-Y", False),
        ("X1 Y1 Y2", "X-and-Y", False),
        ("", "X-and-Y", False),
        ("X1 X2", "X-witnesses", True),
        ("X3", "X3", True),
        ("X2", "X3", False),
        ("", "none", True),
    ],
)
def test_a_quorum_is_met_as_its_groups_say(names: str, quorum: str, is_met: bool) -> None:
    read = policy(f"quorum {quorum}\n")
    times = read.cosigners(signed_by(*names.split()))
    assert times == dict.fromkeys(names.split(), NOON)
    assert read.is_met_by(times) is is_met


def test_a_witness_is_known_by_its_key_and_not_by_its_name() -> None:
    # Given a signature by another key under the name of a witness
    other = NoteKey("X3.example", KeyKind.WITNESS, WITNESSES["X1"].key.public)
    line = WITNESSES["X1"].sign(CHECKPOINT, NOON)
    forged = SignedCheckpoint(CHECKPOINT, (LOG.sign(CHECKPOINT, NOON), type(line)(other.name, line.blob)))
    # Then it is a stranger's, which counts for nothing
    assert policy().cosigners(forged) == {}


def test_a_signature_of_a_witness_must_hold() -> None:
    line = WITNESSES["X1"].sign(Checkpoint(LOG.name, 8, bytes(32)), NOON)
    with pytest.raises(NoteError, match="does not hold"):
        policy().cosigners(SignedCheckpoint(CHECKPOINT, (line,)))


def test_the_log_is_the_one_of_the_checkpoint() -> None:
    assert policy().require_log(signed_by()) == LOG.key
    with pytest.raises(NoteError, match="which the policy does not name"):
        policy().require_log(SignedCheckpoint(Checkpoint("other", 7, bytes(32)), ()))
    with pytest.raises(NoteError, match="has not signed"):
        policy().require_log(SignedCheckpoint(CHECKPOINT, ()))


LINES: Mapping[str, str] = {
    "it begins with 'observer'": "observer X1",
    "X1' is not defined above, or is in a group already": "group again any X1",
    "Y9' is not defined above": "group more any Y9",
    "the name 'X1' is taken": f"witness X1 {signer('new.example', KeyKind.WITNESS).key.text}",
    "the name 'none' is taken": f"witness none {signer('new.example', KeyKind.WITNESS).key.text}",
    "key stands in the policy twice": f"witness again {WITNESSES['X1'].key.text}",
    "log's key stands in the policy twice": f"log {LOG.key.text}",
    "is not that of a witness": f"witness Z {LOG.key.text}",
    "is not that of a log": f"log {WITNESSES['X1'].key.text}",
    "has another id": f"witness Z {WITNESSES['X1'].key.text.replace('+', '+0', 1)}",
    "a URL may follow": f"witness Z {signer('new.example', KeyKind.WITNESS).key.text} https://w.example too",
    "'0' of 1 members": "group G 0 X-and-Y",
    "'2' of 1 members": "group G 2 X-and-Y",
    "'-1' of 1 members": "group G -1 X-and-Y",
    "a group has a name": "group G any",
    "as the quorum": "quorum Z",
}


@pytest.mark.parametrize(("reason", "line"), LINES.items(), ids=LINES)
def test_a_line_that_cannot_be_used_is_named(reason: str, line: str) -> None:
    with pytest.raises(PolicyError, match=f"line 12: .*{reason}"):
        LogPolicy.parse(f"{KEYS}\n{GROUPS.rstrip()}\n{line}\nquorum X-and-Y\n".encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"{KEYS}\n", "no line names the quorum"),
        ("quorum none\n", "no line names a log"),
        (f"{KEYS}\nquorum X1\nquorum X2\n", "one line names"),
        (f"{KEYS}\r\nquorum X1\n", "no control characters"),
        ("#" * 70_000, "at most"),
    ],
)
def test_a_policy_is_whole_and_of_its_form(content: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        LogPolicy.parse(content.encode())
