"""What the operator published: statements, pages, the price book, and the owner's events."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from flareflow.attestation.request import ATTESTED_FIELDS
from flareflow.keccak import WORD_BYTES
from flareflow.metering.calls import Tokens, Units
from flareflow.metering.models import NO_USAGE, USAGE_FIELDS, Usage
from flareflow.metering.price_book import Used
from flareflow.statements.events import EVENT_VERSION, events_tree
from flareflow_verify.amounts import rated
from flareflow_verify.evidence import DifferenceError, Evidence, Link, MissingError, parsing


def check_statement(evidence: Evidence) -> str:
    """Every field of the newest statement is what Flare attested."""
    statement = evidence.statements[-1]
    data = evidence.attested.response[-WORD_BYTES * len(ATTESTED_FIELDS) :]
    for number, (word, (_, field, _)) in enumerate(zip(statement.words, ATTESTED_FIELDS, strict=True)):
        attested = int.from_bytes(data[number * WORD_BYTES : (number + 1) * WORD_BYTES])
        if attested != word:
            raise DifferenceError(
                Link.STATEMENT, f"{field} is {word:#x} in the statement, and {attested:#x} was attested"
            )
    return f"epoch {statement.epoch}, {len(ATTESTED_FIELDS)} fields as attested, hash 0x{statement.hash.hex()}"


def check_chain(evidence: Evidence) -> str:
    """Each statement names the hash of the one before it."""
    statements = evidence.statements
    for earlier, later in pairwise(statements):
        if later.previous_statement_hash != earlier.hash:
            raise DifferenceError(
                Link.CHAIN, f"the statement of epoch {later.epoch} does not name the hash of that of {earlier.epoch}"
            )
        if later.epoch <= earlier.epoch or later.total_rated_microtokens < earlier.total_rated_microtokens:
            raise DifferenceError(Link.CHAIN, f"epoch or total of {later.epoch} fall below those of {earlier.epoch}")
    _ = evidence.position
    if len(statements) == 1 and statements[0].previous_statement_hash == bytes(WORD_BYTES):
        return "it is the first statement of all"
    return f"{len(statements)} statements in a row from epoch {statements[0].epoch}, each names the hash before it"


def check_usage_index(evidence: Evidence) -> str:
    """The index of usage pages leads to the usage root."""
    index = evidence.usage_index
    return f"{len(index.hashes)} usage pages lead to the usage root 0x{index.tree.root.hex()}"


def check_usage_page(evidence: Evidence) -> str:
    """The subscription's line is on a page that the index names."""
    totals = evidence.totals
    if totals is None:
        return "the subscription had used nothing"
    usage = totals.usage
    return f"{usage.requests:,} calls, {usage.tokens:,} tokens, {rated(usage.rated_microtokens)} in all"


def check_growth(evidence: Evidence) -> str:
    """Totals never fall, and grow only in an epoch that the line names."""
    before, after = evidence.totals_before, evidence.totals
    if before is None:
        return f"{rated(evidence.usage.rated_microtokens)} since the beginning"
    if after is None or min(_amounts(after.usage - before.usage).values()) < 0:
        raise DifferenceError(Link.GROWTH, "a total is lower than in the statement before")
    if (after.usage, after.events_root) != (before.usage, before.events_root) and after.epoch <= before.epoch:
        raise DifferenceError(Link.GROWTH, f"the totals changed, but their epoch is still {after.epoch}")
    if after.epoch not in (before.epoch, evidence.statement.epoch):
        raise DifferenceError(
            Link.GROWTH, f"the totals changed in epoch {after.epoch}, which this statement does not seal"
        )
    grown = after.usage - before.usage
    return f"{grown.requests:,} calls and {rated(grown.rated_microtokens)} more than in the statement before"


def check_price_book(evidence: Evidence) -> str:
    """The price book is the one that the statement names."""
    book = evidence.price_book
    return f"version {book.version}, {len(book.models)} models, hash 0x{evidence.statement.price_book_hash.hex()}"


