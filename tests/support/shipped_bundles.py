"""`python -m tests.support.shipped_bundles` writes `tests/vectors/bundles`: good and bad ones, for any program.

All keys in them are of the local voters, which anybody can derive; nothing was recorded on a public network.
"""

import json
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from flareflow.transparency.notes import SignedCheckpoint
from flareflow_verify.evidence import Link
from tests.support.bills import CONTRACT, FIRST_EPOCH, SUBSCRIPTION, World, billing
from tests.support.odd_bundles import odd_texts, refused, replaced
from tests.support.statement_logs import POLICY_TEXT

FOLDER: Final = Path(__file__).parents[1] / "vectors" / "bundles"
EXPECTED: Final = FOLDER / "expected.json"


class Expected(BaseModel):
    """What a check of a bundle finds: the first link that differs, and the first one that cannot be checked.

    Both are None for a good bundle.
    """

    what: str
    differs: Link | None
    unchecked: Link | None = None


class OfLog(BaseModel):
    """Bundles with the log of statements, for a reader with a policy for it who has seen a checkpoint before.

    `steps` are only in these bundles; a program that does not know the log says that they are unchecked.
    """

    policy: str
    seen: str
    steps: tuple[Link, ...]
    bundles: dict[str, Expected]


class Manifest(BaseModel):
    """The trust with which all bundles are checked, and what is found in each, by its file.

    `refused` are files that are no bundle at all, and why.
    """

    trusted_policy: str
    contract: str
    bundles: dict[str, Expected]
    refused: dict[str, str]
    log: OfLog


type Change = Callable[[Any], object]


def _set(path: str, value: Callable[[Any], Any]) -> Change:
    def change(content: Any) -> None:
        *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
        for part in way:
            content = content[part]
        content[last] = value(content[last])

    return change


def _with_another_last_digit(path: str) -> tuple[str, Change]:
    """For a place that holds hex: what is another there, in words, and the change."""

    def changed(text: str) -> str:
        return text[:-1] + ("0" if text[-1] != "0" else "1")

    return f"the last digit of {path} is another", _set(path, changed)


def _good() -> Iterator[tuple[str, str, Any]]:
    world = World()
    whole = json.loads(world.bundle().text)
    yield "good-token", "a plan in the token, with the owner's calls", whole
    yield "good-public", "what a stranger can gather", {**whole, "events": None, "event": None}
    yield "good-one-call", "one call that its owner shows", {**whole, "events": None}
    yield "good-without-flare", "no node of Flare was asked", {**whole, "on_flare": None}
    by_layer = {**whole["on_flare"], "policy_hash": None}
    yield (
        "good-data-availability-layer",
        "Flare's data availability layer told the root",
        {**whole, "on_flare": by_layer},
    )
    forgotten = {**whole["on_flow"], "total_microtokens": None}
    yield "good-old", "an event told the settlement root, and the total is forgotten", {**whole, "on_flow": forgotten}
    yield "good-dollars", "a plan in dollars", json.loads(World(rate_ufix64=73_000_000).bundle().text)
    unattested = {**whole, "epoch": str(FIRST_EPOCH), "events": None, "event": None}
    yield "good-proven-by-later", "a statement that the next one proves", unattested


HEX: Final[Mapping[str, tuple[str, Link]]] = {
    "bad-trusted-policy": ("policies.0.policy", Link.POLICY),
    "bad-policy": ("policies.1.policy", Link.POLICY),
    "bad-policy-signature": ("policies.1.signatures", Link.POLICY),
    "bad-signed-root": ("attested.message", Link.SIGNATURES),
    "bad-signature": ("attested.signatures", Link.SIGNATURES),
    "bad-root-on-flare": ("on_flare.root", Link.FLARE_ROOT),
    "bad-root-on-flow": ("on_flow.root", Link.FLOW_ROOT),
    "bad-sibling": ("attested.siblings.0", Link.PROOF),
    "bad-path-of-a-call": ("event.siblings.0", Link.EVENT),
    "bad-attested-value": ("attested.response", Link.PROOF),
    "bad-settlement-root-on-flow": ("on_flow.settlement_root", Link.FLOW_STATEMENT),
}


