"""`make deploy`: from nothing, again as an update, by a key in KMS, and what it refuses without changing anything."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha3_256
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.kms.responses import KmsResponse

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flow.json_cdc import string, ufix64
from flareflow.adapters.flow.signer import KmsFlowSigner
from flareflow.attestation.signing_policy import SigningPolicy, chain_bound_hash, legacy_hash
from infra.deploy.command import main
from infra.deploy.contracts import CONTRACTS, contract_code
from infra.deploy.inputs import Inputs
from infra.deploy.sending import TransactionFailedError
from infra.local.aws import moto_server
from infra.local.flare.fdc.voters import policy_of
from infra.local.flare.network import LOCAL_FLARE
from infra.local.flow.accounts import LocalAccount, service_account
from infra.local.flow.network import NOTICES, emulator
from tests.support.flow_emulator import FLOW, FUNDS, NO_WINDOW, REWARD_EPOCH, ROUNDS, Chain, first_policy
from tests.support.guardians import create_guardians

pytestmark = pytest.mark.stack

MICROTOKENS = 10**6


@dataclass(frozen=True)
class Run:
    """How a run of the script ended, and what it said."""

    code: int
    said: str

    @property
    def outcomes(self) -> list[str]:
        """What each transaction did, in their order."""
        lines = [line for line in self.said.splitlines() if line.startswith("✓")]
        return [line.partition(": ")[2].rpartition("  ")[0] for line in lines]


type Deploy = Callable[..., Run]


@pytest.fixture
def deploy(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Deploy:
    """Run the script with these inputs, on the tests' emulator unless another network is said."""
    monkeypatch.setattr(sys, "argv", ["infra.local.flow.deploy"])
    monkeypatch.setenv("COLUMNS", "200")
    for name in Inputs.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def run(trusted: SigningPolicy | None = None, **given: str) -> Run:
        (tmp_path / "policy.hex").write_text((trusted or first_policy()).encode().hex())
        inputs = {"network": "emulator", "policy": str(tmp_path / "policy.hex")} | given
        with monkeypatch.context() as environment:
            for name, value in inputs.items():
                environment.setenv(name.upper(), value)
            code = main([replace(emulator(), flare=replace(LOCAL_FLARE, message_window=NO_WINDOW))])
        return Run(code, capsys.readouterr().out)

    return run


@pytest.fixture
def kms_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[KmsKey]:
    """A P-256 key in a KMS of this process."""
    monkeypatch.setattr(KmsResponse, "sign", moto_server.sign)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        kms = boto3.client("kms")
        made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        yield KmsKey(kms, made)


def at(chain: Chain, account: LocalAccount) -> Chain:
    """The same emulator with the contracts on another account."""
    return replace(chain, flow=chain.flow.with_contracts_at(account.address), provider=account)


def newest_policy(chain: Chain) -> dict[str, object]:
    """What the light client tells of it, without what the clock adds."""
    status = chain.script("flare/get_light_client.cdc")
    assert isinstance(status, dict)
    return {name: value for name, value in status.items() if name != "currentRewardEpoch"}


def height_of(chain: Chain) -> int:
    return chain.flow.rest.latest_sealed_block().height


def test_everything_is_deployed_from_nothing(chain: Chain, deploy: Deploy) -> None:
    # Given an emulator on whose service account there is nothing of ours
    ours = at(chain, service_account())
    # When the script runs
    run = deploy()
    # Then it deploys all contracts, announces two triggers and adds a plan
    assert run.code == 0, run.said
    assert run.outcomes == ["deployed"] * len(CONTRACTS) + ["TriggerAnnounced"] * 2 + ["PlanAdded"]
    # And the chain tells what it ends with: the light client's policy and the default plan
    status = ours.script("flare/get_light_client.cdc")
    assert isinstance(status, dict)
    assert status["latestRewardEpoch"] == REWARD_EPOCH
    assert f"reward epoch {REWARD_EPOCH}, from round {REWARD_EPOCH * ROUNDS}" in run.said
    assert "to 100,000 tokens    │ 0.02000000 FLOW for 1,000" in run.said
    # And it can be used
    _, subscription = ours.subscriber()
    assert ours.subscription(subscription)["balance"] == ours.subscription(subscription)["deposited"]


