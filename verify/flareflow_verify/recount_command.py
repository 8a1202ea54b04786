"""The command `recount`: count the tokens of a log's calls again, and price those that are too many."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from flareflow_verify.amounts import counted, currency_of, money, rated
from flareflow_verify.audit.report import price_of
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, check
from flareflow_verify.errors import CommandError
from flareflow_verify.evidence import DifferenceError, Evidence, MissingError, Trust
from flareflow_verify.gathering import Gather, Wanted
from flareflow_verify.output import Progress, print_found, print_reports
from flareflow_verify.reading import offline_bundle, read_log_file
from flareflow_verify.recount.comparing import Outcome, Recounted, recount
from flareflow_verify.recount.texts import read_texts
from flareflow_verify.recount.tokenizers import tokenizer
from flareflow_verify.remembering import remember


@dataclass(frozen=True, slots=True)
class Priced:
    """A call that was counted again, and what the tokens that are too many cost; None where that is not known."""

    counted: Recounted
    over_microtokens: int | None
    over_ufix64: int | None
    currency: str


def run(given: argparse.Namespace, trust: Trust, gathering: Callable[[], AbstractContextManager[Gather]]) -> int:
    """Count the calls of a log again; return the exit status. Raises CommandError.

    A bill that tells the prices is checked first; where it differs, that is printed and nothing is counted.
    """
    count = tokenizer(given.tokenizer)
    calls = read_log_file(Path(given.log), read_texts, "log with texts")
    if not calls:
        raise CommandError(f"{given.log} has no call")
    bundle = _bundle(given, gathering)
    if bundle is not None:
        report = check(bundle, trust)
        remember(given.checkpoint, [bundle], [report])
        if report.exit is Exit.DIFFERENCE:
            print_reports([report], is_json=given.json)
            return Exit.DIFFERENCE
    evidence = Evidence(bundle) if bundle else None
    with Progress.on_standard_error() as progress:
        progress.say(f"counting the tokens of {counted(len(calls), 'call')}")
        recounted = recount(calls, count, given.overhead)
    found = [_priced(one, evidence) for one in recounted]
    print_found(_lines(given, found), lambda: _as_json(given, found), is_json=given.json)
    return Exit.DIFFERENCE if any(one.counted.outcome is Outcome.MORE for one in found) else Exit.VERIFIED


def _bundle(given: argparse.Namespace, gathering: Callable[[], AbstractContextManager[Gather]]) -> Bundle | None:
    """The bill whose price book and plan tell what tokens cost; None if none was named."""
    if given.offline:
        return offline_bundle(given)
    if given.subscription is None:
        return None
    with gathering() as gather:
        return gather.run(Wanted(given.subscription, given.epoch))


def _priced(one: Recounted, evidence: Evidence | None) -> Priced:
    if evidence is None or one.outcome is not Outcome.MORE:
        return Priced(one, None, None, "")
    try:
        over = one.over_microtokens(evidence.price_book, f"0x{evidence.statement.price_book_hash.hex()}")
        bill = evidence.on_flow.bill
    except (DifferenceError, MissingError) as error:
        raise CommandError(f"the bill tells no prices: {error}") from error
    return Priced(one, over, None if over is None else price_of(over, bill), currency_of(bill))


def _lines(given: argparse.Namespace, found: Sequence[Priced]) -> Iterator[str]:
    """A line for each call whose tokens are not what the text allows, and some that sum up."""
    for one in found:
        if one.counted.outcome in (Outcome.MORE, Outcome.FEWER):
            yield _line(one)
    outcomes = [one.counted.outcome for one in found]
    by_outcome = ", ".join(f"{outcomes.count(one)} {one}" for one in Outcome)
    yield f"{counted(len(found), 'call')} counted again with {given.tokenizer}: {by_outcome}."
    hidden = [one.counted.told.reasoning for one in found if one.counted.told.reasoning]
    if hidden:
        calls = counted(len(hidden), "call")
        yield f"{sum(hidden):,} tokens of reasoning in {calls} are hidden: only the provider can count them."


def _line(priced: Priced) -> str:
    one = priced.counted
    told = f"{one.told.input:,} tokens in, the text has {one.input.said}"
    out = f"{one.shown_output:,} out, the text has {one.output.said}"
    cost = f" ({rated(priced.over_microtokens)}" if priced.over_microtokens is not None else ""
    if priced.over_ufix64 is not None:
        cost += f", {money(priced.over_ufix64, priced.currency)}"
    return f"{one.outcome:<9} {one.call.logged.event_id}  {one.call.model}: {told}; {out}{cost + ')' if cost else ''}"


def _as_json(given: argparse.Namespace, found: Sequence[Priced]) -> str:
    """The same as one JSON object, with every call."""
    calls = [
        {
            "event_id": one.counted.call.logged.event_id,
            "model": one.counted.call.model,
            "outcome": one.counted.outcome,
            "input": _side(one.counted.told.input, one.counted.input.least, one.counted.input.most),
            "output": _side(one.counted.shown_output, one.counted.output.least, one.counted.output.most),
            "hidden_reasoning": one.counted.told.reasoning,
            "over_rated_microtokens": None if one.over_microtokens is None else str(one.over_microtokens),
            "over_ufix64": None if one.over_ufix64 is None else str(one.over_ufix64),
        }
        for one in found
    ]
    return json.dumps({"tokenizer": given.tokenizer, "overhead": given.overhead, "calls": calls}, indent=2)


def _side(told: int, least: int, most: int | None) -> dict[str, int | None]:
    return {"told": told, "least": least, "most": most}
