"""The light client answers as Flare's Relay did, call by call, except where it is stricter by decision."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import pytest

from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64
from flareflow.attestation.relay import PolicySignature, RelayedRoot, RootMessage
from flareflow.attestation.signing_policy import SigningPolicy
from infra.deploy.contracts import TrustedFlare
from infra.deploy.sending import TransactionFailedError
from tests.cadence.flare import CONFIRM, ROLL, beginning, confirming
from tests.support.flow_emulator import ROUNDS, Chain
from tests.support.relay_calls import FIRST, WINDOW, start_of
from tests.support.relay_vectors import Outcome, RelayedPolicy, recorded_outcomes
from tests.unit.attestation.vectors import recorded, unhex

pytestmark = pytest.mark.stack

RECORDING: Final = recorded_outcomes()
BEGINS: Final = WINDOW - 1
"""Reward epochs from the first policy to the time at which a test begins."""
NEXT_POLICY_FIRST: Final = "roll the policy of reward epoch {} first"
OTHER_PROTOCOL: Final = "the message is of protocol"
STRICTER: Final[Mapping[str, str]] = {
    "a root of zero": "is zero",
    "protocol 100": OTHER_PROTOCOL,
    "protocol 1": OTHER_PROTOCOL,
    "1 epochs ahead without a next policy, weight above 120 percent": NEXT_POLICY_FIRST.format(1_001),
    "2 epochs ahead without a next policy, weight above 120 percent": NEXT_POLICY_FIRST.format(1_001),
    "the very late policy at its start": NEXT_POLICY_FIRST.format(1_002),
    "an address twice counted for a quorum": "the signatures have weight 200 and need more than 200",
}
"""What the Relay confirms and the light client refuses, with the rule in the words of its refusal."""

NO_SUCH_SIGNER: Final = "malformed, by another key or in another hash scheme"
TOO_LITTLE: Final = "the signatures have weight .* and need more than|a list has 1 to 300 signatures"
NOTHING_NEW: Final = "nothing was confirmed"
"""In place of a message: the transaction skips policies that the light client has."""
IN_OUR_WORDS: Final[Mapping[str, str]] = {
    "Already relayed": "has its root already",
    "Delayed sign policy": "starts in round",
    "Index out of order": "index out of order",
    "Index out of range": "there is no voter",
    "Message too old": "is too old, reward epoch 1000 is more than 10 before 1011",
    "Must use new sign policy": "belongs to the policy of reward epoch",
    "Not enough signatures": "signatures have more than",
    "Not enough weight": f"{TOO_LITTLE}|roll the policy of reward epoch 1001 first",
    "Not next reward epoch": f"the next policy is that of reward epoch|{NOTHING_NEW}",
    "Not with last intialized": NO_SUCH_SIGNER,
    "Signing policy hash mismatch": f"is not known|{NO_SUCH_SIGNER}|{TOO_LITTLE}",
    "Wrong message format": OTHER_PROTOCOL,
    "Wrong sign policy reward epoch": "starts in round|lies in reward epoch",
    "Wrong signature": NO_SUCH_SIGNER,
    "ecrecover returned bad data": f"{NO_SUCH_SIGNER}|the signatures have weight 165 and",
    "must be non-trivial": "a policy has 1 to 300 voters",
    "too big threshold": "is not 50 to 66 percent",
    "too many voters": "a policy has 1 to 300 voters",
    "too small threshold": f"is not 50 to 66 percent|{NO_SUCH_SIGNER}",
    "total weight too big": "the weights sum to",
}
"""The Relay's reasons as the light client or the adapter before it says them."""

CHAIN_BOUND: Final = frozenset(
    {"chain-bound signatures", "a policy signed with the chain's id", "a policy signed in both schemes"}
)
"""What the light client confirms for the sake of Flare's next Relay, and the recorded one refuses."""

WEIGHTLESS: Final = "a malformed signature for the address 0 in a quorum"
"""The light client gives the address 0 no weight, and so does not mind what stands in its place."""


@pytest.fixture(scope="module")
def client(emulator: Chain) -> Iterator[Chain]:
    """A light client that trusts the recorded first policy, at a time when no recorded message is too old."""
    trusted = replace(FIRST.trusted(), message_window=WINDOW)
    with emulator.rolled_back() as chain:
        yield chain.light_client_with_own_clock(beginning(trusted, start_of(BEGINS)))


