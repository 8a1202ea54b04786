"""The configured networks agree with what is published about them."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.deploy.contracts import Terms
from infra.deploy.networks import COSTON2, FLARE, MAINNET, TESTNET, FlareNetwork
from infra.local.flare.network import LOCAL_FLARE
from infra.local.flow.network import emulator
from tests.unit.attestation.vectors import recorded


@pytest.mark.parametrize(("flare", "chain_id", "rounds"), [(FLARE, 14, 3_360), (COSTON2, 114, 240)])
def test_a_light_client_is_deployed_with_the_numbers_of_its_network(
    flare: FlareNetwork, chain_id: int, rounds: int
) -> None:
    trusted = flare.trusting(b"policy")
    assert (trusted.source_chain_id, trusted.rounds_per_reward_epoch) == (chain_id, rounds)
    assert (trusted.protocol_id, trusted.is_chain_bound) == (200, False)
    assert trusted.first_policy == b"policy"


@pytest.mark.parametrize("flare", [FLARE, COSTON2])
def test_messages_may_be_late_for_as_long_as_the_roots_that_they_confirm_are_kept(flare: FlareNetwork) -> None:
    trusted = flare.trusting(b"policy")
    assert trusted.message_window * trusted.rounds_per_reward_epoch >= trusted.roots_kept


@pytest.mark.parametrize("name", [name for name in recorded("signing_policies") if name.startswith("flare")])
def test_a_recorded_policy_of_flare_begins_in_its_own_reward_epoch(name: str) -> None:
    policy = recorded("signing_policies")[name]
    assert FLARE.reward_epoch_of(policy["startVotingRoundId"]) == policy["rewardEpochId"]


def test_a_reward_epoch_runs_from_its_first_round_to_the_next_ones() -> None:
    # Given the round with which reward epoch 309 began on Flare, on a Monday at 7
    start = FLARE.start_of(309 * 3_360)
    assert start == datetime(2025, 7, 7, 7, tzinfo=UTC)
    # Then it is that epoch from there on, and the one before until a second earlier
    assert FLARE.reward_epoch_at(start) == 309
    assert FLARE.reward_epoch_at(start - timedelta(seconds=1)) == 308


def test_mainnet_names_no_source_because_flare_attests_listed_hosts_only() -> None:
    assert TESTNET.flare.source_id == "PublicWeb2"
    assert MAINNET.flare.source_id is None


def test_public_networks_have_the_default_terms() -> None:
    assert [TESTNET.terms, MAINNET.terms] == [Terms(), Terms()]


def test_the_emulator_listens_on_the_ports_of_the_local_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAREFLOW_PORT_BASE", "20000")
    local = emulator()
    assert (local.rest_url, local.access) == ("http://127.0.0.1:20051", "127.0.0.1:20050")
    assert local.flare is LOCAL_FLARE
