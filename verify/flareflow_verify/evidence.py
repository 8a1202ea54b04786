"""A bundle's parts, parsed when they are first asked for. A part that cannot be parsed is a difference at its link."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from pydantic import ValidationError

from flareflow.attestation.relay import RootMessage
from flareflow.attestation.signing_policy import SigningPolicy, chain_bound_hash, legacy_hash
from flareflow.errors import BrokenRuleError
from flareflow.keccak import keccak256
from flareflow.metering.models import NO_USAGE, Usage
from flareflow.metering.price_book import PriceBook
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind, SettlementPage, Statement
from flareflow.statements.usage_pages import Totals, UsagePage, page_of
from flareflow.transparency.notes import Checkpoint, SignedCheckpoint
from flareflow.transparency.policy import LogPolicy
from flareflow_verify.bundle import Attested, Bundle, InLog, OnFlow, Sealed, SignedPolicy


class Link(StrEnum):
    """The links of the chain from Flare's voters to a charge, each of which one step checks."""

    POLICY = "policy"
    SIGNATURES = "signatures"
    FLARE_ROOT = "flare-root"
    FLOW_ROOT = "flow-root"
    RESPONSE = "response"
    PROOF = "proof"
    STATEMENT = "statement"
    CHAIN = "chain"
    LOG_CHECKPOINT = "log-checkpoint"
    LOG_WITNESSES = "log-witnesses"
    LOG_ENTRY = "log-entry"
    LOG_GROWTH = "log-growth"
    USAGE_INDEX = "usage-index"
    USAGE_PAGE = "usage-page"
    GROWTH = "growth"
    PRICE_BOOK = "price-book"
    EVENTS = "events"
    EVENT = "event"
    RATING = "rating"
    SETTLEMENT_INDEX = "settlement-index"
    SETTLEMENT_PAGE = "settlement-page"
    FLOW_STATEMENT = "flow-statement"
    FLOW_TOTAL = "flow-total"
    PRICE = "price"
    CHARGE = "charge"


class DifferenceError(Exception):
    """Two things that must be the same are not, or one is malformed. `link` is where."""

    def __init__(self, link: Link, message: str) -> None:
        super().__init__(message)
        self.link = link


class MissingError(Exception):
    """Something that a step needs is not there, so that nothing can be said."""


