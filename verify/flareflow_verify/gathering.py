"""Gathers the evidence of one bill from public sources. What is gathered is checked afterwards, as any bundle is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import batched
from typing import Final

from flareflow.adapters.flow.rest import FlowRest
from flareflow.attestation.signing_policy import chain_bound_hash, legacy_hash
from flareflow.errors import BrokenRuleError
from flareflow.statements.documents import attestation_path, index_path, page_path, price_book_path, statement_path
from flareflow.statements.models import NO_HASH, PageKind, Statement
from flareflow.statements.usage_pages import Totals, UsagePage, page_of
from flareflow_verify.bundle import (
    STATEMENTS_MAX,
    Bundle,
    Charge,
    InLog,
    OnFlare,
    OnFlow,
    ProvenEvent,
    Sealed,
    SignedPolicy,
)
from flareflow_verify.evidence import NOTHING_TRUSTED, Trust
from flareflow_verify.sources.da import DataAvailability
from flareflow_verify.sources.flare import REGISTRY, FlareNode
from flareflow_verify.sources.flare_policies import PolicyHistory
from flareflow_verify.sources.flow import FlowNode
from flareflow_verify.sources.host import AttestationDocument, StatementHost
from flareflow_verify.sources.http import Budget, NotThereError, SourceError
from flareflow_verify.sources.log import StatementLog
from flareflow_verify.sources.served import address_of, index_of, reward_epoch_of, statement_of, voting_round_of

PAGES_AT_ONCE: Final = 8
DOCUMENTS_KEPT: Final = 32
"""Documents that are not fetched again for the next bill, which shares some with the one before."""
EPOCHS_MAX: Final = 300
"""Bills of one range; a day has 288 epochs."""
NEWEST_MAX: Final = 100
"""Statements that are asked for until one was attested."""


class TooManyEpochsError(SourceError):
    """More bills were asked for than are gathered at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bill. Without an epoch it is that of the call `event_id`, or else the last one that was charged.

    With the owner's `session_token` all events of the epoch are gathered, or only the one of `event_id`. The log of
    statements is read for a reader with a policy for it, and always with `is_with_log`.
    """

    subscription_id: int
    epoch: int | None = None
    session_token: str | None = None
    event_id: str | None = None
    is_with_log: bool = False


@dataclass(frozen=True)
class Gather:
    """Gathers bills, all of the contract of the newest statement unless the reader names another.

    Raises SourceError when a source gives no usable answer. `say` is told what is going on.
    """

    host: StatementHost
    flow_at: Callable[[str], FlowNode]
    flare: FlareNode | None = None
    trust: Trust = NOTHING_TRUSTED
    say: Callable[[str], None] = field(default=lambda _: None)
    da: DataAvailability | None = None

    @cached_property
    def _text(self) -> Callable[[str], str]:
        """A document of the host, none of which ever changes."""
        return lru_cache(DOCUMENTS_KEPT)(self.host.text)

    @cached_property
    def _calls(self) -> Callable[[int, int, str], Sequence[str]]:
        """The texts of the owner's calls of an epoch; those that were asked for last are kept."""
        return lru_cache(1)(self.host.events)

    @cached_property
    def contract(self) -> str:
        """The contract that the reader names, or that the newest statement's pages are for."""
        if self.trust.contract is not None:
            return self.trust.contract
        self.say("asking for the newest statement")
        return index_of(self._text(index_path(self._newest_epoch(), PageKind.USAGE))).contract

    @cached_property
    def flow(self) -> FlowNode:
        """The node of Flow, asked for this contract."""
        return self.flow_at(address_of(self.contract))

    def run(self, wanted: Wanted) -> Bundle:
        epoch = self._epoch(wanted)
        sealed, proof = self._sealed(wanted.subscription_id, epoch)
        statements = {one.epoch: one for one in map(statement_of, sealed)}
        if epoch not in statements:
            raise SourceError(f"the statements' host served another statement than that of epoch {epoch}")
        self.say("reading the price book")
        book = self._text(price_book_path(statements[epoch].price_book_hash))
        events = self._events(wanted, epoch)
        on_flow = self._on_flow(wanted.subscription_id, statement_of(sealed[-1]), proof)
        if self.flare is not None:
            self.flare.require_chain(on_flow.source_chain_id)
        return Bundle(
            subscription_id=wanted.subscription_id,
            epoch=epoch,
            sealed=tuple(sealed),
            attested=proof.attested if proof else None,
            policies=self._policies(proof, on_flow.source_chain_id),
            on_flare=self._on_flare(proof) or self._on_da(proof, on_flow, statement_of(sealed[-1])),
            on_flow=on_flow,
            price_book=book,
            events=None if wanted.event_id else events,
            event=_proven(events, wanted.event_id, epoch) if wanted.event_id else None,
            log=self._in_log(epoch) if wanted.is_with_log or self.trust.log_policy else None,
        )

    def epochs_used(self, subscription_id: int, first: int, last: int, most: int = EPOCHS_MAX) -> Sequence[int]:
        """The epochs from `first` to `last` in which a subscription used something, as its lines tell, oldest first.

        The host may leave some out; `checking.check_all` finds that.
        """
        found: list[int] = []
        while len(found) <= most:
            epoch = self.last_used(subscription_id, last)
            if epoch is None or epoch < first:
                return found
            found.insert(0, epoch)
            last = epoch - 1
        raise TooManyEpochsError(f"more than {most} epochs; name a shorter range")

    def last_used(self, subscription_id: int, last: int) -> int | None:
        """The last epoch up to `last` in which a subscription used something, as its line tells."""
        listed = self.host.epochs_before(last + 1)
        line = self._line(listed[0], subscription_id) if listed else None
        return min(line.epoch, listed[0]) if line else None

    def newest_statement(self) -> Statement:
        return statement_of(Sealed(statement=self._text(statement_path(self._newest_epoch()))))

    def _line(self, epoch: int, subscription_id: int) -> Totals | None:
        text = self._with_usage(self._text(statement_path(epoch)), subscription_id).usage_page
        try:
            return UsagePage.parse(text).totals.get(subscription_id) if text else None
        except (ValueError, BrokenRuleError, TypeError) as error:
            raise SourceError(f"the statements' host served something that is no usage page: {error}") from error

    def newest_attested(self, last: int | None = None) -> Statement:
        """The newest statement, up to an epoch, that Flare attested or that leads to one that it did."""
        self.say("looking for the newest statement that was attested")
        for epoch in self._newest_epochs():
            if self._attestation(epoch) is not None:
                listed = self.host.epochs_before(min(epoch, last) + 1) if last is not None else [epoch]
                if not listed:
                    raise SourceError(f"the statements' host lists no statement up to epoch {last}")
                return statement_of(Sealed(statement=self._text(statement_path(listed[0]))))
        raise SourceError(f"none of the newest {NEWEST_MAX} statements was attested")

    def _newest_epochs(self) -> Iterator[int]:
        """Of the newest `NEWEST_MAX` statements, however few of them the host lists at once."""
        told, before = 0, None
        while told < NEWEST_MAX and (listed := self.host.epochs_before(before)):
            yield from listed[: NEWEST_MAX - told]
            told, before = told + len(listed), listed[-1]

    def _newest_epoch(self) -> int:
        epochs = self.host.epochs_before()
        if not epochs:
            raise SourceError("the statements' host has no statement yet")
        return epochs[0]

    def _epoch(self, wanted: Wanted) -> int:
        if wanted.epoch is not None:
            return wanted.epoch
        if wanted.event_id is not None and wanted.session_token is not None:
            return self._epoch_of_call(wanted.subscription_id, wanted.event_id, wanted.session_token)
        return self._last_charged(wanted.subscription_id)

    def _epoch_of_call(self, subscription_id: int, event_id: str, session_token: str) -> int:
        """The newest epoch whose calls have this one."""
        last = self._newest_epoch()
        for _ in range(EPOCHS_MAX):
            epoch = self.last_used(subscription_id, last)
            if epoch is None:
                raise SourceError(f"no statement has the owner's call {event_id!r}; a new call is in one of the next")
            self.say(f"looking for the call in epoch {epoch}")
            if ProvenEvent.with_id(self._calls(subscription_id, epoch, session_token), event_id):
                return epoch
            last = epoch - 1
        raise SourceError(f"no call {event_id!r} in the last {EPOCHS_MAX} epochs with usage; name one with --epoch")

    def _last_charged(self, subscription_id: int) -> int:
        """The epoch of the last charge; that of the newest statement if there was no charge."""
        flow = self.flow
        self.say("asking Flow for the last charge")
        bill = flow.bill(subscription_id, flow.newest_height())
        return bill.settled_epoch or self._newest_epoch()

    def _sealed(self, subscription_id: int, epoch: int) -> tuple[list[Sealed], AttestationDocument | None]:
        """The statement before, the statement, and those after it up to the first that was attested, with its proof."""
        sealed = [self._with_documents(self._text(statement_path(epoch)), subscription_id)]
        previous = self._before(statement_of(sealed[0]), subscription_id)
        proof = self._attestation(epoch)
        if proof is None:
            later, proof = self._first_attested_after(epoch)
            sealed += [Sealed(statement=self._text(statement_path(one))) for one in later]
        return ([previous] if previous else []) + sealed, proof

    def _before(self, statement: Statement, subscription_id: int) -> Sealed | None:
        if statement.previous_statement_hash == NO_HASH:
            return None
        epochs = self.host.epochs_before(statement.epoch)
        if not epochs:
            raise SourceError(f"the statements' host lists no statement before epoch {statement.epoch}")
        return self._with_usage(self._text(statement_path(epochs[0])), subscription_id)

    def _attestation(self, epoch: int) -> AttestationDocument | None:
        try:
            return self.host.attestation(attestation_path(epoch))
        except NotThereError:
            return None

    def _first_attested_after(self, epoch: int) -> tuple[Sequence[int], AttestationDocument | None]:
        """The epochs of the statements after one up to the first that was attested; none if there is no such."""
        self.say("looking for a later statement that was attested")
        later: list[int] = []
        before: int | None = None
        while len(later) <= STATEMENTS_MAX:
            listed = self.host.epochs_before(before)
            later += [one for one in listed if one > epoch]
            if not listed or listed[-1] <= epoch:
                break
            before = listed[-1]
        later = sorted(set(later))[: STATEMENTS_MAX - 2]
        for position, one in enumerate(later):
            proof = self._attestation(one)
            if proof is not None:
                return later[: position + 1], proof
        return [], None

    def _with_usage(self, body: str, subscription_id: int) -> Sealed:
        epoch = statement_of(Sealed(statement=body)).epoch
        self.say(f"reading the statement of epoch {epoch}")
        index = self._text(index_path(epoch, PageKind.USAGE))
        digest = index_of(index).hashes.get(page_of(subscription_id))
        page = self._text(page_path(digest)) if digest else None
        return Sealed(statement=body, usage_index=index, usage_page=page)

    def _with_documents(self, body: str, subscription_id: int) -> Sealed:
        sealed = self._with_usage(body, subscription_id)
        index = self._text(index_path(statement_of(sealed).epoch, PageKind.SETTLEMENT))
        page = self._settlement_page(list(index_of(index).hashes.values()), subscription_id)
        return sealed.model_copy(update={"settlement_index": index, "settlement_page": page})

    def _settlement_page(self, hashes: Sequence[bytes], subscription_id: int) -> str | None:
        """The first page that names the subscription, of all that there are."""
        wanted = f"\n{subscription_id}:"
        with ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
            for number, some in enumerate(batched(hashes, PAGES_AT_ONCE, strict=False)):
                self.say(f"reading settlement pages, {number * PAGES_AT_ONCE} of {len(hashes)} done")
                for text in pool.map(self.host.text, map(page_path, some)):
                    if wanted in text:
                        return text
        return None

    def _events(self, wanted: Wanted, epoch: int) -> tuple[str, ...] | None:
        if wanted.session_token is None:
            return None
        self.say("reading the calls of the epoch")
        return tuple(self._calls(wanted.subscription_id, epoch, wanted.session_token))

    def _in_log(self, epoch: int) -> InLog | None:
        """Where the statement is in the log; None if the host has no log."""
        self.say("reading the log of statements")
        try:
            return StatementLog(self.host).find(epoch, self.trust.seen)
        except NotThereError:
            return None

    def _policies(self, proof: AttestationDocument | None, chain_id: int) -> tuple[SignedPolicy, ...]:
        """The policy of the round, and those from the trusted one to it, if a node of Flare can be asked for them."""
        if proof is None or proof.policy is None:
            return ()
        trusted = self.trust.policy_hash
        if trusted is None or self.flare is None:
            return (SignedPolicy(policy=proof.policy),)
        self.say("asking Flare for the signing policies since the trusted one")
        history = PolicyHistory(self.flare)
        return tuple(
            history.back_to(
                proof.policy, lambda policy: trusted in (legacy_hash(policy), chain_bound_hash(policy, chain_id))
            )
        )

    def _on_flare(self, proof: AttestationDocument | None) -> OnFlare | None:
        if self.flare is None or proof is None or proof.policy is None:
            return None
        self.say("asking Flare's Relay")
        return self.flare.on_flare(voting_round_of(proof), reward_epoch_of(proof.policy))

    def _on_da(self, proof: AttestationDocument | None, on_flow: OnFlow, statement: Statement) -> OnFlare | None:
        if self.da is None or proof is None:
            return None
        self.say("asking Flare's data availability layer")
        return self.da.on_flare(voting_round_of(proof), statement, on_flow.triggers)

    def _on_flow(self, subscription_id: int, statement: Statement, proof: AttestationDocument | None) -> OnFlow:
        flow = self.flow
        self.say("asking the contract on Flow")
        confirmed = self._confirmed(flow, voting_round_of(proof) if proof else 0, statement)
        triggers = flow.triggers()
        charge = self._charge(flow, subscription_id, statement)
        height = charge.height if charge else flow.newest_height()
        bill = flow.bill_if_kept(subscription_id, height)
        if bill is None:
            height = flow.newest_height()
            bill = flow.bill(subscription_id, height)
        return OnFlow.model_validate(
            {
                "contract": self.contract,
                "height": height,
                **confirmed,
                "triggers": triggers,
                "bill": bill,
                "charge": charge,
            }
        )

    def _confirmed(self, flow: FlowNode, voting_round: int, statement: Statement) -> Mapping[str, object]:
        """What the contracts keep; of what they no longer keep, what their events told."""
        kept = flow.confirmed(voting_round, statement.epoch)
        if not voting_round or (kept["root"] is not None and kept["settlement_root"] is not None):
            return kept
        self.say("looking for events of what the contracts no longer keep")
        told = flow.was_confirmed(voting_round, statement.epoch, statement.window_end)
        return {**kept, **{name: root for name, root in told.items() if kept[name] is None}}

    def _charge(self, flow: FlowNode, subscription_id: int, statement: Statement) -> Charge | None:
        self.say("looking for the charge on Flow")
        return flow.charge(subscription_id, statement.epoch, statement.window_end)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to gather. Without `flare_url` Flare's Relay is not asked."""

    host_url: str
    flow_url: str
    flare_url: str | None = None
    flare_registry: str = REGISTRY
    trust: Trust = NOTHING_TRUSTED
    da_url: str | None = None

    @contextmanager
    def opened(self, say: Callable[[str], None] = lambda _: None) -> Iterator[Gather]:
        """Clients of the sources, whose requests and time are bounded together."""
        budget = Budget()
        da_url = None if self.flare_url else self.da_url
        clients = budget.client(self.host_url), budget.client(self.flow_url), budget.client(da_url or "")
        with clients[0] as host, clients[1] as flow, clients[2] as flare:
            yield Gather(
                StatementHost(host),
                lambda address: FlowNode(FlowRest(flow), address),
                FlareNode(flare, self.flare_url, self.flare_registry) if self.flare_url else None,
                self.trust,
                say,
                DataAvailability(flare) if da_url else None,
            )


def _proven(events: Sequence[str] | None, event_id: str, epoch: int) -> ProvenEvent:
    """The event with this id and its path. Raises SourceError if it is not one of them."""
    found = ProvenEvent.with_id(events or (), event_id)
    if found is None:
        raise SourceError(f"the owner's calls of epoch {epoch} have no {event_id!r}; without --epoch it is looked for")
    return found
