"""The local stack: its servers and set-up steps, and which of them need which.

Its servers keep in memory what refers to each other, so they are started and stopped together: where only some of
them still run, `up` stops these and starts everything anew.
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter
from rich.console import Console

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from flareflow.time import Epochs, utc_now
from flareflow.transparency.notes import KeyKind, NoteKey
from flareflow.transparency.publishing import log_name
from flareflow.transparency.signing import NoteSigner
from flareflow_gate.receipts import Signer
from infra.deploy.page import publish
from infra.local.aws import dynamodb_server, moto_server
from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import Deployment, parameters_file
from infra.local.aws.gateway.invoke_api import FUNCTIONS
from infra.local.aws.gateway.schedules import TICK_VARIABLE
from infra.local.aws.gateway.template import Template
from infra.local.aws.provision import provision
from infra.local.flare.anvil import anvil
from infra.local.flare.contracts import deploy_flare, fdc, fund
from infra.local.flare.network import LOCAL_FLARE
from infra.local.flow.accounts import LocalFlow
from infra.local.flow.contracts import deploy_contracts
from infra.local.flow.emulator import SERVICE_ADDRESS, flow_emulator
from infra.local.flow.network import EPOCH_SECONDS, STATEMENT_HOST, STATEMENT_URL_PREFIX
from infra.local.flow.wallet import discovery_url, open_accounts, wallet
from infra.local.launch import Facts, Part, Step, launch, stop
from infra.local.litellm.servers import litellm, postgres, receipt_key, upstream
from infra.local.ports import HOST, port, url
from infra.local.run_dir import run_dir
from infra.local.server import Server, answers
from infra.local.witness.server import signer, witness
from infra.paths import PAGE
from infra.waiting import until

TICK_SECONDS: Final = "2"

DEVELOPMENT_ORIGIN: Final = "http://localhost:5173"
"""Where Vite serves the page while somebody works on it."""

FIXED_PARAMETERS: Final = {
    "EpochSeconds": str(EPOCH_SECONDS),
    "LitellmRequestTimeoutSeconds": "180",  # as in LiteLLM's configuration
    "LookBackSeconds": "300",
    "WebhookReceivers": "any",
    "StatementUrlPrefix": STATEMENT_URL_PREFIX,
    "FlowNetwork": "emulator",
    "FlareNetwork": LOCAL_FLARE.name,
    "FlareExplorerUrl": "",
    "FlowExplorerUrl": "",
}
OPERATOR_KEYS: Final = 5
OPERATOR_UFIX64: Final = 1_000 * 10**8
FACTS: Final = TypeAdapter(dict[str, str])
WARM_SECONDS_MAX: Final = 300.0
FUNCTION_ERROR: Final = "x-amz-function-error"


def facts_file() -> Path:
    """The file with addresses and demo secrets of the stack; it exists only while the stack runs."""
    return run_dir() / "stack.json"


def facts() -> Facts:
    """Addresses and demo secrets of the running stack. Raises `FileNotFoundError` when none runs."""
    return FACTS.validate_json(facts_file().read_bytes())


def parts() -> Sequence[Part]:
    """Every server and step."""
    return [
        dynamodb_server.server(),
        moto_server.server(),
        Step("provision", _provision, needs=["dynamodb", "moto"], doing="making tables, queues, buckets and keys"),
        Step("page", _publish_page, needs=["provision"], doing="publishing the page"),
        postgres(),
        upstream(),
        litellm(secret_values()["LitellmMasterKey"], url("gateway_http"), secret_values()["UsagePushSecret"]),
        anvil(),
        Step("flare", _deploy_flare, needs=["anvil"], doing="deploying Flare's contracts"),
        Step("flare-gas", _fund_flare_account, needs=["flare", "provision"], doing="funding the operator on Flare"),
        fdc(STATEMENT_HOST),
        witness(statement_log_key().text, secret_values()["WitnessSeed"]),
        flow_emulator(),
        Step("flow-operator", _create_operator, needs=["flow", "provision"], doing="making the operator's account"),
        Step(
            "contracts",
            _deploy_contracts,
            needs=["flow-operator", "flare"],  # both steps on Flow are signed by the service account
            doing="deploying FlareFlow's contracts on Flow",
            usual_seconds=10,
        ),
        wallet(),
        Step("wallet-accounts", _open_wallet_accounts, needs=["contracts"], doing="opening accounts for the wallet"),
        Step("settings", _settings, needs=["provision", "contracts"], doing="writing the functions' settings"),
        gateway(),
        Step("receipt-keys", _publish_receipt_key, needs=["gateway"], doing="publishing the key of receipts"),
        Step("warm", _warm, needs=["receipt-keys"], doing="letting functions answer once"),
    ]


def servers() -> Sequence[Server]:
    return [part for part in parts() if isinstance(part, Server)]


def gateway() -> Server:
    return Server(
        name="gateway",
        command=[sys.executable, "-m", "infra.local.aws.gateway"],
        ports=["gateway_http", "gateway_websocket", "gateway_lambda", "gateway_aws"],
        is_ready=answers(f"{url('gateway_lambda')}{FUNCTIONS}/"),
        needs=["settings", "litellm"],  # started earlier, its schedules would slow down LiteLLM's start
        env={TICK_VARIABLE: os.environ.get(TICK_VARIABLE, TICK_SECONDS)},
    )


def up(console: Console) -> Facts:
    """Start everything, unless all of it runs already. Returns addresses and demo secrets.

    Raises PortTakenError or ServerFailedError, after which nothing is left running.
    """
    if facts_file().exists() and all(server.process() for server in servers()):
        return facts()
    down()
    found = launch(parts(), console)
    facts_file().write_bytes(FACTS.dump_json(dict(found), indent=1))
    facts_file().chmod(0o600)
    return found


def publish_page() -> None:
    """Publish the page anew on the running stack."""
    _publish_page(facts())


def down() -> list[str]:
    """Stop the servers that `up` started, and no others; the names of those that were running."""
    facts_file().unlink(missing_ok=True)
    return stop(servers())


def secret_values() -> Mapping[str, str]:
    """The stack's secrets by logical id; made at the first start and kept."""
    file = run_dir() / "secrets.json"
    stored = FACTS.validate_json(file.read_bytes()) if file.exists() else {}
    made = {
        "LitellmMasterKey": f"sk-{secrets.token_hex(24)}",
        "UsagePushSecret": secrets.token_hex(24),
        "StatementLogKey": secrets.token_hex(32),
        "WitnessSeed": secrets.token_hex(32),
    }
    values = made | stored
    if values != stored:
        file.touch(mode=0o600)
        file.write_text(json.dumps(values))
    return values


