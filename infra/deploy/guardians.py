"""Hands the account of the contracts over to guardians, and puts in force what these have announced.

Guardians are an account of several keys, none of which signs alone. Once they hold the rights of the account of the
contracts, its keys are revoked; from then on its code changes only after an announcement (`CodeUpdates.cdc`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha3_256
from typing import Final

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flareflow.adapters.flow.json_cdc import Argument, address, array, string
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.errors import FlowUnavailableError
from infra.deploy.contracts import CONTRACTS, Deployer, contract_code

OFFERED: Final = (
    "The rights are offered to {guardians}. They take them with infra/cadence/transactions/guardians/take_rights.cdc; "
    "then repeat this command, which revokes all keys of {contracts}."
)
HANDED_OVER: Final = "The keys of {contracts} are revoked. From now on CONTRACTS={contracts} updates what is announced."


class Code(BaseModel):
    """How the code of one contract stands; hashes are SHA3-256 in hex, `possible_at` in 1e-8 seconds since 1970."""

    code_hash: str | None = Field(alias="codeHash")
    announced_hash: str | None = Field(alias="announcedHash")
    possible_at: int | None = Field(alias="possibleAt")
    is_possible: bool = Field(alias="isPossible")


_CODES: Final = TypeAdapter(list[Code])
_RIGHTS_LEFT: Final = TypeAdapter(int | None)


@dataclass(frozen=True, slots=True)
class HandOver:
    """The rights of the account that deploys, on their way to guardians."""

    deployer: Deployer
    scripts: FlowScripts
    guardians: str

    def proceed(self) -> str:
        """Offer the rights, or revoke the keys where they were taken; what was done, and what comes next."""
        names = {"guardians": self.guardians, "contracts": self.deployer.address}
        if self._rights_left() == 0:
            self.deployer.run("guardians/revoke_keys.cdc")
            return HANDED_OVER.format(**names)
        self.deployer.run("guardians/offer_rights.cdc", address(self.guardians))
        return OFFERED.format(**names)

    def _rights_left(self) -> int | None:
        """How many of the offered rights are not taken yet; None where nothing is offered."""
        answer = self.scripts.run("guardians/get_offer.cdc", [address(self.deployer.address)])
        try:
            return _RIGHTS_LEFT.validate_python(answer)
        except ValidationError as error:
            raise FlowUnavailableError("the contracts describe the offer in another form") from error


@dataclass(frozen=True, slots=True)
class AnnouncedUpdates:
    """The contracts at an address whose keys are revoked; `deployer` only sends and pays."""

    deployer: Deployer
    scripts: FlowScripts
    network: str
    contracts: str

    def apply(self) -> Iterator[str]:
        """Put the announced code in force where it is this repository's and its notice has ended; one line for each."""
        codes = {name: contract_code(name, self.network, self.contracts) for name in CONTRACTS}
        for name, state in self._states(codes).items():
            yield f"{name}: {self._applied(name, codes[name], state)}"

    def _applied(self, name: str, code: Argument, state: Code) -> str:
        wanted = sha3_256(str(code.value).encode()).hexdigest()
        if state.code_hash == wanted:
            return "up to date"
        if state.announced_hash != wanted:
            return f"guardians must announce {wanted} (transactions/guardians/announce_update.cdc)"
        if not state.is_possible:
            return f"announced, possible at {(state.possible_at or 0) // 10**8} for a week, in seconds since 1970"
        self.deployer.run("guardians/update_contract.cdc", code, string(name))
        return "updated"

    def _states(self, codes: Mapping[str, Argument]) -> Mapping[str, Code]:
        answer = self.scripts.run("guardians/get_updates.cdc", [array(string, list(codes))])
        try:
            return dict(zip(codes, _CODES.validate_python(answer), strict=True))
        except ValueError as error:
            raise FlowUnavailableError("the contracts describe their code in another form") from error
