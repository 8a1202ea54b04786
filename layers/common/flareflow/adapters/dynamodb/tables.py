"""Every table of FlareFlow: its keys and indexes, the attributes stored under them, and the access patterns served.

No other module spells a key, but for `account_kinds`, `live_kinds` and `webhook_kinds`, which have those of
AccountsTable, RealtimeTable and WebhooksTable, `book_kinds`, which has those of price books and of the keys of
receipts, and `statistics_kinds`.
`docs/data-model.md` is made from this module by `python -m infra.data_model`.
"""

from dataclasses import fields
from typing import Final

from flareflow.accounts.standing import KnownStanding
from flareflow.adapters.dynamodb.account_kinds import ACCOUNT_KINDS, REQUEST_COUNT
from flareflow.adapters.dynamodb.book_kinds import BOOK_IN_FORCE, PRICE_BOOK, RECEIPT_KEYS_IN_FORCE, SOLD_OF_MODEL
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind, TableLayout
from flareflow.adapters.dynamodb.live_kinds import LIVE_KINDS
from flareflow.adapters.dynamodb.statistics_kinds import STATISTICS, STATUS_DAY
from flareflow.adapters.dynamodb.webhook_kinds import WEBHOOK_KINDS
from flareflow.metering.models import USAGE_FIELDS
from flareflow.settlement.entries import Entry
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.positions import SetAside
from flareflow.settlement.subscription import Subscription

