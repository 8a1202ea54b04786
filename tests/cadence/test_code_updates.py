"""Code changes only after an announcement, once guardians hold the rights of the account of the contracts."""

from collections.abc import Sequence
from hashlib import sha3_256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from flareflow.adapters.flow.cadence import CADENCE, resolve_imports
from flareflow.adapters.flow.json_cdc import address, string, ufix64
from infra.deploy.contracts import Notices
from infra.deploy.sending import TransactionFailedError
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import FLOW, Chain
from tests.support.guardians import create_guardians

pytestmark = pytest.mark.stack

HOUR = 3_600
WEEK = 168 * HOUR
NOTICES = Notices(trigger=2 * HOUR, plan=2 * HOUR, update=2 * HOUR, exit=HOUR, settlement=0, revenue=0)
ANNOUNCE = "guardians/announce_update.cdc"
CANCEL = "guardians/cancel_update.cdc"
UPDATE = "guardians/update_contract.cdc"
OFFER = "guardians/offer_rights.cdc"
NAME = "ProviderRevenue"


def next_code(chain: Chain, name: str = NAME) -> str:
    """The code of a contract with another version."""
    code = (CADENCE / "contracts" / f"{name}.cdc").read_text().replace('return "1.0.0"', 'return "1.0.1"')
    return resolve_imports(code, chain.flow.addresses)


def digest(code: str) -> str:
    return sha3_256(code.encode()).hexdigest()


def announce(chain: Chain, code: str, name: str = NAME) -> None:
    chain.run(ANNOUNCE, string(name), string(digest(code)), signer=chain.provider)


def version(chain: Chain, name: str = NAME) -> object:
    return chain.evaluate(f'import "{name}"\naccess(all) fun main(): String {{ return {name}.getVersion() }}')


@pytest.fixture
def clocked(chain: Chain) -> Chain:
    """A deployment with its own clock, whose code can be updated two hours after an announcement."""
    return chain.with_own_clock(notices=NOTICES)


def test_announced_code_is_put_in_force_by_anyone_after_its_notice(clocked: Chain) -> None:
    # Given an announcement
    code = next_code(clocked)
    result = clocked.run(ANNOUNCE, string(NAME), string(digest(code)), signer=clocked.provider)
    possible = (START_SECONDS + 2 * HOUR) * FLOW
    fields = {"name": NAME, "codeHash": digest(code), "possibleAt": possible, "expiresAt": possible + WEEK * FLOW}
    assert clocked.events(result) == [("UpdateAnnounced", fields)]
    # Then nothing changes before the notice ends
    refusal = f"CodeUpdates.update: {NAME} can be updated from {possible // FLOW}.00000000 until"
    clocked.wait(2 * HOUR - 1)
    clocked.refuses(refusal, UPDATE, string(code), string(NAME))
    assert version(clocked) == "1.0.0"
    # And a second later anyone puts exactly that code in force, once
    clocked.wait(1)
    other = code + "\n"
    clocked.refuses(f"the code of {NAME} has the hash {digest(other)}", UPDATE, string(other), string(NAME))
    updated = clocked.events(clocked.run(UPDATE, string(code), string(NAME)))
    assert updated == [("CodeUpdated", {"name": NAME, "codeHash": digest(code)})]
    assert version(clocked) == "1.0.1"
    clocked.refuses(f"CodeUpdates.update: no update of {NAME} is announced", UPDATE, string(code), string(NAME))


def test_an_announcement_lapses_after_a_week(clocked: Chain) -> None:
    code = next_code(clocked)
    announce(clocked, code)
    clocked.wait(2 * HOUR + WEEK)
    clocked.refuses(f"CodeUpdates.update: {NAME} can be updated from", UPDATE, string(code), string(NAME))


def test_a_second_announcement_begins_its_notice_anew(clocked: Chain) -> None:
    announce(clocked, next_code(clocked))
    clocked.wait(2 * HOUR)
    code = next_code(clocked) + "\n"
    announce(clocked, code)
    clocked.refuses(f"CodeUpdates.update: {NAME} can be updated from", UPDATE, string(code), string(NAME))
    clocked.wait(2 * HOUR)
    clocked.run(UPDATE, string(code), string(NAME))


