"""What it costs to follow Flare when the contracts keep as many roots and epochs as they ever will: those of a week."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import batched
from typing import Final

from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import array, string, uint64, uint256
from flareflow.attestation.request import NO_TIMESTAMP, leaf_hash
from flareflow.keccak import keccak256
from infra.deploy.contracts import TrustedFlare
from infra.local.flare.fdc.merkle import round_tree
from tests.benchmarks.contracts.costs import Cost, units
from tests.benchmarks.contracts.proving import HUNDRED, ROOT_LIMIT, proofs_of, statement
from tests.cadence.flare import CONFIRM, ROLL, Electorate, confirmation, message_of, rolling
from tests.support.flow_emulator import CHAIN_ID, FUNDS, NO_WINDOW, TARGET, Chain, hex_of, path_of, words_of

KEPT: Final = 2_016
"""Roots in the light client, epochs of a trigger, and settlement roots: one in five minutes."""
ROUNDS_PER_REWARD_EPOCH: Final = 3_360
REWARD_EPOCH: Final = 71
FIRST_ROUND: Final = (REWARD_EPOCH + 1) * ROUNDS_PER_REWARD_EPOCH
EPOCH: Final = 5_500_000
CONFIRM_EACH_TIME: Final = 100
DELIVER_EACH_TIME: Final = 25

ALONE: Final = Electorate.of([100], reward_epoch=REWARD_EPOCH, start=FIRST_ROUND - ROUNDS_PER_REWARD_EPOCH)
"""One voter, by whom many roots are confirmed cheaply before the hundred come."""
THEN: Final = Electorate(
    replace(HUNDRED.policy, reward_epoch=REWARD_EPOCH + 1, start_voting_round=FIRST_ROUND), HUNDRED.numbers
)

CONFIRM_MANY: Final = """
    import "FlareOracleVerifier"

    transaction(rewardEpoch: UInt64, messages: [String], signatures: [String]) {
        execute {
            for position, message in messages {
                FlareOracleVerifier.confirmRoot(
                    rewardEpoch: rewardEpoch,
                    message: message,
                    signatures: signatures[position]
                )
            }
        }
    }
"""
DELIVER_MANY: Final = """
    import "FlareFDCTriggers"

    transaction(triggerId: String, round: UInt64, timestamp: UInt64, words: [[UInt256]], proofs: [[String]]) {
        execute {
            for position, attested in words {
                FlareFDCTriggers.deliver(
                    triggerId: triggerId,
                    votingRound: round,
                    lowestUsedTimestamp: timestamp,
                    epoch: UInt64(attested[0]),
                    words: attested,
                    proof: proofs[position]
                )
            }
        }
    }
"""


def a_week_later(chain: Chain) -> Iterator[Cost]:
    """A root, a response and a statement when every place is taken by an older one."""
    client = chain.deployed_again(
        TrustedFlare(CHAIN_ID, ROUNDS_PER_REWARD_EPOCH, ALONE.policy.encode(), message_window=NO_WINDOW)
    )
    _confirm_many(client)
    client.run(ROLL, *rolling(ALONE, THEN))
    _deliver_many(client)
    attested = statement(EPOCH, FIRST_ROUND + 1)
    arguments = confirmation(THEN, range(24), attested.round, attested.tree.root)
    confirmed = client.run(CONFIRM, *arguments, signer=client.flow.create_account(FUNDS))
    yield Cost(
        "confirm_root_cu_100_voters_24_signatures_a_week_later",
        "confirm a root, 100 voters, 24 signatures, a week later",
        units(client, confirmed, "RootConfirmed"),
        ROOT_LIMIT,
    )
    yield from proofs_of(client, attested, arguments, "_a_week_later", ", a week later")


def _confirm_many(client: Chain) -> None:
    anyone = client.flow.create_account(FUNDS)
    for rounds in batched(range(FIRST_ROUND - KEPT, FIRST_ROUND), CONFIRM_EACH_TIME, strict=False):
        messages = [message_of(voting_round) for voting_round in rounds]
        client.flow.run_code(
            anyone,
            CONFIRM_MANY,
            uint64(REWARD_EPOCH),
            array(string, [message.hex() for message in messages]),
            array(lambda message: hex_of(ALONE.sign(keccak256(message))), messages),
        )


def _deliver_many(client: Chain) -> None:
    """All epochs of a week under one root."""
    anyone = client.flow.create_account(FUNDS)
    leaves = _leaves()
    tree = round_tree(leaves.values())
    client.run(CONFIRM, *confirmation(THEN, range(24), FIRST_ROUND, tree.root))
    for epochs in batched(leaves, DELIVER_EACH_TIME, strict=False):
        client.flow.run_code(
            anyone,
            DELIVER_MANY,
            string(STATEMENT_TRIGGER),
            uint64(FIRST_ROUND),
            uint64(NO_TIMESTAMP),
            array(lambda epoch: array(uint256, _words(epoch)), epochs),
            array(lambda epoch: path_of(tree.proof(leaves[epoch])), epochs),
        )


def _words(epoch: int) -> tuple[int, ...]:
    return words_of(epoch, keccak256(str(epoch).encode()))


def _leaves() -> Mapping[int, bytes]:
    """The leaf of each epoch of the week before."""
    return {
        epoch: leaf_hash(TARGET.response(epoch, _words(epoch), FIRST_ROUND, NO_TIMESTAMP))
        for epoch in range(EPOCH - KEPT, EPOCH)
    }