def replay(client: Chain, outcome: Outcome) -> tuple[str | None, int | None]:
    """Give the light client what the Relay was given; the root or the reward epoch that it confirmed."""
    calldata = bytes.fromhex(outcome.calldata)
    new = RelayedPolicy.decode(calldata)
    if new is None:
        relayed = RelayedRoot.decode(calldata)
        reward_epoch = SigningPolicy.decode(relayed.policy).reward_epoch
        result = client.run(
            CONFIRM, uint64(reward_epoch), string(relayed.message.hex()), string(relayed.signatures.hex())
        )
    else:
        signatures = Argument("Array", [string(new.signatures.hex()).as_json()])
        result = client.run(ROLL, array(string, [new.encoded.hex()]), signatures)
    events = dict(client.events(result))
    return events.get("RootConfirmed", {}).get("root"), events.get("SigningPolicyConfirmed", {}).get("rewardEpoch")


def prepare(client: Chain, outcome: Outcome) -> None:
    """Replay the calls before, and let the time come in which the newest policy is in force."""
    newest = 0
    for name in outcome.after:
        if name not in STRICTER:
            _, confirmed = replay(client, RECORDING.named(name))
            newest = max(newest, (confirmed or 0) - FIRST.policy.reward_epoch)
    if newest > BEGINS:
        client.wait((newest - BEGINS) * ROUNDS * FIRST.trusted().round_seconds)


def names(*, confirmed: bool) -> list[str]:
    return [
        outcome.name
        for outcome in RECORDING.outcomes
        if outcome.is_confirmed == confirmed and outcome.name not in {*STRICTER, *CHAIN_BOUND, WEIGHTLESS}
    ]


@pytest.mark.parametrize("name", names(confirmed=True))
def test_what_the_relay_confirmed_is_confirmed(client: Chain, name: str) -> None:
    outcome = RECORDING.named(name)
    with client.rolled_back():
        prepare(client, outcome)
        assert replay(client, outcome) == (outcome.root, outcome.reward_epoch)


@pytest.mark.parametrize("name", names(confirmed=False))
def test_what_the_relay_refused_is_refused(client: Chain, name: str) -> None:
    outcome = RECORDING.named(name)
    with client.rolled_back():
        prepare(client, outcome)
        with pytest.raises((TransactionFailedError, ValueError), match=IN_OUR_WORDS[str(outcome.refusal)]):
            if not any(replay(client, outcome)):
                raise ValueError(NOTHING_NEW)


@pytest.mark.parametrize("name", STRICTER)
def test_the_light_client_is_stricter_by_a_named_rule(client: Chain, name: str) -> None:
    outcome = RECORDING.named(name)
    assert outcome.is_confirmed
    with client.rolled_back():
        prepare(client, outcome)
        with pytest.raises(TransactionFailedError, match=STRICTER[name]):
            replay(client, outcome)


@pytest.mark.parametrize("name", sorted(CHAIN_BOUND))
def test_signatures_with_the_chains_id_count_before_flare_takes_them(client: Chain, name: str) -> None:
    outcome = RECORDING.named(name)
    assert outcome.refusal == "Wrong signature"
    with client.rolled_back():
        assert any(replay(client, outcome))


def test_what_stands_in_the_place_of_the_address_0_adds_nothing_and_hinders_nothing(client: Chain) -> None:
    outcome = RECORDING.named(WEIGHTLESS)
    assert outcome.refusal == "ecrecover returned bad data"
    with client.rolled_back():
        prepare(client, outcome)
        assert any(replay(client, outcome))


def test_a_signature_made_on_flare_counts_for_the_voter_who_made_it(chain: Chain) -> None:
    # Given a light client of Flare's reward epoch 241, and a signature of one of its voters from Flare itself
    made = recorded("signature_812662")
    policy = unhex(recorded("signing_policies")[made["policy"]]["signingPolicyBytes"])
    message = RootMessage.decode(unhex(made["message"]))
    flare = TrustedFlare(14, 3_360, policy, protocol_id=message.protocol_id)
    client = chain.light_client_with_own_clock(beginning(flare, message.voting_round))
    signature = PolicySignature(made["v"], unhex(made["r"]), unhex(made["s"]), made["voter"])
    # Then it has that voter's weight, and under another's index it is nobody's
    counted = f"the signatures have weight {made['weight']} and need more than"
    client.refuses(counted, CONFIRM, *confirming(message.encode(), [signature], 241))
    misplaced = [replace(signature, index=made["voter"] + 1)]
    client.refuses(NO_SUCH_SIGNER, CONFIRM, *confirming(message.encode(), misplaced, 241))
