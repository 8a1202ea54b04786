"""`python -m infra.deploy deploy`: the contracts onto a Flow network, or their update. Inputs: `Inputs`."""

import argparse

from rich.console import Console

from flareflow.adapters.flow.rest import FlowRest, FlowScripts, contract_addresses, http_client
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from flareflow.errors import FlareFlowError
from infra.deploy.account import AccountDeployer, DeploymentFailedError, Step
from infra.deploy.contracts import deploy
from infra.deploy.inputs import Deployment, InputError, Inputs
from infra.deploy.report import intention, on_chain


def main() -> int:
    """0 when everything is deployed or updated; 1 with a message when something is refused."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", epilog=Inputs.__doc__)
    parser.add_argument("command", choices=["deploy"])
    parser.parse_args()
    console = Console()
    try:
        run(Inputs.read(), console)
    except (InputError, DeploymentFailedError) as error:
        return _refused(str(error), console)
    except FlareFlowError as error:
        return _refused(f"{error}: {error.__cause__}", console)
    return 0


def _refused(message: str, console: Console) -> int:
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


def run(given: Inputs, console: Console) -> None:
    """Show what is to be trusted, deploy, show what is on chain."""
    deployment = Deployment.of(given)
    network, key = deployment.network, deployment.key
    console.print(intention(deployment))
    deployment.require_compared_policy(given.policy_hash)
    addresses = contract_addresses(network.name, key.address)
    with http_client(network.rest_url) as http:
        flow = FlowTransactions(FlowRest(http), AccessNode.parse(network.access), key.address, key.signer, addresses)
        deployer = AccountDeployer(flow, key.index(flow.rest), lambda step: _tell(step, console))
        flare = network.flare.trusting(deployment.policy.encoded)
        deploy(deployer, network.name, flare, deployment.statements.template(), network.notices)
        console.print(on_chain(FlowScripts(flow.rest, addresses)))


def _tell(step: Step, console: Console) -> None:
    console.print(f"[green]✓[/] {step.path}: {step.outcome}  [dim]{step.transaction_id}[/]", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
