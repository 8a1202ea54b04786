"""What it costs to follow Flare: its roots, its signing policies, and proofs under a root."""

from collections.abc import Iterator, Sequence
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument
from tests.benchmarks.contracts.costs import Cost, units
from tests.cadence.flare import CONFIRM, ROLL, Electorate, confirmation, policy_hash, rolling, rolling_with
from tests.support.flow_emulator import CHAIN_ID, DELIVER, FIRST_ROUND, FUNDS, Attested, Chain, words_of

ROOT_LIMIT: Final = 400
POLICY_LIMIT: Final = 2_000
VERIFY_LIMIT: Final = 150
DELIVER_LIMIT: Final = 320
EPOCH: Final = 5
LEVELS: Final = 10

HUNDRED: Final = Electorate.of([1_000] * 23 + [1_001] + [300] * 76)
"""24 of 100 voters have just more than half of the weight, as on Flare."""
SIXTY_SIX: Final = Electorate.of([1_000] * 14 + [1_001] + [294] * 51)
"""15 of 66 voters have just more than half of the weight."""
SCHEMES: Final = ((None, "", "older hash scheme"), (CHAIN_ID, "_chain_bound", "chain-bound hash scheme"))

VERIFY: Final = """
    import "FlareOracleVerifier"

    transaction(votingRound: UInt64, response: String, proof: [String]) {
        execute {
            FlareOracleVerifier.verify(votingRound: votingRound, response: response, proof: proof)
        }
    }
"""


def roots(chain: Chain) -> Iterator[Cost]:
    """As many signatures as are needed, none beyond."""
    for electorate, signatures in ((HUNDRED, 24), (SIXTY_SIX, 15)):
        for chain_id, suffix, scheme in SCHEMES:
            arguments = confirmation(electorate, range(signatures), chain_id=chain_id)
            client = chain.deployed_again(electorate.trusted(is_chain_bound=chain_id is not None))
            confirmed = client.run(CONFIRM, *arguments, signer=client.flow.create_account(FUNDS))
            voters = len(electorate.numbers)
            yield Cost(
                f"confirm_root_cu_{voters}_voters_{signatures}_signatures{suffix}",
                f"confirm a root, {voters} voters, {signatures} signatures, {scheme}",
                units(client, confirmed, "RootConfirmed"),
                ROOT_LIMIT,
            )


def policies(chain: Chain) -> Iterator[Cost]:
    """The next policy of the same hundred voters."""
    for chain_id, suffix, scheme in SCHEMES:
        arguments = rolling(HUNDRED, HUNDRED.next(), range(24), chain_id=chain_id)
        client = chain.deployed_again(HUNDRED.trusted(is_chain_bound=chain_id is not None))
        rolled = client.run(ROLL, *arguments, signer=client.flow.create_account(FUNDS))
        yield Cost(
            f"roll_policy_cu_100_voters{suffix}",
            f"roll a policy of 100 voters, 24 signatures, {scheme}",
            units(client, rolled, "SigningPolicyConfirmed"),
            POLICY_LIMIT,
        )
    yield _policy_in_both_schemes(chain)


def _policy_in_both_schemes(chain: Chain) -> Cost:
    """Flare changes its hash scheme after half of the voters have signed."""
    following = HUNDRED.next()
    older = HUNDRED.sign(policy_hash(following, None), range(12))
    newer = HUNDRED.sign(policy_hash(following, CHAIN_ID), range(12, 24))
    client = chain.deployed_again(HUNDRED.trusted())
    arguments = rolling_with(following, [*older, *newer])
    rolled = client.run(ROLL, *arguments, signer=client.flow.create_account(FUNDS))
    return Cost(
        "roll_policy_cu_100_voters_both_schemes",
        "roll a policy of 100 voters, 24 signatures, 12 in each hash scheme",
        units(client, rolled, "SigningPolicyConfirmed"),
        POLICY_LIMIT,
    )


def proofs(chain: Chain) -> Iterator[Cost]:
    """A statement among 1,024 attestations of a round whose root is confirmed."""
    attested = statement(EPOCH, FIRST_ROUND + EPOCH)
    chain.run(CONFIRM, *attested.confirming())
    yield from proofs_of(chain, attested, attested.confirming())


def statement(epoch: int, voting_round: int) -> Attested:
    """A statement whose proof has so many levels."""
    return Attested(epoch, words_of(epoch, b"\1" * 32), voting_round, others=2**LEVELS - 1)


def proofs_of(
    chain: Chain, attested: Attested, confirming: Sequence[Argument], name: str = "", words: str = ""
) -> Iterator[Cost]:
    """A statement under a root that is confirmed already; `name` and `words` say how things stand."""
    anyone = chain.flow.create_account(FUNDS)
    verified = chain.flow.run_code(anyone, VERIFY, *attested.verifying())
    yield Cost(
        f"verify_response_cu_{LEVELS}_levels{name}",
        f"verify a response and its proof of {LEVELS} levels{words}",
        units(chain, verified),
        VERIFY_LIMIT,
    )
    delivered = chain.run(DELIVER, *confirming, *attested.delivering(), signer=anyone)
    yield Cost(
        f"deliver_statement_cu_{LEVELS}_levels{name}",
        f"deliver a statement under a confirmed root, a proof of {LEVELS} levels{words}",
        units(chain, delivered, "Delivered", "StatementConfirmed"),
        DELIVER_LIMIT,
    )