def check_events(evidence: Evidence) -> str | None:
    """The events are all of the subscription's in this epoch and add up. Left out when they are not known."""
    events = evidence.bundle.events
    if events is None:
        return None
    used = evidence.totals
    if used is None or used.epoch != evidence.statement.epoch:
        if events:
            raise DifferenceError(Link.EVENTS, f"the statement says that nothing was used, not {len(events)} calls")
        return "no call in this epoch"
    with parsing(Link.EVENTS, "an event"):
        root = events_tree(events).root
        added = Usage.sum([_usage_of(evidence, event) for event in map(_event, events)]) if events else NO_USAGE
    if root != used.events_root:
        raise DifferenceError(Link.EVENTS, f"{len(events)} events lead to the root {root.hex()}, not to the page's")
    grown = used.usage - (evidence.totals_before.usage if evidence.totals_before else NO_USAGE)
    for name, amount in _amounts(added).items():
        if amount != getattr(grown, name):
            raise DifferenceError(Link.EVENTS, f"{name} add up to {amount}, and the page says {getattr(grown, name)}")
    return f"{len(events)} calls lead to the page's events root and add up to {rated(added.rated_microtokens)}"


def check_rating(evidence: Evidence) -> str | None:
    """Each event weighs what the price book says. Left out when the events are not known."""
    if evidence.bundle.events is None:
        return None
    book, hash_text = evidence.price_book, f"0x{evidence.statement.price_book_hash.hex()}"
    with parsing(Link.RATING, "an event"):
        for event in map(_event, evidence.bundle.events):
            if event["price_book_hash"] != hash_text:
                raise MissingError(f"event {event['event_id']} was rated by the book {event['price_book_hash']}")
            cost_nanousd = int(event["cost_nanousd"])
            used = Used(Tokens(**_numbers(event["tokens"])), Units(**_numbers(event["units"])), cost_nanousd)
            weighs = book.price(event["model"], event["base_model"]).rate(used)
            if weighs != int(event["rated_microtokens"]):
                raise DifferenceError(
                    Link.RATING,
                    f"event {event['event_id']} weighs {weighs}, not {event['rated_microtokens']} micro-tokens",
                )
    return f"{len(evidence.bundle.events)} calls weigh what the price book says of their models"


def _event(text: str) -> Mapping[str, Any]:
    event = json.loads(text)
    if not isinstance(event, dict) or event["version"] != EVENT_VERSION:
        raise ValueError(f"not an event of version {EVENT_VERSION}")
    return event


def _usage_of(evidence: Evidence, event: Mapping[str, Any]) -> Usage:
    """What an event adds. Raises ValueError for one of another subscription."""
    if event["subscription_id"] != str(evidence.bundle.subscription_id):
        raise ValueError(f"event {event['event_id']} is of subscription {event['subscription_id']}")
    by_kind = {f"{kind}_tokens": amount for kind, amount in _numbers(event["tokens"]).items()}
    rated_microtokens, cost_nanousd = int(event["rated_microtokens"]), int(event["cost_nanousd"])
    return Usage(**by_kind, requests=1, rated_microtokens=rated_microtokens, cost_nanousd=cost_nanousd)


def _numbers(amounts: Mapping[str, str]) -> Mapping[str, int]:
    return {kind: int(amount) for kind, amount in amounts.items()}


def _amounts(usage: Usage) -> Mapping[str, int]:
    return {name: getattr(usage, name) for name in USAGE_FIELDS}


def check_settlement_index(evidence: Evidence) -> str:
    """The index of settlement pages leads to the settlement root."""
    index = evidence.settlement_index
    return f"{len(index.hashes)} settlement pages lead to the settlement root 0x{index.tree.root.hex()}"


def check_settlement_page(evidence: Evidence) -> str:
    """What the contract may charge is the total on the usage page."""
    page = evidence.settlement_page
    if page is None:
        return "the subscription is on no settlement page: this statement charges it nothing"
    if (page.contract, page.epoch) != (evidence.settlement_index.contract, evidence.statement.epoch):
        raise DifferenceError(Link.SETTLEMENT_PAGE, f"the page is of {page.contract} and epoch {page.epoch}")
    total = dict(page.entries).get(evidence.bundle.subscription_id)
    if total != evidence.usage.rated_microtokens:
        raise DifferenceError(
            Link.SETTLEMENT_PAGE,
            f"the page lets {total} micro-tokens be charged, and {evidence.usage.rated_microtokens} were used",
        )
    return f"page {page.number} lets {rated(total)} be charged, as on the usage page"
