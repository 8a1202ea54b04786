"""The kinds of items in RealtimeTable: tickets, connections and messages. `tables` has all other kinds."""

from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind
from flareflow.realtime.models import Source

THROUGH: Final = "through_{source}"
"""The attribute of a log with the number of the last stream record of one source."""

TICKET: Final = ItemKind(
    pk="TICKET#{ticket_hash}",
    sk="TICKET",
    holds="Whose a ticket is, of which only the SHA-256 is stored; deleted by its use.",
    serves="websocket uses it up when a connection opens.",
    attributes=("address", EXPIRES_AT),
)
CONNECTION: Final = ItemKind(
    pk="CONNECTION#{connection_id}",
    sk="CONNECTION",
    holds="Who opened a WebSocket connection.",
    serves="websocket and pending_push read it by connection.",
    attributes=("address", EXPIRES_AT),
)
CONNECTION_OF: Final = ItemKind(
    pk="ADDRESS#{address}",
    sk="CONNECTION#{connection_id}",
    holds="One connection of an account.",
    serves="websocket counts them when another one opens.",
    attributes=(EXPIRES_AT,),
)
WATCHED: Final = ItemKind(
    pk="CONNECTION#{connection_id}",
    sk="SUB#{subscription_id}",
    holds="One subscription that a connection watches.",
    serves="websocket lists them to check the limit and to forget a connection.",
    attributes=(EXPIRES_AT,),
)
WATCHER: Final = ItemKind(
    pk="WATCH#{subscription_id}",
    sk="CONNECTION#{connection_id}",
    holds="One connection that watches a subscription; `watched` counts all that it watches.",
    serves="pending_push lists whom to send a message to, and how often; where there is nobody, it writes nothing.",
    attributes=("watched", EXPIRES_AT),
)
WATCHED_AT_ALL: Final = ItemKind(
    pk="WATCHED",
    sk="SUB#{subscription_id:020}",
    holds="Somebody watches a subscription, or has watched it within the last hours.",
    serves="pending_push lists them when an epoch is sealed or attested.",
    attributes=(EXPIRES_AT,),
)
RECORDED: Final = ItemKind(
    pk="WATCH#{subscription_id}",
    sk="RECORDED",
    holds="A watcher has gone; messages are stored until it has had time to come back.",
    serves="pending_push and websocket read it with the watchers.",
    attributes=(EXPIRES_AT,),
)
MESSAGE: Final = ItemKind(
    pk="MESSAGES#{subscription_id}",
    sk="SEQUENCE#{sequence:020}",
    holds="A message of a subscription, stored for a day; `data` is JSON.",
    serves="websocket lists what a client missed, in order.",
    attributes=("type", "at", "data", EXPIRES_AT),
)
MESSAGE_LOG: Final = ItemKind(
    pk="MESSAGES#{subscription_id}",
    sk="LOG",
    holds="The last number, the one from which on nothing is missing, and what of each stream became messages.",
    serves="pending_push takes the next number; websocket decides from where a client can resume.",
    attributes=("sequence", "complete_after", "written_at", *(THROUGH.format(source=source) for source in Source)),
)

LIVE_KINDS: Final = (
    *(TICKET, CONNECTION, CONNECTION_OF, WATCHED, WATCHER, WATCHED_AT_ALL),
    *(RECORDED, MESSAGE, MESSAGE_LOG),
)