USAGE_PACK: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="PACK#{second:010}#{version:010}#{part:03}#{epoch}",
    holds="What one step of counting, under an epoch, made of calls that began in the 10 minutes from `second` on.",
    serves="Metering asks whether a row or record is known, by its start; sealing and account_api list an epoch's.",
    attributes=("entries",),
)
LIVE_TOTALS: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="LIVE",
    holds=f"Totals (lists of {', '.join(USAGE_FIELDS)}) and waiting records; `version` guards all of them.",
    serves="account_api, pending_push and enforcement read one; the latter two follow changes in the stream.",
    attributes=("version", "counted", "unconfirmed", "waiting", "spilled"),
)
WAITING_RECORDS: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="WAITING#{version:010}#{part:03}",
    holds="Records that wait for their rows and do not fit into the live totals; `spilled` there counts these items.",
    serves="Metering reads all of a subscription.",
    attributes=("records",),
)
UNCONFIRMED: Final = ItemKind(
    pk="UNCONFIRMED",
    sk="{since}#SUB#{subscription_id}",
    holds="Records of a subscription have waited for their rows since a moment. A hint: they may have come meanwhile.",
    serves="usage_polling lists them, oldest first, to bill records whose rows do not come.",
    attributes=(EXPIRES_AT,),
)
COUNTED_ALONE: Final = ItemKind(
    pk="COUNTED_ALONE",
    sk="{since}#SUB#{subscription_id}#{version:010}",
    holds="The sort keys of packs in which calls of a subscription were counted by one witness at a moment.",
    serves="usage_polling lists them, oldest first, and tells whose other witness has not come.",
    attributes=("packs", EXPIRES_AT),
)
SWEPT: Final = ItemKind(
    pk="METERING",
    sk="SWEPT#{kind}",
    holds="The sort key of the last item under `UNCONFIRMED` or `COUNTED_ALONE` that was looked at.",
    serves="usage_polling goes on from there.",
    attributes=("marker",),
)
EPOCH_SHARDS: Final = 16
PACK_NAME: Final = ItemKind(
    pk="EPOCH#{epoch:020}#{shard:02}",
    sk="SUB#{subscription_id:020}#{version:010}#{part:03}#{second:010}",
    holds=f"The key of a pack, written before it; a lost race leaves one without. Shard: id modulo {EPOCH_SHARDS}.",
    serves="Sealing finds the packs of an epoch, account_api and reconciliation those of a subscription in it.",
)
OPEN_EPOCH: Final = ItemKind(
    pk="METERING",
    sk="OPEN_EPOCH",
    holds="The epoch that is counted under now, and `sealing`: the closed epoch whose statement is not finished.",
    serves="Sealing reads it, and closes an epoch by it and all shards in one transaction.",
    attributes=("epoch", "sealing"),
)
EPOCH_SHARD: Final = ItemKind(
    pk="METERING",
    sk="OPEN_EPOCH#{shard:02}",
    holds="The epoch that is counted under now, for the subscriptions of one shard.",
    serves="Metering checks the shard of its subscriptions in every transaction that counts.",
    attributes=("epoch",),
)
WATERMARK: Final = ItemKind(
    pk="METERING",
    sk="WATERMARK",
    holds="The moment up to which the spend log was read, but for `slices` (JSON); `version` guards its changes.",
    serves="usage_polling goes on from there; usage_slices and usage_rescan change the slices.",
    attributes=("read_to", "slices", "version"),
)
ROWS_READ: Final = ItemKind(
    pk="READ#{seconds}",
    sk="FROM#{start}",
    holds="How many rows of answered calls were read of a window of so many seconds; kept for ten days.",
    serves="usage_rescan compares it with what LiteLLM counts.",
    attributes=("rows", EXPIRES_AT),
)
_CASE_ATTRIBUTES: Final = ("kind", "reason", "identity", "opened_at", "what", "body", "count", "subscription_id", "at")
OPEN_CASE: Final = ItemKind(
    pk="CASES#OPEN",
    sk="{case_id}",
    holds="A row that nobody was billed for, a tally of such rows, or a difference; until a person decides.",
    serves="usage_cases lists them; metering asks whether a case is open.",
    attributes=_CASE_ATTRIBUTES,
)
DECIDED_CASE: Final = ItemKind(
    pk="CASES#DECIDED",
    sk="{case_id}",
    holds="A case with its decision: `verdict`, `who`, `why` and `at`. Never deleted.",
    serves="usage_cases shows one; metering asks whether a case was decided.",
    attributes=(*_CASE_ATTRIBUTES, "decision"),
)
RECONCILED: Final = ItemKind(
    pk="METERING",
    sk="RECONCILED",
    holds="The last epoch whose events were compared with its statement and added to the numbers of keys.",
    serves="reconciliation goes on from there.",
    attributes=("epoch",),
)
REPORTED: Final = ItemKind(
    pk="METERING",
    sk="REPORTED",
    holds="The last day whose report is written.",
    serves="reconciliation writes one report a day.",
    attributes=("day",),
)
SUSPICION: Final = ItemKind(
    pk="SUSPICIONS",
    sk="{identity}",
    holds="A difference between journal and chain, and when it was first seen; kept for a day.",
    serves="reconciliation opens a case when it still sees it an hour later.",
    attributes=("at", EXPIRES_AT),
)
BILLED_OF_KEY: Final = ItemKind(
    pk="BILLED#{day}",
    sk="KEY#{key_hash}",
    holds="What a key was billed on a day (kept for 40 days) or on `all`: rows, cost, weight, and the last epoch.",
    serves="reconciliation lists the keys of a day; credit_leases and key_provisioning read those of one key.",
    attributes=("rows", "cost_nanousd", "rated_microtokens", "epoch", EXPIRES_AT),
)
COMPARED_OF_KEY: Final = ItemKind(
    pk="COMPARED#{day}",
    sk="KEY#{key_hash}",
    holds="What LiteLLM had counted and what was billed for a key and a day: noted last, and an hour or more before.",
    serves="reconciliation compares each with what the other side has now.",
    attributes=(
        *("rows", "cost_nanousd", "billed_nanousd", "at"),
        *("rows_before", "cost_nanousd_before", "billed_nanousd_before", EXPIRES_AT),
    ),
)

