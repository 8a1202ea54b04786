"""The command counts signatures as Flare's Relay did, call by call, except where it is stricter by decision."""

from typing import Final

import pytest

from flareflow.attestation.relay import RelayedRoot
from flareflow_verify.bundle import POLICY_BYTES_MAX, Attested, Bundle, OnFlow, SignedPolicy
from flareflow_verify.checking import Outcome, check
from flareflow_verify.evidence import Link, Trust
from tests.support.bills import World
from tests.support.flow_emulator import CHAIN_ID
from tests.support.relay_vectors import Outcome as Recorded
from tests.support.relay_vectors import RelayedPolicy, recorded_outcomes

RECORDING: Final = recorded_outcomes()
STRICTER: Final = {
    "protocol 100": "it is of another protocol than the Data Connector's",
    "protocol 1": "it is of another protocol than the Data Connector's",
    "1 epochs ahead without a next policy, weight above 120 percent": "a policy that has ended signs nothing",
    "2 epochs ahead without a next policy, weight above 120 percent": "a policy that has ended signs nothing",
    "the very late policy at its start": "a policy that has ended signs nothing",
    "an address twice counted for a quorum": "an address counts once",
}
ANOTHER_IN_FORCE: Final = "nobody has to name the policy, and the one in force has the same voters"
LOOSER: Final = {
    "chain-bound signatures": "the scheme of Flare's next Relay counts too",
    "a policy signed with the chain's id": "the scheme of Flare's next Relay counts too",
    "a policy signed in both schemes": "the scheme of Flare's next Relay counts too",
    "the same root again": "it is the same root",
    "another root again": "who compares the roots of both chains sees it; a quorum signed both",
    "a message one epoch older than the window": "old bills can be checked too",
    "the old policy at the next one's start": ANOTHER_IN_FORCE,
    "the next policy before its start": ANOTHER_IN_FORCE,
    "the old policy at a late start": ANOTHER_IN_FORCE,
    "the late policy before its start": ANOTHER_IN_FORCE,
    "the early policy in the epoch before its own": ANOTHER_IN_FORCE,
}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def policies_known(outcome: Recorded) -> list[SignedPolicy]:
    """The first policy and those that were confirmed before the call, each after the one that it follows."""
    known = [SignedPolicy(policy=bytes.fromhex(RECORDING.first_policy))]
    for name in outcome.after:
        new = RelayedPolicy.decode(bytes.fromhex(RECORDING.named(name).calldata))
        if new is not None:
            known.append(SignedPolicy(policy=new.encoded, signatures=new.signatures))
    return known


def on_flow(world: World) -> OnFlow:
    rounds = RECORDING.rounds_per_reward_epoch
    return world.on_flow.model_copy(update={"rounds_per_reward_epoch": rounds, "source_chain_id": CHAIN_ID})


def verdict(world: World, outcome: Recorded) -> bool:
    """Whether the command takes for signed what the Relay was given."""
    calldata, policies = bytes.fromhex(outcome.calldata), policies_known(outcome)
    new = RelayedPolicy.decode(calldata)
    link, attested = Link.POLICY, world.attested
    if new is not None:
        if len(new.encoded) > POLICY_BYTES_MAX:
            return False
        policies.append(SignedPolicy(policy=new.encoded, signatures=new.signatures))
    else:
        try:
            relayed = RelayedRoot.decode(calldata)
        except ValueError:
            return False
        link = Link.SIGNATURES
        attested = Attested(response=b"", siblings=(), message=relayed.message, signatures=relayed.signatures)
    bundle: Bundle = world.bundle().model_copy(
        update={"policies": tuple(policies), "attested": attested, "on_flare": None, "on_flow": on_flow(world)}
    )
    found = {finding.link: finding.outcome for finding in check(bundle, Trust()).findings}
    return found[link] is Outcome.VERIFIED


@pytest.mark.parametrize("outcome", RECORDING.outcomes, ids=lambda outcome: outcome.name)
def test_signatures_count_as_in_the_relay(world: World, outcome: Recorded) -> None:
    differs = outcome.name in STRICTER if outcome.is_confirmed else outcome.name in LOOSER
    assert verdict(world, outcome) == (outcome.is_confirmed is not differs)
