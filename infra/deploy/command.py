"""The deployment command: deploys the contracts to one of the networks that it is given, or updates them there."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from flareflow.errors import FlareFlowError
from infra.deploy.account import AccountDeployer, DeploymentFailedError, Step
from infra.deploy.contracts import deploy
from infra.deploy.guardians import AnnouncedUpdates, HandOver
from infra.deploy.inputs import Deployment, InputError, Inputs, payer
from infra.deploy.networks import FlowNetwork
from infra.deploy.report import intention, on_chain
from infra.deploy.sending import AccountSender


def main(networks: Sequence[FlowNetwork]) -> int:
    """Deploy to the network that NETWORK names; 0 when everything is deployed or updated, 1 with a message if not."""
    argparse.ArgumentParser(description=__doc__, epilog=Inputs.__doc__).parse_args()
    console = Console()
    try:
        given = Inputs.read()
        network = _named(given.network, networks)
        update(given.contracts, given, network, console) if given.contracts else run(given, network, console)
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
    """Show what will be trusted, deploy, show what is on chain afterwards, and hand the account over."""
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
        scripts = FlowScripts(flow.rest, addresses)
        console.print(on_chain(scripts))
        if given.guardians:
            console.print(HandOver(deployer, scripts, given.guardians).proceed(), soft_wrap=True)


def update(contracts: str, given: Inputs, network: FlowNetwork, console: Console) -> None:
    """Put announced code in force at an address whose keys are revoked, and say of each contract how it stands."""
    key = payer(given, network)
    addresses = contract_addresses(network.name, contracts)
    with http_client(network.rest_url) as http:
        flow = FlowTransactions(FlowRest(http), AccessNode.parse(network.access), key.address, key.signer, addresses)
        deployer = AccountDeployer(AccountSender(flow, key.index(flow.rest)), lambda step: _tell(step, console))
        updates = AnnouncedUpdates(deployer, FlowScripts(flow.rest, addresses), network.name, contracts)
        for line in updates.apply():
            console.print(line, soft_wrap=True, highlight=False)


def _tell(step: Step, console: Console) -> None:
    console.print(f"[green]✓[/] {step.path}: {step.outcome}  [dim]{step.transaction_id}[/]", soft_wrap=True)
