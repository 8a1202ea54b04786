"""The FCL development wallet: what people connect with in the browser, on this machine only.

Its accounts are on the emulator, all with the service account's key, which the wallet tells everybody who asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64
from infra.local.flow.accounts import LocalFlow, service_account
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY
from infra.local.ports import port, url
from infra.local.server import Server, answers
from infra.paths import BIN

PROGRAM: Final = BIN / "fcl-dev-wallet"
CADENCE: Final = BIN / "fcl-dev-wallet.cadence"
CONTRACT: Final = "FCL"
ACCOUNTS_UFIX64: Final[Mapping[str, int]] = {"Alice": 1_000 * 10**8, "Bob": 1_000 * 10**8, "Carol": 1 * 10**8}
"""The accounts that people find in the wallet, with their FLOW; Carol's is too little to subscribe."""

SHA3_256: Final = Argument("UInt8", "3")
ECDSA_P256: Final = Argument("UInt8", "1")


def discovery_url() -> str:
    """Where FCL finds the wallet."""
    return f"{url('wallet')}/fcl/authn"


def wallet() -> Server:
    return Server(
        name="wallet",
        command=[
            *(str(PROGRAM), "--port", str(port("wallet")), "--access-node", url("flow_rest")),
            *("--address", f"0x{SERVICE_ADDRESS}", "--private-key", SERVICE_PRIVATE_KEY),
            *("--public-key", service_account().public_key.hex()),
            *("--avatar-url", f"{url('wallet')}/missing-avatar-icon.svg?"),  # by default a public service draws them
        ],
        ports=["wallet"],
        is_ready=answers(f"{url('wallet')}/api/"),
    )


def open_accounts() -> None:
    """Deploy the wallet's own contract, which lists its accounts, and open these.

    The wallet would do so when it is opened first, but it waits for ever on a chain that makes blocks by the clock.
    """
    service = service_account()
    with LocalFlow.at() as flow:
        flow.run_code(
            service,
            _cadence("transactions/init.cdc"),
            *(string(_cadence(f"contracts/{CONTRACT}.cdc")), string(service.public_key.hex())),
            *(SHA3_256, ECDSA_P256, array(string, ["Service Account"])),
        )
    for name, flow_ufix64 in ACCOUNTS_UFIX64.items():
        open_account(name, flow_ufix64)


def open_account(name: str, flow_ufix64: int) -> None:
    """Open an account that the wallet shows by this name, with this much FLOW."""
    with LocalFlow.at() as local:
        flow = replace(local, addresses={**local.addresses, CONTRACT: SERVICE_ADDRESS})
        account = string(name), array(string, []), ufix64(flow_ufix64)
        flow.run_code(service_account(), _cadence("transactions/newAccount.cdc"), *account)


def _cadence(path: str) -> str:
    return (CADENCE / path).read_text()
