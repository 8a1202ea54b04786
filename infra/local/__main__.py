"""`python -m infra.local up | web | down | status | logs [name]`: starts, stops and shows the local stack."""

import argparse

from rich.console import Console

from infra.local import stack, view
from infra.local.interruption import INTERRUPTED, ended_like_interrupted
from infra.local.server import PortTakenError, ServerFailedError


def main() -> int:
    """Run the command; 1 when the stack could not be started."""
    given = _arguments()
    console = Console()
    match given.command:
        case "up":
            return _up(console)
        case "web":
            return _web(console)
        case "down":
            console.print(view.stopped(stack.down()), highlight=False)
        case "status":
            console.print(view.status(stack.servers()), highlight=False)
        case "logs":
            console.print(view.logs(given.name), markup=False, highlight=False)
    return 0


def _up(console: Console) -> int:
    ended = _start(console)
    if ended == 0:
        console.print(view.status(stack.servers()), highlight=False)
    return ended


def _web(console: Console) -> int:
    ended = _start(console)
    if ended == 0:
        stack.publish_page()
        console.print(view.page(stack.facts()["page_url"]), highlight=False, soft_wrap=True)
    return ended


def _start(console: Console) -> int:
    try:
        with ended_like_interrupted():
            stack.up(console)
    except (PortTakenError, ServerFailedError) as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. What was started is stopped again.", style="red")
        return INTERRUPTED
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything")
    commands.add_parser("web", help="the same, with the page as it was built last, and print its address")
    commands.add_parser("down", help="stop what `up` started")
    commands.add_parser("status", help="show which servers run, and where")
    commands.add_parser("logs", help="show the ends of all logs, or of one").add_argument("name", nargs="?")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
