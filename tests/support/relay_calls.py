"""The calls that are made to Flare's Relay: each rule of it at its edge, signed by the local voters."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flareflow.attestation.relay import PolicySignature, RelayedRoot, relay_policy_calldata
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.keccak import keccak256
from tests.cadence.flare import CURVE_ORDER, Electorate, message_of, policy_hash
from tests.support.flow_emulator import CHAIN_ID, REWARD_EPOCH, ROUNDS

WINDOW: Final = 10
"""Reward epochs: how much older than the newest policy a message may be, as on Flare."""
WEIGHTS: Final = (100, 65, 0, 33, 1, 1, 100)
THRESHOLD: Final = 166
"""Exactly reached by voters 0, 1, 4. By 120 percent it is 199, which voters 0, 1, 3, 4 reach."""
FIRST: Final = Electorate.of(WEIGHTS, threshold=THRESHOLD)
AT_THRESHOLD: Final = (0, 1, 4)
ONE_ABOVE: Final = (0, 1, 4, 5)
AT_RAISED: Final = (0, 1, 3, 4)
ABOVE_RAISED: Final = (0, 1, 3, 4, 5)
ALL: Final = tuple(range(len(WEIGHTS)))


@dataclass(frozen=True)
class Call:
    """A call of the Relay, made after others that it confirmed."""

    name: str
    calldata: bytes
    after: tuple[str, ...] = ()


def start_of(ahead: int) -> int:
    return (REWARD_EPOCH + ahead) * ROUNDS


ROUND: Final = start_of(0) + 7
MESSAGE: Final = message_of(ROUND)


def signed(message: bytes, by: Electorate, indices: Iterable[int] = ONE_ABOVE, chain_id: int | None = None) -> bytes:
    """Encoded signatures of a message; `chain_id` for the chain-bound scheme."""
    bound = b"" if chain_id is None else chain_id.to_bytes(32)
    return joined(by.sign(keccak256(bound + message), indices))


def joined(signatures: Iterable[PolicySignature]) -> bytes:
    return b"".join(signature.encode() for signature in signatures)


def root(
    name: str,
    indices: Iterable[int] = ONE_ABOVE,
    voting_round: int = ROUND,
    by: Electorate = FIRST,
    after: tuple[str, ...] = (),
    *,
    message: bytes | None = None,
) -> Call:
    content = message_of(voting_round) if message is None else message
    return Call(name, RelayedRoot(by.policy.encode(), content, signed(content, by, indices)).encode(), after)


def with_signatures(name: str, signatures: Sequence[PolicySignature]) -> Call:
    return Call(name, RelayedRoot(FIRST.policy.encode(), MESSAGE, joined(signatures)).encode())


def policy(
    name: str,
    following: Electorate,
    indices: Iterable[int] = ONE_ABOVE,
    *,
    by: Electorate = FIRST,
    after: tuple[str, ...] = (),
    given: Electorate | None = None,
    chain_id: int | None = None,
) -> Call:
    """A new policy signed by voters of `by`; `given` is the policy that the call names if it is another one."""
    signatures = joined(by.sign(policy_hash(following, chain_id), indices))
    named = (given or by).policy.encode()
    return Call(name, relay_policy_calldata(named, following.policy.encode(), signatures), after)


def following(weights: Sequence[int] = WEIGHTS, threshold: int = THRESHOLD, **how: object) -> Electorate:
    return Electorate.of(weights, threshold=threshold, reward_epoch=REWARD_EPOCH + 1, **how)  # type: ignore[arg-type]


NEXT: Final = following()
LATE: Final = following(start=start_of(1) + 10)
VERY_LATE: Final = following(start=start_of(2) + 10)
EARLY: Final = following(start=start_of(0))
REPEATED: Final = following([100, 100, 100, 100], threshold=200, numbers=[0, 1, 2, 0])
ONLY_REPEATED: Final = following([60, 60, 60], threshold=100, numbers=[0, 0, 0])
NOBODY: Final = Electorate(
    replace(NEXT.policy, voters=(*NEXT.policy.voters[:3], Voter(bytes(20), 33), *NEXT.policy.voters[4:])), NEXT.numbers
)
GIFTED: Final = Electorate(replace(FIRST.policy, threshold=150), FIRST.numbers)
STRANGERS: Final = Electorate.of(WEIGHTS, threshold=THRESHOLD, numbers=range(10, 17))


def changed(at: int, **how: int | bytes) -> list[PolicySignature]:
    """The signatures that are enough, one of which is changed."""
    signatures = FIRST.sign(keccak256(MESSAGE), ONE_ABOVE)
    signatures[at] = replace(signatures[at], **how)  # type: ignore[arg-type]
    return signatures


def calls_with_roots() -> Iterator[Call]:
    yield root("all voters sign", ALL)
    yield root("weight equal to the threshold", AT_THRESHOLD)
    yield root("weight one above the threshold", ONE_ABOVE)
    yield root("one voter of the largest weight", [0])
    yield root("no signature", [])
    yield root("threshold and a voter of weight 0", (0, 1, 2, 4))
    yield root("quorum with a voter of weight 0 in it", (0, 1, 2, 4, 5))
    yield root("indices out of order", (1, 0, 4, 5))
    yield root("a voter twice", (0, 1, 1))
    yield root("a root with the secure bit", message=MESSAGE[:5] + b"\1" + MESSAGE[6:])
    yield root("a root with another value in the secure byte", message=MESSAGE[:5] + b"\xfe" + MESSAGE[6:])
    yield root("a root of zero", message=message_of(ROUND, bytes(32)))
    yield root("protocol 100", message=message_of(ROUND, protocol=100))
    yield root("protocol 1 with a round", message=message_of(ROUND, protocol=1))
    yield root("protocol 1", message=message_of(0, protocol=1))
    yield root("a policy that is not known", ALL, start_of(1), NEXT)
    yield root("voters of another policy of the epoch", ALL, by=STRANGERS)
    yield root("a policy with a lower threshold than the known one", AT_THRESHOLD, by=GIFTED)
    yield root("the same root again", after=("all voters sign",))
    yield root("another root again", after=("all voters sign",), message=message_of(ROUND, keccak256(b"other")))
    yield root("a root of a round that protocol 100 has too", after=("protocol 100",))


def calls_with_signatures() -> Iterator[Call]:
    good = FIRST.sign(keccak256(MESSAGE), ONE_ABOVE)
    second, third = good[1], good[2]
    yield with_signatures("index equal to the number of voters", changed(3, index=7))
    yield with_signatures("index 65535", changed(3, index=65_535))
    yield with_signatures("a signature under another voter's index", changed(2, index=3))
    yield with_signatures("the signature of another voter", [good[0], replace(third, index=1), *good[2:]])
    yield with_signatures("signatures of another round", FIRST.sign(keccak256(message_of(ROUND + 1)), ONE_ABOVE))
    yield with_signatures("v of the other parity", changed(1, v=55 - second.v))
    yield with_signatures("v of 0 or 1", changed(1, v=second.v - 27))
    yield with_signatures("v of 0 for the address 0", changed(0, v=0, r=bytes(32), s=bytes(32)))
    yield with_signatures("v of 29", changed(1, v=29))
    other_s = (CURVE_ORDER - int.from_bytes(second.s)).to_bytes(32)
    yield with_signatures("high s with its v", changed(1, v=55 - second.v, s=other_s))
    yield with_signatures("high s with the v of the low one", changed(1, s=other_s))
    yield with_signatures("r of zero", changed(1, r=bytes(32)))
    yield with_signatures("s of zero", changed(1, s=bytes(32)))
    yield with_signatures("r of the curve's order", changed(1, r=CURVE_ORDER.to_bytes(32)))
    yield with_signatures("s of the curve's order", changed(1, s=CURVE_ORDER.to_bytes(32)))
    malformed = PolicySignature(27, bytes(32), bytes(32), 6)
    yield with_signatures("a malformed signature after the quorum", [*good, malformed])
    yield with_signatures("a malformed signature before the quorum", [*good[:3], malformed])
    yield with_signatures("an index too large after the quorum", [*good, replace(malformed, index=7)])
    yield with_signatures("an index out of order after the quorum", [*good, good[0]])
    yield with_signatures("more signatures than a policy can have voters", [*good, *[malformed] * 300])
    calldata = root("", ONE_ABOVE).calldata
    count_at = len(calldata) - len(joined(good)) - 2
    yield Call("bytes after the last signature", calldata + b"\0")
    yield Call("a count that leaves the last signature out", recounted(calldata, count_at, 3))
    yield Call("a count above the number of signatures", recounted(calldata, count_at, 5))
    yield Call("half of the last signature", calldata[:-33])
    chain_bound = signed(MESSAGE, FIRST, chain_id=CHAIN_ID)
    yield Call("chain-bound signatures", RelayedRoot(FIRST.policy.encode(), MESSAGE, chain_bound).encode())
    for name, split in (("older first", (0, 1)), ("chain-bound first", (4, 5))):
        older = signed(MESSAGE, FIRST, split)
        bound = signed(MESSAGE, FIRST, [index for index in ONE_ABOVE if index not in split], CHAIN_ID)
        both = older + bound if split[0] == 0 else bound + older
        yield Call(f"both schemes mixed, {name}", RelayedRoot(FIRST.policy.encode(), MESSAGE, both).encode())


def recounted(calldata: bytes, count_at: int, count: int) -> bytes:
    return calldata[:count_at] + count.to_bytes(2) + calldata[count_at + 2 :]


def calls_around_epochs() -> Iterator[Call]:
    yield root("the first round of the policy", voting_round=start_of(0))
    yield root("the round before the policy's epoch", voting_round=start_of(0) - 1)
    yield root("the last round of the epoch", voting_round=start_of(1) - 1)
    for ahead in (1, 2):
        there = f"{ahead} epochs ahead without a next policy"
        yield root(f"{there}, weight of the plain threshold", ONE_ABOVE, start_of(ahead))
        yield root(f"{there}, weight equal to 120 percent", AT_RAISED, start_of(ahead))
        yield root(f"{there}, weight above 120 percent", ABOVE_RAISED, start_of(ahead))
    known = ("a next policy",)
    yield root("the old policy before the next one's start", voting_round=start_of(1) - 1, after=known)
    yield root("the old policy at the next one's start", ALL, start_of(1), after=known)
    yield root("the next policy at its start", voting_round=start_of(1), by=NEXT, after=known)
    yield root("the next policy before its start", ALL, start_of(1) - 1, by=NEXT, after=known)
    late = ("a policy that starts late",)
    yield root("the old policy's last round before a late start", voting_round=start_of(1) + 9, after=late)
    yield root("the old policy there, weight equal to the threshold", AT_THRESHOLD, start_of(1) + 9, after=late)
    yield root("the old policy at a late start", ALL, start_of(1) + 10, after=late)
    yield root("the late policy before its start", ALL, start_of(1) + 9, LATE, late)
    yield root("the late policy at its start", voting_round=start_of(1) + 10, by=LATE, after=late)
    very = ("a policy that starts an epoch late",)
    yield root("the old policy two epochs on, before a very late start", voting_round=start_of(2) + 9, after=very)
    yield root("the very late policy at its start", ABOVE_RAISED, start_of(2) + 10, VERY_LATE, very)
    early = ("a policy that starts before its epoch",)
    yield root("the early policy in the epoch before its own", ALL, start_of(1) - 1, EARLY, early)
    yield root("the old policy in its epoch beside an early one", after=early)
    yield root("the early policy in its epoch", voting_round=start_of(1), by=EARLY, after=early)
    names = tuple(f"policy {number} of eleven" for number in range(1, WINDOW + 2))
    yield root("a message as old as the window", voting_round=start_of(1) - 1, after=names[:WINDOW])
    yield root("a message one epoch older than the window", ALL, start_of(1) - 1, after=names)
    repeated = ("a policy with an address twice",)
    yield root("an address twice counted for a quorum", (0, 1, 3), start_of(1), REPEATED, repeated)
    yield root("an address twice beside a quorum", (0, 1, 2, 3), start_of(1), REPEATED, repeated)
    alone = ("a policy of one address only",)
    yield root("one address three times", (0, 1, 2), start_of(1), ONLY_REPEATED, alone)
    nobody = ("a policy with the address 0",)
    yield root("a policy with the address 0 signs", voting_round=start_of(1), by=NOBODY, after=nobody)
    first, second, *others = NOBODY.sign(keccak256(message_of(start_of(1))), ONE_ABOVE)
    forged = [first, second, PolicySignature(27, bytes(32), bytes(32), 3)]
    for name, signatures in (
        ("a malformed signature for the address 0", forged),
        ("a malformed signature for the address 0 in a quorum", [*forged, *others]),
    ):
        encoded = RelayedRoot(NOBODY.policy.encode(), message_of(start_of(1)), joined(signatures)).encode()
        yield Call(name, encoded, nobody)


def calls_with_policies() -> Iterator[Call]:
    yield policy("a next policy", NEXT)
    yield policy("a policy signed with the threshold's weight", NEXT, AT_THRESHOLD)
    strangers = Electorate(FIRST.policy, STRANGERS.numbers)
    yield policy("a policy signed by its own voters", following(numbers=STRANGERS.numbers), by=strangers)
    yield policy("a policy that skips an epoch", Electorate.of(WEIGHTS, threshold=THRESHOLD, reward_epoch=1_002))
    yield policy("a policy of the same epoch", GIFTED, ALL)
    yield policy("a next policy of other voters", following(numbers=range(10, 17)))
    yield policy("a policy given with an older one", NEXT.next(), ALL, after=("a next policy of other voters",))
    yield policy("a policy after the next", NEXT.next(), by=NEXT, after=("a next policy",))
    yield policy("a policy given with a lower threshold than the known one", NEXT, AT_THRESHOLD, given=GIFTED)
    yield policy("a policy that starts late", LATE)
    yield policy("a policy that starts an epoch late", VERY_LATE)
    yield policy("a policy that starts before its epoch", EARLY)
    yield policy("a policy that starts before the one before", following(start=start_of(0) - 1))
    yield policy("a policy with an address twice", REPEATED)
    yield policy("a policy of one address only", ONLY_REPEATED)
    yield policy("a policy with the address 0", NOBODY)
    yield policy("a threshold of 50 percent", following([100, 101], 101))
    yield policy("a threshold below 50 percent", following([100, 101], 100))
    yield policy("a threshold of 66 percent", following([50, 50], 66))
    yield policy("a threshold above 66 percent", following([50, 50], 67))
    yield policy("weights of 65535", following([40_000, 25_535], 40_000))
    yield policy("weights of 65536", following([40_000, 25_536], 40_000))
    yield policy("weights of 0", following([0, 0], 0))
    yield policy("no voters", Electorate(replace(NEXT.policy, voters=()), ()))
    yield policy("300 voters", crowd(300))
    yield policy("301 voters", crowd(301))
    yield policy("a policy signed with the chain's id", NEXT, chain_id=CHAIN_ID)
    older, bound = policy_hash(NEXT, None), policy_hash(NEXT, CHAIN_ID)
    mixed = joined([*FIRST.sign(older, (0, 1)), *FIRST.sign(bound, (4, 5))])
    encoded = relay_policy_calldata(FIRST.policy.encode(), NEXT.policy.encode(), mixed)
    yield Call("a policy signed in both schemes", encoded)
    cut = policy("", NEXT).calldata
    new = NEXT.policy.encode()
    yield Call("a new policy that is a voter short", cut.replace(b"\0" + new, b"\0" + new[:-22]))
    electorates = [FIRST]
    for number in range(1, WINDOW + 2):
        electorates.append(electorates[-1].next())
        before = tuple(f"policy {earlier} of eleven" for earlier in range(1, number))
        yield policy(f"policy {number} of eleven", electorates[number], by=electorates[number - 1], after=before)


def crowd(size: int) -> Electorate:
    """So many voters with addresses that nobody has the keys of."""
    voters = tuple(Voter(number.to_bytes(20), 100) for number in range(1, size + 1))
    return Electorate(SigningPolicy(REWARD_EPOCH + 1, start_of(1), 50 * size, bytes(32), voters), ())


def all_calls() -> list[Call]:
    """Policies first, because calls are made after policies that were confirmed."""
    return [*calls_with_policies(), *calls_with_roots(), *calls_with_signatures(), *calls_around_epochs()]
