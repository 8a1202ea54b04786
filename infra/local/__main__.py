"""`python -m infra.local up | down | status | logs [name]`."""

import argparse

from rich.console import Console

from infra.local import stack
from infra.local.server import PortTakenError, ServerFailedError


def main() -> int:
    """Run the command; 1 when the stack could not be started."""
    given = _arguments()
    console = Console()
    match given.command:
        case "up":
            return _up(console)
        case "down":
            stack.down()
        case "status":
            console.print(stack.status())
        case "logs":
            console.print(stack.logs(given.name), markup=False, highlight=False)
    return 0


def _up(console: Console) -> int:
    try:
        stack.up(console)
    except (PortTakenError, ServerFailedError) as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1
    console.print(stack.status())
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything")
    commands.add_parser("down", help="stop exactly what was started")
    commands.add_parser("status", help="what runs, and where")
    commands.add_parser("logs", help="the end of every log, or of one").add_argument("name", nargs="?")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