def test_the_policy_is_shown_before_it_is_trusted(deploy: Deploy) -> None:
    # Given a policy
    policy = first_policy()
    # When it is deployed
    before_the_first_transaction, _, _ = deploy(policy).said.partition("✓")
    # Then everything by which it can be compared with Flare's was there to be seen
    for shown in (
        f"reward epoch {REWARD_EPOCH}",
        f"6; more than {policy.threshold} of the weight {policy.weight} sign",
        f"0x{legacy_hash(policy.encode()).hex()}",
        f"0x{chain_bound_hash(policy.encode(), LOCAL_FLARE.chain_id).hex()}",
    ):
        assert shown in before_the_first_transaction


def test_a_second_run_updates_the_code_and_keeps_everything_else(chain: Chain, deploy: Deploy) -> None:
    # Given a deployment with a subscription that was charged
    deploy()
    ours = at(chain, service_account())
    _, subscription = ours.subscriber()
    ours.wait(NOTICES.trigger + 0.2)
    ours.settle(7, (subscription, 50_000 * MICROTOKENS))
    assert ours.subscription(subscription)["charged"] == FLOW
    before = newest_policy(ours), ours.subscription(subscription)
    first = height_of(chain) + 1
    # When the script runs again, even with another policy
    run = deploy(policy_of(REWARD_EPOCH + 7, ROUNDS))
    # Then the code is updated and nothing is announced again
    assert run.code == 0, run.said
    assert run.outcomes == ["code updated"] * len(CONTRACTS) + ["there already"] * 3
    announcements = ("FlareFDCTriggers.TriggerAnnounced", "SubscriptionPlans.PlanAdded")
    for name in (*announcements, "FlareOracleVerifier.SigningPolicyConfirmed"):
        blocks = chain.flow.rest.events(f"A.{ours.provider.address}.{name}", first, height_of(chain))
        assert not [event for block in blocks for event in block.events]
    # And the state is what it was
    assert (newest_policy(ours), ours.subscription(subscription)) == before


def test_a_key_in_kms_deploys_to_the_account_that_it_signs_for(chain: Chain, deploy: Deploy, kms_key: KmsKey) -> None:
    # Given an account whose only key is in KMS
    address = chain.flow.create_account_for(KmsFlowSigner(kms_key).public_key, "SHA2_256", 1, FUNDS)
    # When it is named with its key
    run = deploy(account=f"0x{address}", kms_key=kms_key.key_id)
    # Then the contracts are on it
    assert run.code == 0, run.said
    assert run.outcomes[: len(CONTRACTS)] == ["deployed"] * len(CONTRACTS)
    names = chain.evaluate(f"access(all) fun main(): [String] {{ return *getAccount(0x{address}).contracts.names }}")
    assert isinstance(names, list)
    assert set(names) == set(CONTRACTS)


@pytest.mark.parametrize("hash_algorithm", ["SHA3_256", None])
def test_a_key_in_kms_that_cannot_sign_for_the_account_is_refused(
    chain: Chain, deploy: Deploy, kms_key: KmsKey, hash_algorithm: str | None
) -> None:
    # Given an account with the key but another hash, or without the key
    public_key = KmsFlowSigner(kms_key).public_key
    address = (
        chain.flow.create_account_for(public_key, hash_algorithm, 1, FUNDS)
        if hash_algorithm
        else chain.flow.create_account(FUNDS).address
    )
    before = height_of(chain)
    # When it is named with the key
    run = deploy(account=f"0x{address}", kms_key=kms_key.key_id)
    # Then it says so, and nothing was sent
    assert run.code == 1
    assert f"0x{address} has no key of full weight with SHA2_256 and the public key of the signer" in run.said
    assert height_of(chain) == before


def test_a_key_that_kms_does_not_know_is_refused(chain: Chain, deploy: Deploy, kms_key: KmsKey) -> None:
    before = height_of(chain)
    run = deploy(account=f"0x{chain.provider.address}", kms_key="alias/nothing")
    assert run.code == 1
    assert "KMS gave no public key: An error occurred (NotFoundException)" in run.said
    assert height_of(chain) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": "devnet"}, "NETWORK: Input should be 'emulator', 'testnet' or 'mainnet'"),
        ({"statement_url_prefix": "http://statements.example/v1/"}, "Flare fetches https URLs without a port"),
        ({"policy_hash": "0x" + "00" * 32}, "is of another policy than this"),
        ({"policy": "/nowhere.hex"}, "POLICY: Path does not point to a file"),
    ],
)
def test_what_is_refused_changes_nothing(chain: Chain, deploy: Deploy, given: dict[str, str], message: str) -> None:
    before = height_of(chain)
    run = deploy(**given)
    assert run.code == 1
    assert message in run.said
    assert height_of(chain) == before