def _changed() -> Iterator[tuple[str, str, Change, Link]]:
    for name, (path, link) in HEX.items():
        yield name, *_with_another_last_digit(path), link
    texts = {
        "bad-statement": ("sealed.1.statement", '"subscription_count":"3"', '"subscription_count":"4"', Link.STATEMENT),
        "bad-previous-statement": ("sealed.0.statement", '"window_start":"', '"window_start":"1', Link.CHAIN),
        "bad-usage-index": ("sealed.1.usage_index", " usage\n0 ", " usage\n2 ", Link.USAGE_INDEX),
        "bad-usage-page": ("sealed.1.usage_page", "\n7 5812346 6", "\n7 5812346 5", Link.USAGE_PAGE),
        "bad-earlier-page": ("sealed.0.usage_page", "\n7 5812345 3", "\n7 5812345 2", Link.GROWTH),
        "bad-price-book": ("price_book", '"version":1', '"version":2', Link.PRICE_BOOK),
        "bad-event": ("events.0", "12:00:02.000000Z", "12:00:03.000000Z", Link.EVENTS),
        "bad-settlement-index": (
            "sealed.1.settlement_index",
            "5812346 settlement",
            "5812347 settlement",
            Link.SETTLEMENT_INDEX,
        ),
        "bad-settlement-page": ("sealed.1.settlement_page", "page 0\n", "page 1\n", Link.SETTLEMENT_PAGE),
        "bad-request": ("on_flow.triggers.0.url_prefix", "flareflow.example", "flareflaw.example", Link.RESPONSE),
    }
    for name, (path, old, new, link) in texts.items():
        yield (
            name,
            f"{path} has {new.strip()!r}",
            _set(path, partial(replaced, old, new)),
            link,
        )
    numbers = {
        "bad-settled-total": ("on_flow.charge.rated_microtokens", Link.FLOW_TOTAL),
        "bad-price": ("on_flow.bill.tiers.0.price_ufix64", Link.PRICE),
        "bad-sum-of-charges": ("on_flow.bill.charged_ufix64", Link.PRICE),
        "bad-charge": ("on_flow.charge.charged_ufix64", Link.CHARGE),
        "bad-debt": ("on_flow.charge.owed_ufix64", Link.CHARGE),
    }
    for name, (path, link) in numbers.items():
        yield name, f"{path} is higher by 1", _set(path, lambda text: str(int(text) + 1)), link


def _instead(value: Any, _: Any) -> Any:
    return value


def _lies() -> Iterator[tuple[str, str, World, Link]]:
    """Statements that were attested and settled as they are, so that no hash gives them away."""
    yield (
        "lie-one-token-more",
        "a call weighs a token more than the price book says",
        World(overbilled_microtokens=1_000_000),
        Link.RATING,
    )
    settles_more = World()
    settles_more.settle_more(1_000_000)
    yield (
        "lie-settles-more",
        "the settlement page lets more be charged than was used",
        settles_more,
        Link.SETTLEMENT_PAGE,
    )
    another_past = World()
    another_past.restate(previous_statement_hash=b"\x01" * 32)
    yield "lie-another-past", "the statement follows on another one than was published", another_past, Link.CHAIN
    another_book = World()
    another_book.restate(price_book_hash=b"\x01" * 32)
    yield "lie-another-book", "the statement names another price book", another_book, Link.PRICE_BOOK
    another_time = World()
    another_time.restate(window_end=another_time.statement.window_end + 1)
    yield "lie-another-time", "the statement's window is not that of its epoch", another_time, Link.CHAIN
    yield "lie-book-of-a-call", "a call was rated by another price book", billing(_by_another_book), Link.RATING
    yield "lie-call-twice", "a call is billed twice", billing(_twice), Link.EVENTS


def _by_another_book(world: World) -> None:
    events = world.usage.kept[FIRST_EPOCH + 1][SUBSCRIPTION]
    events[0] = replace(events[0], price_book_hash=b"\x12" * 32, rated_microtokens=5)


def _twice(world: World) -> None:
    events = world.usage.kept[FIRST_EPOCH + 1][SUBSCRIPTION]
    events.append(events[0])


LOG_STEPS: Final = (Link.LOG_CHECKPOINT, Link.LOG_WITNESSES, Link.LOG_ENTRY, Link.LOG_GROWTH)


