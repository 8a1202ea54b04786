"""Records what Flare's real Relay answers to `relay_calls`: `python -m tests.support.record_relay RELAY.json COMMIT`.

RELAY.json is the compiled contract, {"abi": ..., "bytecode": ..., "compiler": ...}; it is not part of this repository.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from web3 import Web3
from web3.exceptions import ContractLogicError

from flareflow.attestation.signing_policy import legacy_hash
from infra.local.ports import port_base
from tests.support.flare import anvil_running
from tests.support.flow_emulator import REWARD_EPOCH, ROUNDS
from tests.support.relay_calls import FIRST, WINDOW, Call, all_calls
from tests.support.relay_vectors import Outcome, Recording, write

REPOSITORY: Final = "flare-foundation/flare-smart-contracts-v2"
ROOT_TOPIC: Final = Web3.keccak(text="ProtocolMessageRelayed(uint8,uint32,bool,bytes32)")
POLICY_TOPIC: Final = Web3.keccak(text="SigningPolicyRelayed(uint256)")
NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True)
class RealRelay:
    """Deploys the compiled Relay as it stands on chains other than Flare: it gets policies by `relay()` alone."""

    web3: Web3
    compiled: Mapping[str, Any]

    def deploy(self) -> str:
        factory: Any = self.web3.eth.contract(abi=self.compiled["abi"], bytecode=self.compiled["bytecode"])
        policy = FIRST.policy
        hashed = legacy_hash(policy.encode())
        timing = 100, 1_658_430_000, 90, 0, ROUNDS
        config: tuple[object, ...] = (
            REWARD_EPOCH,
            policy.start_voting_round,
            hashed,
            *timing,
            12_000,
            WINDOW,
            NOBODY,
            [],
        )
        sent = factory.constructor(config, NOBODY, NOBODY).transact({"from": self.web3.eth.accounts[0]})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.05)
        return Web3.to_checksum_address(str(receipt["contractAddress"]))

    def answer(self, relay: str, call: Call) -> Outcome:
        outcome = Outcome(name=call.name, calldata=call.calldata.hex(), after=list(call.after))
        transaction: Any = {
            "from": self.web3.eth.accounts[0],
            "to": relay,
            "data": Web3.to_hex(call.calldata),
            "gas": 20_000_000,
        }
        try:
            self.web3.eth.call(transaction)
        except ContractLogicError as error:
            outcome.refusal = str(error.message).removeprefix("execution reverted: ").removesuffix("\0")
            return outcome
        sent = self.web3.eth.send_transaction(transaction)
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.05)
        for log in receipt["logs"]:
            if log["topics"][0] == ROOT_TOPIC:
                outcome.root = bytes(log["data"])[32:].hex()
            elif log["topics"][0] == POLICY_TOPIC:
                outcome.reward_epoch = int.from_bytes(log["topics"][1])
        return outcome


def record(relay: RealRelay, commit: str) -> Recording:
    calls = {call.name: call for call in all_calls()}
    outcomes = []
    for call in calls.values():
        address = relay.deploy()
        for earlier in call.after:
            assert relay.answer(address, calls[earlier]).is_confirmed, earlier
        outcomes.append(relay.answer(address, call))
    return Recording(
        repository=REPOSITORY,
        commit=commit,
        compiler=relay.compiled["compiler"],
        rounds_per_reward_epoch=ROUNDS,
        message_window=WINDOW,
        first_policy=FIRST.policy.encode().hex(),
        outcomes=outcomes,
    )


def main(artifact: str, commit: str) -> None:
    with anvil_running(port_base()) as web3:
        web3.provider.make_request("evm_setAutomine", [True])  # type: ignore[arg-type]
        recording = record(RealRelay(web3, json.loads(Path(artifact).read_text())), commit)
    write(recording)


if __name__ == "__main__":
    main(*sys.argv[1:])