ADD = """
    transaction(name: String, code: String) {
        prepare(signer: auth(AddContract) &Account) { signer.contracts.add(name: name, code: code.utf8) }
    }
"""
REMOVE = """
    transaction(name: String) {
        prepare(signer: auth(RemoveContract) &Account) { signer.contracts.remove(name: name) }
    }
"""


def test_a_deployment_that_failed_on_its_way_goes_on_when_it_is_repeated(chain: Chain, deploy: Deploy) -> None:
    # Given an account on which something else has the name of our third contract
    other = string("access(all) contract FlareFDCTriggers {}")
    chain.flow.run_code(service_account(), ADD, string("FlareFDCTriggers"), other)
    # When the script runs
    failed = deploy()
    # Then it ends there, and says what the node said
    assert failed.code == 1
    assert failed.outcomes == ["deployed"] * 2
    assert "deploy/deploy_triggers.cdc, transaction" in failed.said
    assert "error: found new field `AdminStoragePath` in `FlareFDCTriggers`" in failed.said
    # And once the name is free, it goes on from there
    chain.flow.run_code(service_account(), REMOVE, string("FlareFDCTriggers"))
    assert deploy().outcomes[:5] == ["code updated"] * 2 + ["deployed"] * 3


def keys_in_use(chain: Chain, account: str) -> int:
    return sum(not key.revoked for key in chain.flow.rest.account_keys(account))


def test_the_account_is_handed_over_to_guardians_and_updated_by_what_they_announce(
    chain: Chain, deploy: Deploy, kms_key: KmsKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an account with a key in KMS, and guardians of whose three keys two sign together
    account = f"0x{chain.flow.create_account_for(KmsFlowSigner(kms_key).public_key, 'SHA2_256', 1, FUNDS)}"
    flow = chain.flow.with_contracts_at(account.removeprefix("0x"))
    guardians = create_guardians(flow)
    given = {"account": account, "kms_key": kms_key.key_id, "guardians": f"0x{guardians.address}"}
    # When everything is deployed, then the rights wait for two of the guardians' signatures
    offered = deploy(**given)
    assert offered.code == 0, offered.said
    assert f"The rights are offered to 0x{guardians.address}." in offered.said
    with pytest.raises(TransactionFailedError, match="authorization failed for account"):
        guardians.run("guardians/take_rights.cdc", signed_by=1)
    assert "The rights are offered" in deploy(**given).said
    guardians.run("guardians/take_rights.cdc")
    # And when it is repeated, no key of the account signs any more
    revoked = deploy(**given)
    assert f"The keys of {account} are revoked." in revoked.said
    assert keys_in_use(chain, account) == 0
    assert f"{account} has no key of full weight" in deploy(**given).said
    # And the guardians can do what the provider could
    guardians.run("subscriptions/stop_opening.cdc", ufix64(0))
    # And new code waits for them and for its notice
    assert "CodeUpdates: up to date" in deploy(contracts=account).said
    codes = {name: contract_code(name, "emulator", account) for name in CONTRACTS}
    changed = string(str(codes["ProviderRevenue"].value).replace('return "1.0.0"', 'return "1.0.1"'))
    monkeypatch.setattr(
        "infra.deploy.guardians.contract_code", lambda name, *_: {**codes, "ProviderRevenue": changed}[name]
    )
    digest = sha3_256(str(changed.value).encode()).hexdigest()
    assert f"ProviderRevenue: guardians must announce {digest}" in deploy(contracts=account).said
    guardians.run("guardians/announce_update.cdc", string("ProviderRevenue"), string(digest))
    assert "ProviderRevenue: announced, possible at" in deploy(contracts=account).said
    chain.wait(NOTICES.update + 0.2)
    chain.wait(0)  # a script has the time of the last block, which is that of the one before
    assert "ProviderRevenue: updated" in deploy(contracts=account).said
    assert "ProviderRevenue: up to date" in deploy(contracts=account).said
