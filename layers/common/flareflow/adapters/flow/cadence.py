"""The Cadence code of `infra/cadence`, and where the contracts that it imports are on a network."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

CADENCE: Final = Path(__file__).resolve().parents[2] / "cadence"

_STRING_IMPORT: Final = re.compile(r'^(\s*)import "(\w+)"', re.MULTILINE)


class _Contract(BaseModel):
    aliases: dict[str, str] = {}


class _FlowJson(BaseModel):
    contracts: dict[str, _Contract] = {}
    dependencies: dict[str, _Contract] = {}


def cadence_code(path: str, addresses: Mapping[str, str]) -> str:
    """The code of a transaction or script under `infra/cadence`, for a network with these contract addresses."""
    return resolve_imports((CADENCE / path).read_text(), addresses)


def resolve_imports(code: str, addresses: Mapping[str, str]) -> str:
    """Replace each `import "Name"`, which access nodes do not read, by `import Name from 0x…`.

    `addresses` are hex, with or without `0x`. Raises KeyError for a contract without address.
    """

    def resolved(found: re.Match[str]) -> str:
        return f"{found[1]}import {found[2]} from 0x{addresses[found[2]].removeprefix('0x')}"

    return _STRING_IMPORT.sub(resolved, code)


def contract_addresses(network: str, contract_address: str) -> dict[str, str]:
    """The addresses of contracts on a network: ours on one account, dependencies as in `flow.json`."""
    ours = dict.fromkeys(_flow_json().contracts, contract_address)
    return dependency_addresses(network) | ours


def dependency_addresses(network: str) -> dict[str, str]:
    """The addresses of the contracts on a network that ours import, in hex without `0x`, as in `flow.json`."""
    dependencies = _flow_json().dependencies
    return {name: found.aliases[network] for name, found in dependencies.items() if network in found.aliases}


def contract_names() -> list[str]:
    """The names of our contracts, in the order of `flow.json`."""
    return list(_flow_json().contracts)


def _flow_json() -> _FlowJson:
    return _FlowJson.model_validate(json.loads((CADENCE / "flow.json").read_text()))