def statement_log_key() -> NoteKey:
    """The public key of the log of statements."""
    seed = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret_values()["StatementLogKey"]))
    return NoteSigner(log_name(STATEMENT_URL_PREFIX), KeyKind.LOG, seed).key


def witness_key() -> NoteKey:
    """The public key of the witness of that log."""
    return signer(bytes.fromhex(secret_values()["WitnessSeed"])).key


def _provision(_: Facts) -> Facts:
    made = provision(Template.load({}), secret_values())
    return {logical_id: physical.ref for logical_id, physical in made.items()}


def _publish_page(found: Facts) -> Facts:
    """Nothing is served at `/` as long as the page has not been built."""
    publish(PAGE, found["PageBucket"], aws.session().client("s3", endpoint_url=url("moto")))
    return {}


def _deploy_flare(_: Facts) -> Facts:
    deployed = deploy_flare()
    return {"flare_registry_address": deployed.registry, "flare_first_policy": deployed.first_policy}


def _fund_flare_account(found: Facts) -> Facts:
    """Give the account whose key is in KMS the money for gas."""
    fund(KmsEvmSigner(_kms_key(found["FlareSigningKey"])).address)
    return {}


def _create_operator(found: Facts) -> Facts:
    """Make the account that pays for settlements; it has one KMS key several times, to propose in parallel."""
    public_key = _kms_key(found["FlowSigningKey"]).public_key()
    with LocalFlow.at() as flow:
        address = flow.create_account_for(public_key, "SHA2_256", OPERATOR_KEYS, OPERATOR_UFIX64)
    return {"flow_operator_address": f"0x{address}"}