def test_an_announcement_can_be_cancelled(clocked: Chain) -> None:
    code = next_code(clocked)
    announce(clocked, code)
    cancelled = clocked.events(clocked.run(CANCEL, string(NAME), signer=clocked.provider))
    assert cancelled == [("UpdateCancelled", {"name": NAME, "codeHash": digest(code)})]
    clocked.wait(2 * HOUR)
    clocked.refuses(f"CodeUpdates.update: no update of {NAME} is announced", UPDATE, string(code), string(NAME))
    clocked.refuses(
        f"CodeUpdates.cancel: no update of {NAME} is announced", CANCEL, string(NAME), signer=clocked.provider
    )


def test_a_contract_that_is_new_is_added(clocked: Chain) -> None:
    code = 'access(all) contract Addition { access(all) view fun getVersion(): String { return "1.0.0" } }'
    announce(clocked, code, "Addition")
    clocked.wait(2 * HOUR)
    clocked.run(UPDATE, string(code), string("Addition"))
    evaluated = clocked.evaluate(
        f"import Addition from 0x{clocked.provider.address}\n"
        "access(all) fun main(): String { return Addition.getVersion() }"
    )
    assert evaluated == "1.0.0"


@pytest.mark.parametrize("spoilt", ["ab", "AB" * 32])
def test_a_malformed_hash_is_refused(chain: Chain, spoilt: str) -> None:
    refusal = f"CodeUpdates.announce: a hash has 64 lower-case hex digits, not {spoilt}"
    chain.refuses(refusal, ANNOUNCE, string(NAME), string(spoilt), signer=chain.provider)


def test_only_guardians_announce_and_cancel(chain: Chain) -> None:
    stranger = chain.flow.create_account(FLOW)
    chain.refuses("the signer is no guardian", ANNOUNCE, string(NAME), string("00" * 32), signer=stranger)
    chain.refuses("the signer is no guardian", CANCEL, string(NAME), signer=stranger)


def test_a_notice_that_is_not_twice_as_long_as_an_exit_is_refused(chain: Chain) -> None:
    refusal = (
        r"CodeUpdates.init: updates must be announced for 120\.0+ seconds, twice as long as an exit takes, not 119\.0"
    )
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.deployed_again(notices=Notices(trigger=120, plan=120, update=119, exit=50, settlement=10))


@pytest.mark.parametrize(
    ("weights", "is_one_key", "refusal"),
    [
        ((1_000,), False, "signs alone"),
        ((500, 499), False, "have a weight of 999.00000000, not of 1000"),
        ((500, 500), True, "have a weight of 500.00000000, not of 1000"),
    ],
    ids=["one key signs alone", "too little together", "the same key twice"],
)
def test_rights_are_offered_only_to_several_keys(
    chain: Chain, weights: Sequence[int], is_one_key: bool, refusal: str
) -> None:
    keys = [generate_private_key(SECP256R1())] * len(weights) if is_one_key else []
    guardians = create_guardians(chain.flow, weights, keys)
    chain.refuses(refusal, OFFER, address(f"0x{guardians.address}"), signer=chain.provider)


def test_rights_that_are_offered_can_be_taken_back(chain: Chain) -> None:
    # Given rights that guardians have not taken
    guardians = create_guardians(chain.flow)
    chain.run(OFFER, address(f"0x{guardians.address}"), signer=chain.provider)
    stop = "subscriptions/stop_opening.cdc"
    chain.refuses("the signer is not the provider", stop, ufix64(0), signer=chain.provider)
    # Then the keys are not revoked, and another offer changes nothing
    early = f"revoke_keys: the guardians 0x{guardians.address} have not taken the rights yet"
    chain.refuses(early, "guardians/revoke_keys.cdc", signer=chain.provider)
    chain.run(OFFER, address(f"0x{chain.provider.address}"), signer=chain.provider)
    # And the provider takes the rights back, after which nothing can be taken
    chain.run("guardians/withdraw_offer.cdc", signer=chain.provider)
    chain.run(stop, ufix64(0), signer=chain.provider)
    with pytest.raises(TransactionFailedError, match="offers the signer no rights"):
        guardians.run("guardians/take_rights.cdc")
    chain.refuses("the signer has offered no rights", "guardians/revoke_keys.cdc", signer=chain.provider)
