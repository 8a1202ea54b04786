"""`make key`: a key to call models with, for a new account with a deposit on the local stack."""

from rich.console import Console

from infra.local import stack
from infra.local.demo.job import JobFailedError, become_customer
from infra.local.demo.progress import Steps
from infra.local.demo.run import Stack
from infra.local.server import PortTakenError, ServerFailedError


def main() -> int:
    """Start the stack if it is not up, and print what the OpenAI SDK reads from the environment."""
    console = Console(stderr=True)
    try:
        facts = stack.up(console)
        with Stack.of(facts) as running, become_customer(running, Steps(console)) as customer:
            print(f"export OPENAI_BASE_URL={facts['litellm_url']}/v1")
            print(f"export OPENAI_API_KEY={customer.secret}")
    except (PortTakenError, ServerFailedError, JobFailedError) as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
