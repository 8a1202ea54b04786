"""The kinds of items in UsageTable that hold what was used, and how far counting and comparing have come."""

from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind
from flareflow.metering.models import USAGE_FIELDS

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

USAGE_KINDS: Final = (
    *(LIVE_TOTALS, WAITING_RECORDS, USAGE_PACK, UNCONFIRMED, COUNTED_ALONE, SWEPT, PACK_NAME, OPEN_EPOCH, EPOCH_SHARD),
    *(WATERMARK, ROWS_READ, OPEN_CASE, DECIDED_CASE, RECONCILED, REPORTED, SUSPICION, BILLED_OF_KEY, COMPARED_OF_KEY),
)
