"""What the operator published: statements, pages, the price book."""

from collections.abc import Mapping
from itertools import pairwise

from flareflow.attestation.request import ATTESTED_FIELDS
from flareflow.keccak import WORD_BYTES
from flareflow.metering.models import USAGE_FIELDS, Usage
from flareflow_verify.amounts import counted, rated
from flareflow_verify.epochs import has_its_window
from flareflow_verify.evidence import DifferenceError, Evidence, Link


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
    """Each statement is of the time of its epoch and names the hash of the one before it."""
    statements = evidence.statements
    for one in statements:
        if not has_its_window(one):
            raise DifferenceError(
                Link.CHAIN, f"the window of epoch {one.epoch} is from {one.window_start} to {one.window_end}"
            )
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
    pages = counted(len(index.hashes), "usage page")
    return f"{pages} under the usage root 0x{index.tree.root.hex()}"


def check_usage_page(evidence: Evidence) -> str:
    """The subscription's line is on a page that the index names."""
    totals = evidence.totals
    if totals is None:
        return "the subscription had used nothing"
    usage = totals.usage
    return f"{counted(usage.requests, 'call')}, {usage.tokens:,} tokens, {rated(usage.rated_microtokens)} in all"


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
    return f"{counted(grown.requests, 'call')} and {rated(grown.rated_microtokens)} more than in the statement before"


def check_price_book(evidence: Evidence) -> str:
    """The price book is the one that the statement names."""
    book, digest = evidence.price_book, evidence.statement.price_book_hash
    return f"version {book.version}, {counted(len(book.models), 'model')}, hash 0x{digest.hex()}"


def _amounts(usage: Usage) -> Mapping[str, int]:
    return {name: getattr(usage, name) for name in USAGE_FIELDS}


def check_settlement_index(evidence: Evidence) -> str:
    """The index of settlement pages leads to the settlement root."""
    index = evidence.settlement_index
    pages = counted(len(index.hashes), "settlement page")
    return f"{pages} under the settlement root 0x{index.tree.root.hex()}"


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
