"""`flareflow`: checks a bill with public sources, believing nobody. `flareflow COMMAND --help` explains a command.

What is slow to import is imported by the command that needs it, so that `--help` answers at once.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence

FAILED = 2
INTERRUPTED = 130
UNREAD = 141
"""As a shell tells of a program that was ended by SIGPIPE: whoever reads its output has stopped."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status is 0 (verified), 1 (a difference) or 2 (it could not be checked).

    An error that nobody has thought of ends with 2 as well: 1 says that something differs, which no fault of the
    command may say.
    """
    given = _parser().parse_args(arguments)
    from flareflow_verify import commands  # noqa: PLC0415 (it takes a while, and `--help` needs none of it)
    from flareflow_verify.errors import CommandError  # noqa: PLC0415
    from flareflow_verify.output import printable  # noqa: PLC0415

    try:
        return commands.run(given)
    except CommandError as error:
        print(f"flareflow: {printable(str(error))}", file=sys.stderr)  # noqa: T201
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more is written at the end
        return UNREAD
    except Exception:
        sys.excepthook(*sys.exc_info())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flareflow", description="Check a FlareFlow bill with public sources, believing nobody."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="check a bill, from Flare's voters to the charge on Flow",
        description="Check a bill step by step. Exit status: 0 verified, 1 a difference, 2 could not be checked.",
    )
    verify.add_argument("subscription", nargs="?", type=_number, help="the id of the subscription")
    _add_bills(verify)
    verify.add_argument("--event", metavar="ID", help="only this call of the owner's, with its path")
    _add_sources(verify)
    verify.epilog = WITH_SESSION
    _add_audit(commands.add_parser("audit", help="compare your own log of calls with the calls that were billed"))
    _add_recount(commands.add_parser("recount", help="count the tokens of your calls again, from their text"))
    bundle = commands.add_parser(
        "bundle",
        help="pack everything that `verify --offline` needs into a file",
        description="Gather the evidence of a bill, unchecked, into one file for `verify --offline`. Exit status: 0 "
        "written, 2 not.",
    )
    bundle.add_argument("subscription", type=_number, help="the id of the subscription")
    bundle.add_argument("--event", metavar="ID", help="only this call of the owner's, with its path")
    bundle.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write")
    _add_sources(bundle)
    bundle.epilog = WITH_SESSION
    _add_receipt(commands.add_parser("receipt", help="sum up a month, each bill of it checked, as a page for paper"))
    keys = commands.add_parser(
        "keys",
        help="list your keys, or what one may call",
        description="With a virtual key: what it may call, at which price. With a session: list, make or end keys.",
    )
    _add_own(keys, _add_key_changes)
    usage = commands.add_parser(
        "usage",
        help="tell what a key or a subscription has used",
        description="With a virtual key: its calls and their cost. With a session: the usage of a subscription, or of "
        "all of the account's, with what is pending, sealed and charged apart.",
    )
    _add_own(usage, _add_sums)
    balance = commands.add_parser(
        "balance",
        help="tell what is left",
        description="With a virtual key: what can still be paid for. With a session: what is left of the deposit of a "
        "subscription, or of all of the account's, what was charged and what is pending.",
    )
    _add_own(balance)
    _add_watch(commands.add_parser("watch", help="show usage as it happens, pending and proven apart"))
    _add_doctor(commands.add_parser("doctor", help="see whether everything answers, and what to do if not"))
    return parser


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check the bills, then compare each billed call with your log and its receipts; or check a proof that somebody "
        "wrote like this. Exit status: 0 nothing is wrong, or the proof holds; 1 something is, or it does not; 2 could "
        "not be checked."
    )
    parser.add_argument("subscription", nargs="?", type=_number, help="the id of the subscription")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--log", metavar="FILE", help="receipts, or event id and usage of each answer as JSON lines")
    what.add_argument("--check", metavar="PROOF", help="check this proof, without any network")
    parser.add_argument("--proofs", metavar="FOLDER", help="write a proof of each fault that is found here")
    parser.add_argument(
        "--receipt-keys", metavar="FILE", help="with --offline: the receipt keys that the statement names"
    )
    _add_bills(parser)
    _add_sources(parser)
    parser.epilog = "The owner's session is in FLAREFLOW_SESSION; without --offline and --check it is needed."


def _add_recount(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Count the tokens of your calls again with a tokenizer of your own. Where a bill is named, it is checked, and "
        "its prices tell what the tokens that are too many cost. Exit status: 0 no call has more tokens than its text "
        "allows; 1 some have, or the bill differs; 2 they could not be counted."
    )
    parser.add_argument("subscription", nargs="?", type=_number, help="the subscription whose prices are used")
    parser.add_argument("--log", metavar="FILE", required=True, help="JSON lines: request and answer of each call")
    parser.add_argument(
        "--tokenizer",
        metavar="KIND:NAME",
        required=True,
        help="tiktoken:ENCODING-OR-MODEL, file:TOKENIZER.JSON or command:COMMAND",
    )
    parser.add_argument(
        "--overhead", metavar="TOKENS", type=_number, default=8, help="what a chat format may put around a message [8]"
    )
    parser.add_argument(
        "--offline", metavar="BUNDLE", help="take the prices from the bill in this bundle, without any network"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    _add_sources(parser)


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check the bills of a month and write what was used, what it cost and where each amount is proven. "
        "Exit status: 0 every bill is verified, 1 something differs, 2 something could not be checked."
    )
    parser.add_argument("subscription", type=_number, help="the id of the subscription")
    parser.add_argument("--month", metavar="YYYY-MM", required=True, help="the month, in UTC")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the page (HTML) to this file")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    _add_sources(parser, is_of_one_bill=False)


HOST = ("--host", "FLAREFLOW_HOST", "URL", "FlareFlow's API")
MODELS = ("--models", "FLAREFLOW_MODELS", "URL", "where models are called; by default the host tells")
DIAGNOSED = {"--host", "--flow", "--flare", "--flare-registry", "--policy"}
CREDENTIALS = "FLAREFLOW_KEY is a virtual key, FLAREFLOW_SESSION a session; neither is taken from the command line."
WITH_SESSION = "With the owner's session in FLAREFLOW_SESSION the single calls are checked too."


def _add_own(parser: argparse.ArgumentParser, more: Callable[[argparse.ArgumentParser], None] | None = None) -> None:
    parser.epilog = f"{CREDENTIALS} Exit status: 0, or 2 if a server refuses or does not answer."
    parser.add_argument("subscription", nargs="?", type=_number, help="by the session; without it the key is asked")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    _add_variables(parser, (HOST, MODELS))
    if more is not None:
        more(parser)


def _add_key_changes(parser: argparse.ArgumentParser) -> None:
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--new", metavar="NAME", help="make a key of this subscription and print its secret, once")
    change.add_argument("--rotate", metavar="HASH", help="make a key in place of this one, which works for a day more")
    change.add_argument("--delete", metavar="HASH", help="end this key at once")
    parser.add_argument("--cap", metavar="TOKENS", type=_number, help="with --new: rated tokens that it may use in all")


def _add_sums(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=("key", "model", "day", "hour"), help="with a session: sum by this")
    form = "as in 2026-11-01T00:00:00Z"
    parser.add_argument("--since", metavar="TIME", type=_time, help=f"with a session: from this time on, {form}")
    parser.add_argument("--until", metavar="TIME", type=_time, help=f"with a session: up to this time, {form}")


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show the usage of a subscription as it happens, until Ctrl-C: what is pending and what is proven apart. Exit "
        "status: 0 after Ctrl-C, 2 when it cannot be watched, or not any more."
    )
    parser.epilog = "FLAREFLOW_SESSION is the session; it is not taken from the command line."
    parser.add_argument("subscription", type=_number, help="the id of the subscription")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each message")
    _add_variables(parser, (HOST, ("--live", "FLAREFLOW_LIVE", "URL", "the WebSocket; by default the host tells")))


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Look at everything that the command needs, whatever of it is named, and say what is wrong and what to do. "
        "Exit status: 0 nothing is wrong, 1 something is, 2 the host is no address."
    )
    parser.epilog = CREDENTIALS
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    _add_variables(parser, (MODELS, *(one for one in SOURCES if one[0] in DIAGNOSED)))


SOURCES = (
    ("--host", "FLAREFLOW_HOST", "URL", "where the statements are served"),
    ("--flow", "FLAREFLOW_FLOW", "URL", "an access node of Flow, REST"),
    ("--flare", "FLAREFLOW_FLARE", "URL", "a node of Flare, JSON-RPC; without it Flare's Relay is not asked"),
    ("--da", "FLAREFLOW_DA", "URL", "Flare's data availability layer, asked for the root where no node is named"),
    ("--flare-registry", "FLAREFLOW_FLARE_REGISTRY", "ADDRESS", "Flare's contract registry, if it is another one"),
    ("--policy", "FLAREFLOW_POLICY", "FILE", "who must have signed the log of statements, as c2sp.org/tlog-policy"),
    (
        "--checkpoint",
        "FLAREFLOW_CHECKPOINT",
        "FILE",
        "with --policy: what you have seen of the log; the newest is kept here",
    ),
    ("--contract", "FLAREFLOW_CONTRACT", "TYPE", "the contract, A.<address>.<name>; by default the statement's"),
)
TRUSTED = "hash of a signing policy of Flare that you trust, as its Relay has it [FLAREFLOW_TRUSTED_POLICY]"


def _add_bills(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", metavar="BUNDLE", help="check the bill in this bundle, without any network")
    parser.add_argument(
        "--from", dest="from_epoch", metavar="EPOCH", type=_number, help="with --to: every bill since this epoch"
    )
    parser.add_argument(
        "--to", dest="to_epoch", metavar="EPOCH", type=_number, help="with --from: every bill up to this epoch"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def _add_sources(parser: argparse.ArgumentParser, *, is_of_one_bill: bool = True) -> None:
    if is_of_one_bill:
        parser.add_argument("--epoch", type=_number, help="the epoch of a bill; by default that of the last charge")
    trusted = os.environ.get("FLAREFLOW_TRUSTED_POLICY") or None
    parser.add_argument("--trusted-policy", metavar="0xHASH", type=_hash, default=trusted, help=TRUSTED)
    _add_variables(parser, SOURCES)


def _add_variables(parser: argparse.ArgumentParser, options: Iterable[tuple[str, str, str, str]]) -> None:
    """Options of which the environment has the default."""
    for option, variable, what, explained in options:
        default = os.environ.get(variable) or None
        parser.add_argument(option, metavar=what, default=default, help=f"{explained} [{variable}]")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def _time(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time as in 2026-11-01T00:00:00Z")
    return text


def _hash(text: str) -> bytes:
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 0x and 64 hex digits")
    return bytes.fromhex(text[2:])


if __name__ == "__main__":
    raise SystemExit(main())
