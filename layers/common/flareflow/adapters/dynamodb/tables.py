"""Every table of FlareFlow: its keys and indexes, the attributes stored under them, and the access patterns served.

The kinds of items are in `…_kinds`, a module for each table or part of one, and no other module spells a key. Who reads
one table imports its kinds alone, which is less than all. `docs/data-model.md` is made from this module by
`python -m infra.data_model`.
"""

from typing import Final

from flareflow.adapters.dynamodb.account_kinds import ACCOUNT_KINDS
from flareflow.adapters.dynamodb.book_kinds import BOOK_KINDS
from flareflow.adapters.dynamodb.keys import TableLayout
from flareflow.adapters.dynamodb.ledger_kinds import LEDGER_KINDS
from flareflow.adapters.dynamodb.limit_kinds import REQUEST_COUNT
from flareflow.adapters.dynamodb.live_kinds import LIVE_KINDS
from flareflow.adapters.dynamodb.statement_kinds import STATEMENT_KINDS
from flareflow.adapters.dynamodb.statistics_kinds import STATISTICS_KINDS
from flareflow.adapters.dynamodb.usage_kinds import USAGE_KINDS
from flareflow.adapters.dynamodb.webhook_kinds import WEBHOOK_KINDS

TABLES: Final = (
    TableLayout(
        name="UsageTable",
        holds="What was used; written by usage_ingest, usage_polling and usage_slices.",
        items=(*USAGE_KINDS, *BOOK_KINDS, *STATISTICS_KINDS),
        stream_readers=("pending_push", "enforcement"),
    ),
    TableLayout(
        name="StatementsTable",
        holds="What was sealed and how far its proof has come.",
        items=STATEMENT_KINDS,
        stream_readers=("pending_push",),
    ),
    TableLayout(
        name="LedgerTable",
        holds="Money as the chain's events tell it, standings and sent transactions; chain_events writes most.",
        items=LEDGER_KINDS,
        stream_readers=("pending_push", "enforcement"),
    ),
    TableLayout(
        name="AccountsTable",
        holds="Sign-ins and virtual keys; written by wallet_auth, session_authorizer, key_provisioning, enforcement.",
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
