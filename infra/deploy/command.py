"""The deployment command: deploys the contracts to one of the networks that it is given, or updates them there."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from flareflow.adapters.flow.rest import FlowRest, FlowScripts, contract_addresses, http_client
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from flareflow.errors import FlareFlowError
from infra.deploy.account import AccountDeployer, DeploymentFailedError, Step
from infra.deploy.contracts import deploy
from infra.deploy.inputs import Deployment, InputError, Inputs
from infra.deploy.networks import FlowNetwork
from infra.deploy.report import intention, on_chain
from infra.deploy.sending import AccountSender


def main(networks: Sequence[FlowNetwork]) -> int:
    """Deploy to the network that NETWORK names; 0 when everything is deployed or updated, 1 with a message if not."""
    argparse.ArgumentParser(description=__doc__, epilog=Inputs.__doc__).parse_args()
    console = Console()
    try:
        given = Inputs.read()
        run(given, _named(given.network, networks), console)
    except (InputError, DeploymentFailedError) as error:
        return _failed(str(error), console)
    except FlareFlowError as error:
        return _failed(f"{error}: {error.__cause__}", console)
    return 0


def _named(name: str, networks: Sequence[FlowNetwork]) -> FlowNetwork:
    for network in networks:
        if network.name == name:
            return network
    raise InputError(f"NETWORK: this command deploys to {' and '.join(one.name for one in networks)}, not to {name}")


def _failed(message: str, console: Console) -> int:
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


def run(given: Inputs, network: FlowNetwork, console: Console) -> None:
    """Show what will be trusted, deploy, and show what is on chain afterwards."""
    deployment = Deployment.of(given, network)
    key = deployment.key
    console.print(intention(deployment))
    deployment.require_compared_policy(given.policy_hash)
    addresses = contract_addresses(network.name, key.address)
    with http_client(network.rest_url) as http:
        flow = FlowTransactions(FlowRest(http), AccessNode.parse(network.access), key.address, key.signer, addresses)
        deployer = AccountDeployer(AccountSender(flow, key.index(flow.rest)), lambda step: _tell(step, console))
        flare = network.flare.trusting(deployment.policy.encoded)
        deploy(deployer, network.name, flare, deployment.statements, network.terms)
        console.print(on_chain(FlowScripts(flow.rest, addresses)))


def _tell(step: Step, console: Console) -> None:
    console.print(f"[green]✓[/] {step.path}: {step.outcome}  [dim]{step.transaction_id}[/]", soft_wrap=True)