def _deploy_contracts(found: Facts) -> Facts:
    return {"flow_contract_address": deploy_contracts(bytes.fromhex(found["flare_first_policy"]))}


def _open_wallet_accounts(_: Facts) -> Facts:
    open_accounts()
    return {}


def _kms_key(key_id: str) -> KmsKey:
    return KmsKey(aws.session().client("kms", endpoint_url=url("moto")), key_id)


def _settings(found: Facts) -> Facts:
    """Write the template's parameters, now that everything is deployed. Returns the stack's addresses."""
    parameters = FIXED_PARAMETERS | {
        "AppOrigins": f"{url('gateway_http')},http://localhost:{port('gateway_http')},{DEVELOPMENT_ORIGIN}",
        "OperatorAddresses": f"0x{SERVICE_ADDRESS}",  # the wallet shows it as its Service Account
        "LitellmUrl": url("litellm_admin"),
        "Witnesses": f"{witness_key().text} {url('witness')}",
        "WalletDiscoveryUrl": discovery_url(),
        "WalletOrigins": url("wallet"),
        "ModelsUrl": f"{url('litellm')}/v1",
        "FlareRpcUrl": url("anvil"),
        "FlareRegistryAddress": found["flare_registry_address"],
        "FlareDaUrl": url("fdc"),
        "FlowRestUrl": url("flow_rest"),
        "FlowAccessHost": f"{HOST}:{port('flow_grpc')}",
        "FlowContractAddress": found["flow_contract_address"],
        "FlowOperatorAddress": found["flow_operator_address"],
    }
    parameters_file().write_text(json.dumps(parameters, indent=1))
    Deployment.load().write_sam_environment()
    return {
        "api_url": url("gateway_http"),
        "page_url": f"{url('gateway_http')}/",
        "websocket_url": f"ws://{HOST}:{port('gateway_websocket')}/live",
        "lambda_url": url("gateway_lambda"),
        "litellm_url": url("litellm"),
        "litellm_admin_url": url("litellm_admin"),
        "fdc_url": url("fdc"),
        "app_origin": url("gateway_http"),
        "litellm_master_key": secret_values()["LitellmMasterKey"],
        "witness_key": witness_key().text,
        "log_policy": str(_write_log_policy()),
    }


def _write_log_policy() -> Path:
    """Write what a reader of the log asks for, as https://c2sp.org/tlog-policy; return the file."""
    file = run_dir() / "log-policy"
    file.write_text(f"log {statement_log_key().text}\nwitness local {witness_key().text}\nquorum local\n")
    return file


def _publish_receipt_key(_: Facts) -> Facts:
    """Have the key of the gate named by every statement from the next epoch on.

    On a busy machine that epoch can have begun before the function runs, which then fails.
    """
    keys = {"keys": [{**Signer.from_file(receipt_key()).public_key, "valid_from_epoch": 0}]}
    command = {"command": "put_receipt_keys", "receipt_keys": keys, "who": "the local stack"}
    invoke = f"{url('gateway_lambda')}{FUNCTIONS}/UsageCasesFunction/invocations"

    def is_put() -> bool | None:
        wanted = {**command, "from_epoch": Epochs(EPOCH_SECONDS).at(utc_now()) + 1}
        answer = httpx.post(invoke, json=wanted, timeout=WARM_SECONDS_MAX).raise_for_status()
        return None if FUNCTION_ERROR in answer.headers else True

    until(is_put, WARM_SECONDS_MAX)
    return {}


def _warm(_: Facts) -> Facts:
    """Let the functions on the way of pending usage answer once, and wait until the gate has read the price book."""
    authorization = {"authorization": f"Bearer {secret_values()['UsagePushSecret']}"}
    with httpx.Client(base_url=url("gateway_http"), timeout=WARM_SECONDS_MAX) as http:
        http.post("/internal/usage", json=[], headers=authorization).raise_for_status()
        http.get("/v1/health").raise_for_status()
        push = f"{url('gateway_lambda')}{FUNCTIONS}/PendingPushFunction/invocations"
        http.post(push, json={"Records": []}).raise_for_status()
        until(lambda: http.get(f"{url('litellm')}/health/readiness").is_success or None, WARM_SECONDS_MAX)
    return {}
