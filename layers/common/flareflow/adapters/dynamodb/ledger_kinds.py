"""The kinds of items in LedgerTable: money as the chain's events tell it, standings and sent transactions."""

from dataclasses import fields
from typing import Final

from flareflow.accounts.models import KnownStanding
from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.settlement.entries import Entry
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.positions import SetAside
from flareflow.settlement.subscription import Subscription

SUBSCRIPTION: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="STATE",
    holds="A subscription's state and balances; `last_event` is the position of the last event that was looked at.",
    serves="chain_events, account_api, websocket and enforcement read one; two functions follow it in the stream.",
    attributes=(*(field.name for field in fields(Subscription)), "last_event"),
)
STANDING: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="STANDING",
    holds="What a subscription may do now, as it was decided last; `version` guards its changes.",
    serves="enforcement and key_provisioning decide it anew; account_api reads it; pending_push follows the stream.",
    attributes=tuple(field.name for field in fields(KnownStanding)),
)
_ENTRY_ATTRIBUTES: Final = tuple(field.name for field in fields(Entry))
JOURNAL_ENTRY: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="ENTRY#{height:020}#{transaction_index:020}#{event_index:020}",
    holds="A journal entry of a subscription; its lines sum to zero. Written once.",
    serves="account_api lists them, newest first; chain_events never writes one twice.",
    attributes=_ENTRY_ATTRIBUTES,
)
REVENUE_ENTRY: Final = ItemKind(
    pk="REVENUE",
    sk="ENTRY#{height:020}#{transaction_index:020}#{event_index:020}",
    holds="A journal entry of revenue that was withdrawn. Written once.",
    serves="chain_events never writes one twice; a person lists them.",
    attributes=_ENTRY_ATTRIBUTES,
)
SET_ASIDE: Final = ItemKind(
    pk="SET_ASIDE",
    sk="{subscription}#{height:020}#{transaction_index:020}#{event_index:020}",
    holds="An event that could not be entered, or waits for an earlier one; `-` where it names no subscription.",
    serves="chain_events counts them at each tick, and deletes one when it is entered after all.",
    attributes=tuple(field.name for field in fields(SetAside)),
)
REVENUE: Final = ItemKind(
    pk="REVENUE",
    sk="STATE",
    holds="Charges that were not withdrawn yet, in 1e-8 of the token.",
    serves="A person reads it.",
    attributes=("balance_ufix64",),
)
OWNERSHIP: Final = ItemKind(
    pk="OWNER#{address}",
    sk="SUB#{subscription_id:020}",
    holds="One subscription of an account.",
    serves="account_api lists an account's subscriptions.",
)
SETTLED: Final = ItemKind(
    pk="SETTLED",
    sk="SUB#{subscription_id:020}",
    holds="The rated micro-tokens that the contract has settled for a subscription; `needs_rate` as in its tariff.",
    serves="Sealing and flow_billing read up to 100 at once, for pages; reconciliation lists all of them.",
    attributes=("settled_microtokens", "needs_rate", "has_ended", "since"),
)
HELD_BACK: Final = ItemKind(
    pk="HELD_BACK",
    sk="SUB#{subscription_id:020}",
    holds="The settled total of a subscription of which something is owed, and from when on (Unix) it can be charged; "
    "`needs_rate` as in its tariff.",
    serves="Sealing lists all of them, to make pages of those that can be charged.",
    attributes=("settled_microtokens", "needs_rate", "since"),
)
PLAN: Final = ItemKind(
    pk="PLANS",
    sk="PLAN#{plan_id:020}#VERSION#{plan_version:020}",
    holds="One version of a plan. Written once.",
    serves="chain_events reads one when it is accepted; public_api lists all.",
    attributes=tuple(field.name for field in fields(PlanVersion) if field.name != "is_retired"),
)
RETIRED_PLAN: Final = ItemKind(
    pk="PLANS",
    sk="RETIRED#{plan_id:020}",
    holds="A plan that nobody can accept any more. Written once.",
    serves="public_api lists them with the plans.",
)
RATE: Final = ItemKind(
    pk="RATE",
    sk="LAST",
    holds="1e-8 dollars for one token of the deposits, and when that could last be read.",
    serves="flow_billing stores it; account_api and enforcement value usage by it that is not settled yet.",
    attributes=("rate_ufix64", "read_at"),
)
CHAIN_CURSOR: Final = ItemKind(
    pk="CHAIN",
    sk="CURSOR",
    holds="The last block of Flow whose events are in the journal.",
    serves="chain_events goes on from there.",
    attributes=("height",),
)
LEDGER_COMPLETE: Final = ItemKind(
    pk="CHAIN",
    sk="COMPLETE",
    holds="When every event of the contract was in the journal for the last time.",
    serves="Whoever asks for a standing: a ledger that is too old tells nothing.",
    attributes=("at",),
)
PROPOSER_KEY: Final = ItemKind(
    pk="PROPOSER#{address}",
    sk="KEY#{key_index:020}",
    holds="The lease of a proposer key; deleted when it is given back.",
    serves="flow_billing leases a key for one transaction.",
    attributes=("purpose", "leased_until"),
)
OUTGOING: Final = ItemKind(
    pk="OUTGOING#{purpose}",
    sk="TRANSACTION",
    holds="The last transaction made for a purpose: `record` is all of it as JSON, `version` guards its changes.",
    serves="flow_billing reads it by purpose.",
    attributes=("transaction_id", "status", "version", "record"),
)

LEDGER_KINDS: Final = (
    *(SUBSCRIPTION, STANDING, JOURNAL_ENTRY, REVENUE_ENTRY, SET_ASIDE, REVENUE, OWNERSHIP),
    *(PLAN, RETIRED_PLAN, RATE, SETTLED, HELD_BACK, CHAIN_CURSOR, LEDGER_COMPLETE, PROPOSER_KEY, OUTGOING),
)
