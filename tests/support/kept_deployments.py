"""Deployments of the contracts that stay on the emulator, for every test that asks for the same one.

A deployment takes seconds, and most tests ask for one of a few. What is deployed before anything else has happened on
the chain is kept: the chain is rolled back to the block after it, not to the block before it. A test that asks for a
kept deployment has it for itself until the chain is rolled back.

The list of kept deployments is a file beside the emulator's log, because the emulator may outlive the process. A later
process may have other sources: it updates the contracts that differ, as their owner would. Cadence refuses updates that
change fields; then everything is deployed anew.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from pydantic import BaseModel, ValidationError

from flareflow.adapters.flow.json_cdc import string
from infra.deploy import contracts
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount, LocalFlow
from infra.local.flow.contracts import LocalDeployer
from infra.local.flow.emulator import flow_emulator
from infra.local.ports import url
from infra.local.run_dir import run_dir
from tests.support.eventually import WAIT_SECONDS_MAX


class Kept(BaseModel):
    """One kept deployment: its account and key, the height after it, and the SHA-256 of each contract's code."""

    address: str
    private_key: int
    height: int
    sources: Mapping[str, str]

    @property
    def account(self) -> LocalAccount:
        return LocalAccount(self.address, derive_private_key(self.private_key, SECP256R1()))


class Listed(BaseModel):
    """The file: which emulator process it is about, and what is kept below `floor`."""

    emulator: str = ""
    floor: int = 0
    kept: dict[str, Kept] = {}


@dataclass
class KeptDeployments:
    """The kept deployments of one emulator.

    `floor` is the height that the chain is rolled back to next. `given` are the deployments in use by a test, and
    `depth` is the number of open blocks of `rolled_back`. An account that contracts are deployed to has `funds_ufix64`.
    """

    flow: LocalFlow
    funds_ufix64: int
    file: Path
    emulator: str
    floor: int
    kept: dict[str, Kept]
    given: set[str] = field(default_factory=set)
    depth: int = 0

    @classmethod
    def of(cls, flow: LocalFlow, funds_ufix64: int) -> Self:
        """Those of the running emulator, rolled back to what is kept; at height 0 if nothing is."""
        file, emulator = run_dir() / "kept-deployments.json", flow_emulator().pid_file.read_text()
        try:
            listed = Listed.model_validate_json(file.read_text())
        except (FileNotFoundError, ValidationError):
            listed = Listed()
        if listed.emulator != emulator:
            listed = Listed()
        roll_back(flow, listed.floor)
        return cls(flow, funds_ufix64, file, emulator, listed.floor, listed.kept)

    def prepare(self, work: Callable[[], object]) -> None:
        """Do what every deployment needs once, and keep it."""
        work()
        self.floor = height_of(self.flow)

    def get(
        self,
        name: str,
        deployer_of: type[LocalDeployer],
        deploy: Callable[[LocalDeployer], object],
        names: Sequence[str] = contracts.CONTRACTS,
    ) -> LocalDeployer:
        """The deployment of this name, kept or new, with contracts of the present sources; `names` are theirs."""
        if name in self.kept and name not in self.given:
            deployer = self._deployer(deployer_of, self.kept[name].account)
            if self._updated(deployer, self.kept[name].sources):
                self.given.add(name)
                return deployer
        is_first = height_of(self.flow) == self.floor
        deployer = self._deployer(deployer_of, self.flow.create_account(self.funds_ufix64))
        deploy(deployer)
        if is_first and name not in self.kept:
            self._keep(name, deployer.account, names)
        return deployer

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Afterwards the chain is as it was before, but for what is kept."""
        floor_outside, given_outside = self.floor, set(self.given)
        began = self.floor = height_of(self.flow)
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            roll_back(self.flow, self.floor)
            self.kept = {name: one for name, one in self.kept.items() if one.height <= self.floor}
            self.given = given_outside
            if began != floor_outside:
                self.floor = floor_outside
            self._list()

    def _deployer(self, deployer_of: type[LocalDeployer], account: LocalAccount) -> LocalDeployer:
        return deployer_of(self.flow.with_contracts_at(account.address), account)

    def _updated(self, deployer: LocalDeployer, sources: Mapping[str, str]) -> bool:
        """Update the contracts whose sources differ from these; False where Cadence refuses an update."""
        changed = [name for name, digest in digests(deployer.address, sources).items() if sources[name] != digest]
        try:
            for name in changed:
                code = contracts.contract_code(name, "emulator", deployer.address)
                deployer.run("deploy/deploy_contract.cdc", code, string(name))
        except TransactionFailedError:
            return False
        return True

    def _keep(self, name: str, account: LocalAccount, names: Iterable[str]) -> None:
        self.floor = height_of(self.flow)
        private_key = account.key.private_numbers().private_value
        self.kept[name] = Kept(
            address=account.address,
            private_key=private_key,
            height=self.floor,
            sources=digests(account.address, names),
        )
        self.given.add(name)
        self._list()

    def _list(self) -> None:
        """Write the list, unless a test runs: what another process rolls back to must not hold what a test has done."""
        if self.depth == 0:
            kept = {name: one for name, one in self.kept.items() if one.height <= self.floor}
            self.file.write_text(Listed(emulator=self.emulator, floor=self.floor, kept=kept).model_dump_json())


def digests(address: str, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each contract's code as it would be deployed to an account now; a test may have changed it."""
    codes = {name: str(contracts.contract_code(name, "emulator", address).value) for name in names}
    return {name: hashlib.sha256(code.encode()).hexdigest() for name, code in codes.items()}


def height_of(flow: LocalFlow) -> int:
    return flow.rest.latest_sealed_block().height


def roll_back(flow: LocalFlow, height: int) -> None:
    """Forget the blocks above `height`."""
    if height_of(flow) > height:
        address, to = f"{url('flow_admin')}/emulator/rollback", {"height": str(height)}
        httpx.post(address, data=to, timeout=WAIT_SECONDS_MAX).raise_for_status()
