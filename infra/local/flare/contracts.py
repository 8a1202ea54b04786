"""Flare on Anvil: deploys stand-ins of its contracts, begins the first reward epoch, starts the voters."""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from web3 import Web3
from web3.contract import Contract

from flareflow.attestation.request import ATTESTATION_TYPE, identifier
from infra.deploy.networks import PUBLIC_SOURCE
from infra.local.flare.fdc.voters import policy_of
from infra.local.flare.network import LOCAL_FLARE
from infra.local.flare.solidity import artifacts
from infra.local.ports import url
from infra.local.run_dir import run_dir
from infra.local.server import Server, answers
from infra.paths import PYTHON_PATH

FEE_WEI: Final = 1_000
"""The fee of Web2Json with PublicWeb2 on Coston2."""

GAS_MONEY_WEI: Final = 10 * 10**18
DEPLOY_SECONDS: Final = 180


class FlareDeployment(BaseModel):
    """Addresses of the local Flare: its registry, and the block that everything of ours comes after."""

    registry: str
    start_block: int
    first_policy: str
    """The signing policy that a light client starts from, hex."""


def deployment_file() -> Path:
    """The file with the `FlareDeployment` of the running stack."""
    return run_dir() / "flare.json"


@dataclass(frozen=True, slots=True)
class _Deployer:
    web3: Web3

    @property
    def governance(self) -> str:
        return self.web3.eth.accounts[0]

    def deploy(self, name: str, *arguments: Any) -> Contract:
        compiled = artifacts()[name]
        factory: Any = self.web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
        sent = factory.constructor(*arguments).transact({"from": self.governance})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=DEPLOY_SECONDS, poll_latency=0.1)
        address = Web3.to_checksum_address(str(receipt["contractAddress"]))
        return self.web3.eth.contract(address=address, abi=compiled["abi"])

    def call(self, function: Any) -> None:
        sent = function.transact({"from": self.governance})
        self.web3.eth.wait_for_transaction_receipt(sent, timeout=DEPLOY_SECONDS, poll_latency=0.1)


def deploy_flare(rpc_url: str | None = None, round_seconds: int = LOCAL_FLARE.round_seconds) -> FlareDeployment:
    """Deploy the stand-ins and begin the current reward epoch; Anvil must run."""
    web3 = Web3(Web3.HTTPProvider(rpc_url or url("anvil")))
    deployer = _Deployer(web3)
    start_block = web3.eth.block_number
    web3.provider.make_request("evm_setAutomine", [True])  # type: ignore[arg-type]
    timing = LOCAL_FLARE.first_round_start, round_seconds, LOCAL_FLARE.rounds_per_reward_epoch
    relay = deployer.deploy("Relay", *timing)
    manager = deployer.deploy("FlareSystemsManager", *timing, relay.address)
    fees = deployer.deploy("FdcRequestFeeConfigurations")
    hub = deployer.deploy("FdcHub", fees.address)
    submission = deployer.deploy("Submission")
    named = {
        "Relay": relay,
        "FlareSystemsManager": manager,
        "FdcRequestFeeConfigurations": fees,
        "FdcHub": hub,
        "Submission": submission,
    }
    addresses = [contract.address for contract in named.values()]
    registry = deployer.deploy("FlareContractRegistry", list(named), addresses)
    deployer.call(fees.functions.setTypeAndSourceFee(identifier(ATTESTATION_TYPE), identifier(PUBLIC_SOURCE), FEE_WEI))
    deployer.call(relay.functions.setSigningPolicySetter(manager.address))
    now = datetime.fromtimestamp(web3.eth.get_block("latest")["timestamp"], UTC)
    reward_epoch = replace(LOCAL_FLARE, round_seconds=round_seconds).reward_epoch_at(now)
    policy = policy_of(reward_epoch, LOCAL_FLARE.rounds_per_reward_epoch).encode()
    deployer.call(manager.functions.initializeSigningPolicy(policy))
    web3.provider.make_request("evm_setAutomine", [False])  # type: ignore[arg-type]
    web3.provider.make_request("evm_setIntervalMining", [1])  # type: ignore[arg-type]
    deployment = FlareDeployment(registry=registry.address, start_block=start_block, first_policy=policy.hex())
    deployment_file().write_text(deployment.model_dump_json())
    return deployment


def fund(address: bytes) -> None:
    """Give an account the money for gas."""
    web3 = Web3(Web3.HTTPProvider(url("anvil")))
    web3.provider.make_request("anvil_setBalance", ["0x" + address.hex(), hex(GAS_MONEY_WEI)])  # type: ignore[arg-type]


def fdc(statement_host: str) -> Server:
    """The voters, for whom the name `statement_host` leads to the gateway."""
    return Server(
        name="fdc",
        command=[sys.executable, "-m", "infra.local.flare.fdc", f"{statement_host}={url('gateway_http')}"],
        ports=["fdc"],
        is_ready=answers(f"{url('fdc')}/api/health"),
        needs=["flare"],
        env={"PYTHONPATH": PYTHON_PATH},
    )
