"""The kind of item in LimitsTable: counts of requests."""

from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind

REQUEST_COUNT: Final = ItemKind(
    pk="REQUESTS#{counter}",
    sk="UNTIL#{window_end:010}",
    holds="How many requests of a route an account or source address has made in the minute until `window_end` (Unix).",
    serves="Each function with limited routes adds to it, and refuses a request above the route's limit.",
    attributes=("requests", EXPIRES_AT),
)