def bundles_with_log() -> Iterator[tuple[str, Expected, Any]]:
    """The same of each bundle that has the log of statements."""
    world = World()
    whole = world.bundle_with_log().text
    yield "good-log", Expected(what="with the log of statements", differs=None), json.loads(whole)
    newest = world.log.newest
    changes: dict[str, tuple[str, Change, Link]] = {
        "bad-log-signature": (
            "the checkpoint's root is another than the log has signed",
            _set("log.checkpoint", lambda _: _with_another_root(newest).text),
            Link.LOG_CHECKPOINT,
        ),
        "bad-log-without-witnesses": (
            "nobody but the log has signed the checkpoint",
            _set("log.checkpoint", lambda _: SignedCheckpoint(newest.checkpoint, newest.signatures[:1]).text),
            Link.LOG_WITNESSES,
        ),
        "bad-log-base64": (
            "unused bits of a signature's base64 are set",
            _set("log.checkpoint", _with_unused_bits),
            Link.LOG_CHECKPOINT,
        ),
        "bad-log-index": ("the index of the entry is lower by 1", _set("log.index", _one_less), Link.LOG_ENTRY),
        "bad-log-inclusion": (*_with_another_last_digit("log.inclusion.0"), Link.LOG_ENTRY),
        "bad-log-consistency": (*_with_another_last_digit("log.consistency.0"), Link.LOG_GROWTH),
    }
    for name, (what, change, link) in changes.items():
        content = json.loads(whole)
        change(content)
        yield name, Expected(what=what, differs=link), content
    another, in_log = World(), world.log.in_log
    another.restate(subscription_count=4)
    shown = another.bundle().model_copy(update={"log": in_log})
    yield (
        "lie-two-statements",
        Expected(what="the log, and so everybody else, has another statement of this epoch", differs=Link.LOG_ENTRY),
        json.loads(shown.text),
    )


def _with_unused_bits(checkpoint: str) -> str:
    """The same bytes, of which the last group of base64 is not as encoders write it."""
    found = re.search(r"(.)==\n$", checkpoint) or re.search(r"(.)=\n$", checkpoint)
    assert found is not None
    digits = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    other = digits[digits.index(found[1]) + 1]
    return checkpoint[: found.start(1)] + other + checkpoint[found.end(1) :]


def _one_less(text: str) -> str:
    return str(int(text) - 1)


def _with_another_root(signed: SignedCheckpoint) -> SignedCheckpoint:
    """The same signatures under another root."""
    return SignedCheckpoint(replace(signed.checkpoint, root=bytes(32)), signed.signatures)


MISSING: Final[Mapping[str, tuple[str, Any, Link]]] = {
    "attestation": ("attested", None, Link.SIGNATURES),
    "policy": ("policies", [], Link.POLICY),
    "price-book": ("price_book", None, Link.PRICE_BOOK),
    "usage-page": ("sealed.1.usage_page", None, Link.USAGE_PAGE),
    "statement-on-flow": ("on_flow.settlement_root", None, Link.FLOW_STATEMENT),
    "state-before-the-charge": ("on_flow.charge.before", None, Link.CHARGE),
}
"""Parts that may not be known, and the first step that rests on each."""


def bundles() -> Iterator[tuple[str, Expected, Any]]:
    """Name, what is found, and content of each bundle that needs no log of statements."""
    for name, what, content in _good():
        yield name, Expected(what=what, differs=None), content
    whole = World().bundle().text
    for name, what, change, link in _changed():
        content = json.loads(whole)
        change(content)
        yield name, Expected(what=what, differs=link), content
    wrong_rate = json.loads(World(rate_ufix64=73_000_000).bundle().text)
    wrong_rate["on_flow"]["charge"]["rate_ufix64"] = "72000000"
    yield "bad-rate", Expected(what="a charge in dollars at another rate", differs=Link.CHARGE), wrong_rate
    for name, what, world, link in _lies():
        yield name, Expected(what=what, differs=link), json.loads(world.bundle().text)
    for name, what, content, link in odd_texts():
        yield name, Expected(what=what, differs=link), content
    for name, (path, value, link) in MISSING.items():
        content = json.loads(whole)
        _set(path, partial(_instead, value))(content)
        yield f"unchecked-{name}", Expected(what=f"{path} is missing", differs=None, unchecked=link), content


def text_of(content: Any) -> str:
    """The one form of a bundle."""
    return json.dumps(content, indent=2) + "\n"


def main() -> None:
    made, with_log = list(bundles()), list(bundles_with_log())
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, _, content in [*made, *with_log]:
        (FOLDER / f"{name}.json").write_text(text_of(content))
    other = list(refused())
    for name, _, text in other:
        (FOLDER / f"{name}.json").write_text(text)
    trusted = World().trust.policy_hash
    assert trusted is not None
    manifest = Manifest(
        trusted_policy=f"0x{trusted.hex()}",
        contract=CONTRACT,
        bundles={f"{name}.json": expected for name, expected, _ in made},
        refused={f"{name}.json": what for name, what, _ in other},
        log=OfLog(
            policy=POLICY_TEXT,
            seen=World().log.seen.text,
            steps=LOG_STEPS,
            bundles={f"{name}.json": expected for name, expected, _ in with_log},
        ),
    )
    EXPECTED.write_text(manifest.model_dump_json(indent=1, exclude_defaults=True) + "\n")


if __name__ == "__main__":
    main()
