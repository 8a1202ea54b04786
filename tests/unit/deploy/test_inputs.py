"""The inputs of a deployment are checked before any network is asked."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from flareflow.attestation.signing_policy import SigningPolicy, Voter
from infra.deploy.inputs import Deployment, InputError, Inputs, payer
from infra.deploy.networks import MAINNET, TESTNET
from infra.local.flare.fdc.voters import policy_of
from infra.local.flow.emulator import SERVICE_ADDRESS
from infra.local.flow.network import STATEMENT_URL_PREFIX, emulator
from tests.unit.attestation.vectors import recorded, unhex

POLICY: Final = SigningPolicy.decode(unhex(recorded("signing_policies")["flare-309"]["signingPolicyBytes"]))
HASHES: Final = recorded("signing_policy_309_hashes")

type Say = Callable[..., Inputs]


def deployment_of(given: Inputs) -> Deployment:
    """The deployment to the network that is named."""
    networks = {network.name: network for network in (emulator(), TESTNET, MAINNET)}
    return Deployment.of(given, networks[given.network])


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Put inputs into the environment and read them back."""
    for name in Inputs.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def say(**given: str) -> Inputs:
        for name, value in given.items():
            monkeypatch.setenv(name.upper(), value)
        return Inputs.read()

    return say


@pytest.fixture
def mainnet(say: Say, tmp_path: Path) -> Say:
    """The inputs of a complete deployment to mainnet, with some of them replaced."""

    def of(policy: bytes = POLICY.encode(), **otherwise: str) -> Inputs:
        file = tmp_path / "policy.hex"
        file.write_text(f"0x{policy.hex()}\n")
        complete = {
            "network": "mainnet",
            "account": "0x0123456789abcdef",
            "kms_key": "alias/flareflow-contracts",
            "policy": str(file),
            "statement_url_prefix": "https://statements.example/v1/statements/",
            "source_id": "FlareFlow",
            "guardians": "0xfedcba9876543210",
        }
        return say(**complete | otherwise)

    return of


def test_the_emulator_needs_nothing_but_its_name(say: Say) -> None:
    deployment = deployment_of(say(network="emulator"))
    assert deployment.key.address == f"0x{SERVICE_ADDRESS}"
    assert deployment.statements.url_prefix == STATEMENT_URL_PREFIX
    deployment.require_compared_policy(None)


def test_a_deployment_to_mainnet_consists_of_its_inputs(mainnet: Say) -> None:
    deployment = deployment_of(mainnet())
    assert (deployment.network.name, deployment.key.address) == ("mainnet", "0x0123456789abcdef")
    assert deployment.policy.decoded == POLICY
    assert deployment.statements.source_id == "FlareFlow"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "NETWORK: Field required"),
        ({"network": ""}, "NETWORK: Input should be 'emulator', 'testnet' or 'mainnet'"),
        ({"network": "emulator", "account": "0x1"}, "ACCOUNT: String should match pattern"),
        ({"network": "emulator", "policy": "/nowhere.hex"}, "POLICY: Path does not point to a file"),
        ({"network": "emulator", "policy_hash": "0xabc"}, "POLICY_HASH: String should match pattern"),
    ],
)
def test_a_malformed_input_is_named(say: Say, given: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        say(**given)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"network": "testnet"}, "ACCOUNT, KMS_KEY, POLICY, STATEMENT_URL_PREFIX"),
        ({"network": "mainnet"}, "ACCOUNT, GUARDIANS, KMS_KEY, POLICY, SOURCE_ID, STATEMENT_URL_PREFIX"),
        ({"network": "emulator", "account": "0x0123456789abcdef"}, "KMS_KEY"),
        ({"network": "emulator", "kms_key": "alias/contracts"}, "ACCOUNT"),
    ],
)
def test_everything_that_is_missing_is_named_at_once(say: Say, given: dict[str, str], missing: str) -> None:
    with pytest.raises(InputError, match=f"to {given['network']} needs {missing} too"):
        deployment_of(say(**given))