STATEMENT: Final = ItemKind(
    pk="STATEMENT#{epoch}",
    sk="SEALED",
    holds="A statement: its public body (canonical JSON) and its hash. Written once, after all of its documents.",
    serves="Sealing, attestation_submission, flow_billing and reconciliation read it by epoch.",
    attributes=("body", "statement_hash"),
)
LISTED_STATEMENT: Final = ItemKind(
    pk="STATEMENTS",
    sk="EPOCH#{epoch:020}",
    holds="One epoch in the list of statements.",
    serves="public_api lists statements, newest first; sealing and attestation_submission find the newest.",
    attributes=("statement_hash",),
)
ATTESTATION: Final = ItemKind(
    pk="ATTESTATION#{epoch}",
    sk="STATE",
    holds="How far the attestation of an epoch has come: `record` is all of it as JSON, `version` guards its changes.",
    serves="attestation_submission, flow_billing and public_api read it by epoch.",
    attributes=("state", "version", "record"),
)
LISTED_ATTESTATION: Final = ItemKind(
    pk="ATTESTATIONS",
    sk="EPOCH#{epoch:020}",
    holds="One attestation under way; deleted once the epoch is settled or skipped.",
    serves="attestation_submission and flow_billing list attestations under way, oldest epoch first.",
    attributes=("state",),
)
POLICY: Final = ItemKind(
    pk="POLICY",
    sk="REWARD#{reward_epoch:020}",
    holds="Flare's signing policy of a reward epoch and the signatures of the policy before it, in hex.",
    serves="attestation_submission stores it; flow_billing reads it by reward epoch, operator_api the newest ones.",
    attributes=("policy", "signatures"),
)
POLICY_SCAN: Final = ItemKind(
    pk="POLICY",
    sk="SCANNED",
    holds="The last block of Flare that was searched for signing policies.",
    serves="attestation_submission goes on from there.",
    attributes=("through_block",),
)

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

TABLES: Final = (
    TableLayout(
        name="UsageTable",
        holds="What was used; written by usage_ingest, usage_polling and usage_slices.",
        items=(
            *(LIVE_TOTALS, WAITING_RECORDS, USAGE_PACK, UNCONFIRMED, COUNTED_ALONE, SWEPT),
            *(PACK_NAME, OPEN_EPOCH, EPOCH_SHARD, BOOK_IN_FORCE, PRICE_BOOK, RECEIPT_KEYS_IN_FORCE),
            *(WATERMARK, ROWS_READ, OPEN_CASE, DECIDED_CASE),
            *(RECONCILED, REPORTED, SUSPICION, BILLED_OF_KEY, COMPARED_OF_KEY, SOLD_OF_MODEL),
            *(STATUS_DAY, STATISTICS),
        ),
        stream_readers=("pending_push", "enforcement"),
    ),
    TableLayout(
        name="StatementsTable",
        holds="What was sealed and how far its proof has come.",
        items=(STATEMENT, LISTED_STATEMENT, ATTESTATION, LISTED_ATTESTATION, POLICY, POLICY_SCAN),
        stream_readers=("pending_push",),
    ),
    TableLayout(
        name="LedgerTable",
        holds="Money as the chain's events tell it, standings and sent transactions; chain_events writes most.",
        items=(
            *(SUBSCRIPTION, STANDING, JOURNAL_ENTRY, REVENUE_ENTRY, SET_ASIDE, REVENUE, OWNERSHIP),
            *(PLAN, RETIRED_PLAN, RATE, SETTLED, HELD_BACK, CHAIN_CURSOR, LEDGER_COMPLETE, PROPOSER_KEY, OUTGOING),
        ),
        stream_readers=("pending_push", "enforcement"),
    ),
    TableLayout(
        name="AccountsTable",
        holds="Sign-ins and virtual keys; written by wallet_auth, key_provisioning and enforcement.",
        items=ACCOUNT_KINDS,
        stream_readers=("pending_push",),
    ),
    TableLayout(
        name="RealtimeTable",
        holds="WebSocket connections and their messages; written by account_api, websocket and pending_push.",
        items=LIVE_KINDS,
    ),
    TableLayout(
        name="WebhooksTable",
        holds="Webhooks and deliveries; written by webhook_api, pending_push and webhook_delivery.",
        items=WEBHOOK_KINDS,
    ),
    TableLayout(
        name="LimitsTable",
        holds="How many requests were made; written by the functions of the two APIs.",
        items=(REQUEST_COUNT,),
    ),
)