@contextmanager
def parsing(link: Link, what: str) -> Iterator[None]:
    """Turn what a parser raises into a difference at a link."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, BrokenRuleError) as error:
        raise DifferenceError(link, f"{what} cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What is wrong with a document, in words of its own and not of Python's where there are some."""
    match error:
        case ValidationError():
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))[:200]
        case RecursionError():
            return "it is nested too deeply"
        case TypeError() | KeyError() | AttributeError() | UnicodeError():
            return "it has another form than the one that it must have"
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader trusts and named: the hash of a signing policy of Flare, the contract on Flow.

    `log_policy` says who must have signed the log of statements, and `seen` is what the log was before; without them
    these steps are left out.
    """

    policy_hash: bytes | None = None
    contract: str | None = None
    log_policy: LogPolicy | None = None
    seen: Checkpoint | None = None


NOTHING_TRUSTED: Final = Trust()


@dataclass(frozen=True)
class Evidence:
    """The parts of a bundle, and what the reader trusts.

    Each property raises DifferenceError for a part that is malformed or does not belong to what commits to it, and
    MissingError for one that is not there.
    """

    bundle: Bundle
    trust: Trust = NOTHING_TRUSTED

    @cached_property
    def attested(self) -> Attested:
        if self.bundle.attested is None:
            raise MissingError("there is no attestation of this statement, or of one after it")
        return self.bundle.attested

    @cached_property
    def on_flow(self) -> OnFlow:
        if self.bundle.on_flow is None:
            raise MissingError("Flow was not asked")
        return self.bundle.on_flow

    @cached_property
    def in_log(self) -> InLog:
        if self.bundle.log is None:
            raise MissingError("the host has no log of statements, or was not asked for it")
        return self.bundle.log

    @cached_property
    def checkpoint(self) -> SignedCheckpoint:
        with parsing(Link.LOG_CHECKPOINT, "the log's checkpoint"):
            return SignedCheckpoint.parse(self.in_log.checkpoint)

    @property
    def chain_id(self) -> int:
        """The id of the chain whose voters sign; 0, which no chain has, if it is not known."""
        return self.bundle.on_flow.source_chain_id if self.bundle.on_flow else 0

    @cached_property
    def signed_policies(self) -> Sequence[SignedPolicy]:
        """The policies from the trusted one on; all of them if none was named."""
        signed, trusted = self.bundle.policies, self.trust.policy_hash
        if not signed:
            raise MissingError("the signing policy of the voters is not known")
        if trusted is None:
            return signed
        for place, one in enumerate(signed):
            if trusted in self.hashes_of(one.policy):
                return signed[place:]
        raise DifferenceError(Link.POLICY, f"none of the policies has the trusted hash 0x{trusted.hex()}")

    def hashes_of(self, policy: bytes) -> tuple[bytes, bytes]:
        """The hash of a policy in the deployed scheme, and in the chain-bound one."""
        return legacy_hash(policy), chain_bound_hash(policy, self.chain_id)

    @cached_property
    def policies(self) -> Sequence[SigningPolicy]:
        """The same, decoded."""
        with parsing(Link.POLICY, "a signing policy"):
            policies = [SigningPolicy.decode(one.policy) for one in self.signed_policies]
            for policy in policies:
                policy.require_accepted()
        return policies

    @cached_property
    def message(self) -> RootMessage:
        with parsing(Link.SIGNATURES, "what the voters signed"):
            return RootMessage.decode(self.attested.message)

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """All statements of the bundle, oldest first; the last one is the attested one."""
        *others, last = self.bundle.sealed
        with parsing(Link.CHAIN, "an earlier statement"):
            earlier = [Statement.parse(one.statement) for one in others]
        with parsing(Link.STATEMENT, "the statement"):
            return [*earlier, Statement.parse(last.statement)]

    @cached_property
    def position(self) -> int:
        """Where the statement of the bundle's epoch is among all."""
        epochs = [one.epoch for one in self.statements]
        if self.bundle.epoch not in epochs:
            raise DifferenceError(Link.CHAIN, f"none of the statements is that of epoch {self.bundle.epoch}")
        return epochs.index(self.bundle.epoch)

    @property
    def statement(self) -> Statement:
        """The statement of the bundle's epoch."""
        return self.statements[self.position]

    @cached_property
    def usage_index(self) -> PageIndex:
        sealed = self.bundle.sealed[self.position]
        return self._index(self.statement, sealed.usage_index, PageKind.USAGE, Link.USAGE_INDEX)

    @cached_property
    def settlement_index(self) -> PageIndex:
        sealed = self.bundle.sealed[self.position]
        return self._index(self.statement, sealed.settlement_index, PageKind.SETTLEMENT, Link.SETTLEMENT_INDEX)

    @cached_property
    def totals(self) -> Totals | None:
        """The subscription's line on the usage page; None if it had used nothing."""
        return self._totals(self.usage_index, self.bundle.sealed[self.position], Link.USAGE_PAGE)

    @cached_property
    def usage(self) -> Usage:
        return self.totals.usage if self.totals else NO_USAGE

    @cached_property
    def totals_before(self) -> Totals | None:
        """The line in the statement before; None if the subscription had used nothing, or there is none before."""
        if self.statement.previous_statement_hash == bytes(32):
            return None
        if self.position == 0:
            raise MissingError("the statement before is not known")
        sealed = self.bundle.sealed[self.position - 1]
        index = self._index(self.statements[self.position - 1], sealed.usage_index, PageKind.USAGE, Link.GROWTH)
        return self._totals(index, sealed, Link.GROWTH)

    @cached_property
    def settlement_page(self) -> SettlementPage | None:
        """The settlement page that names the subscription; None if none does."""
        text = self.bundle.sealed[self.position].settlement_page
        if text is None:
            return None
        with parsing(Link.SETTLEMENT_PAGE, "the settlement page"):
            page = SettlementPage.parse(text)
        self._require_in(self.settlement_index, page.number, text, Link.SETTLEMENT_PAGE)
        return page

    @cached_property
    def price_book(self) -> PriceBook:
        text = self.bundle.price_book
        if text is None:
            raise MissingError("the price book is not known")
        if keccak256(text.encode()) != self.statement.price_book_hash:
            raise DifferenceError(Link.PRICE_BOOK, "the price book has another hash than the statement names")
        with parsing(Link.PRICE_BOOK, "the price book"):
            book = PriceBook.model_validate_json(text)
        if book.canonical_json != text:
            raise DifferenceError(Link.PRICE_BOOK, "the price book is not in its one form")
        return book

    def _index(self, statement: Statement, text: str | None, kind: PageKind, link: Link) -> PageIndex:
        if text is None:
            raise MissingError(f"the {kind} index of epoch {statement.epoch} is not known")
        with parsing(link, f"the {kind} index of epoch {statement.epoch}"):
            index = PageIndex.parse(text)
        if (index.epoch, index.kind) != (statement.epoch, kind):
            raise DifferenceError(link, f"the index is that of {index.kind} pages of epoch {index.epoch}")
        if index.tree.root != statement.root_of(kind):
            raise DifferenceError(link, f"the index of {kind} pages does not lead to the root in the statement")
        if self.bundle.on_flow and index.contract != self.bundle.on_flow.contract:
            raise DifferenceError(
                link, f"the index is for contract {index.contract}, not {self.bundle.on_flow.contract}"
            )
        return index

    def _totals(self, index: PageIndex, sealed: Sealed, link: Link) -> Totals | None:
        number = page_of(self.bundle.subscription_id)
        if number not in index.hashes:
            return None
        if sealed.usage_page is None:
            raise MissingError(f"usage page {number} of epoch {index.epoch} is not known")
        self._require_in(index, number, sealed.usage_page, link)
        with parsing(link, f"usage page {number} of epoch {index.epoch}"):
            page = UsagePage.parse(sealed.usage_page)
        if (page.contract, page.number) != (index.contract, number):
            raise DifferenceError(link, f"the page is page {page.number} of contract {page.contract}")
        return page.totals.get(self.bundle.subscription_id)

    @staticmethod
    def _require_in(index: PageIndex, number: int, text: str, link: Link) -> None:
        """Raise DifferenceError unless the index names the page under its number."""
        if index.hashes.get(number) != keccak256(text.encode()):
            raise DifferenceError(link, f"{index.kind} page {number} has another hash than the index names")