@pytest.mark.parametrize(
    "prefix",
    [
        "http://statements.example/v1/statements/",
        "https://statements.example:8443/v1/statements/",
        "https://statements.example/v1/statements/?epoch=",
        "https://statements.example/v1/statements",
    ],
)
def test_a_statement_url_that_flare_would_not_fetch_unchanged_is_refused(mainnet: Say, prefix: str) -> None:
    with pytest.raises(InputError, match="STATEMENT_URL_PREFIX"):
        deployment_of(mainnet(statement_url_prefix=prefix))


def test_a_source_that_cannot_be_encoded_is_refused(mainnet: Say) -> None:
    with pytest.raises(InputError, match="an identifier has 1 to 32 characters, not 33"):
        deployment_of(mainnet(source_id="S" * 33))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (b"", "43 bytes and more, not 0"),
        (POLICY.encode()[:-1], "a signing policy of 85 voters does not have"),
        (POLICY.encode() + b"\0", "a signing policy of 85 voters does not have"),
        (replace(POLICY, voters=()).encode(), "a signing policy has voters"),
        (replace(POLICY, voters=(*POLICY.voters, Voter(bytes(20), 1))).encode(), "an address other than 0"),
        (replace(POLICY, voters=(*POLICY.voters, Voter(b"v" * 20, 65_535))).encode(), "not below 65536"),
        (replace(POLICY, threshold=POLICY.weight // 2 - 1).encode(), "is not 50 to 66 percent of the weight"),
        (replace(POLICY, threshold=POLICY.weight * 67 // 100).encode(), "is not 50 to 66 percent of the weight"),
        (policy_of(1_000, 240).encode(), "on flare round 240000 lies in reward epoch 71, not in the policy's 1000"),
    ],
)
def test_a_policy_that_is_malformed_unsound_or_of_another_network_is_refused(
    mainnet: Say, policy: bytes, message: str
) -> None:
    with pytest.raises(InputError, match=f"POLICY: .*{message}"):
        deployment_of(mainnet(policy))


def test_a_policy_file_without_hex_is_refused(mainnet: Say, tmp_path: Path) -> None:
    given = mainnet()
    (tmp_path / "policy.hex").write_text("{}")
    with pytest.raises(InputError, match="POLICY: non-hexadecimal number"):
        deployment_of(given)


def test_a_policy_is_trusted_with_the_hash_that_flares_relay_has_of_it(mainnet: Say) -> None:
    # Given the published hashes of a recorded policy
    policy = deployment_of(mainnet()).policy
    assert policy.hash(is_chain_bound=False) == HASHES["legacy_hash"]
    assert policy.hash(is_chain_bound=True) == HASHES["chain_bound_hash_source_chain_id_14"]
    # Then the one of today's scheme is what makes it trusted
    deployment_of(mainnet()).require_compared_policy(HASHES["legacy_hash"])


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (None, r"compare with Relay.toSigningPolicyHash\(309\) on flare"),
        ("0x" + "00" * 32, "is of another policy than this"),
        (HASHES["chain_bound_hash_source_chain_id_14"], "is of another policy than this"),
    ],
)
def test_a_policy_without_the_hash_of_flares_relay_is_not_trusted(
    mainnet: Say, expected: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        deployment_of(mainnet()).require_compared_policy(expected)


def test_a_kms_key_without_a_region_is_refused(mainnet: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    given = mainnet()
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(InputError, match="KMS_KEY: You must specify a region"):
        deployment_of(given)


def test_an_update_of_contracts_that_are_handed_over_needs_whoever_pays_and_nothing_else(say: Say) -> None:
    contracts = "0x0123456789abcdef"
    assert payer(say(network="emulator", contracts=contracts), emulator()).address == f"0x{SERVICE_ADDRESS}"
    given = say(network="mainnet", contracts=contracts, account="0xfedcba9876543210", kms_key="alias/payer")
    assert payer(given, MAINNET).address == "0xfedcba9876543210"


def test_an_update_on_a_public_network_without_a_payer_is_refused(say: Say) -> None:
    with pytest.raises(InputError, match="an update on mainnet needs ACCOUNT, KMS_KEY too"):
        payer(say(network="mainnet", contracts="0x0123456789abcdef", account="0xfedcba9876543210"), MAINNET)
