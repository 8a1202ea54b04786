"""Every code of a problem document, its status, when it comes and what the caller can do. The codes never change."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Problem(NamedTuple):
    """`when`: the cause. `what_to_do` is also in each document."""

    status: int
    when: str
    what_to_do: str


_CALL_AGAIN: Final = "Try again after the seconds in Retry-After."
_SIGN_IN: Final = "Sign in with a Flow wallet, and send the session's token as Authorization: Bearer."
_NEXT_CURSOR: Final = "Send next_cursor as it was given, or no cursor to begin anew."

PROBLEMS: Final[Mapping[str, Problem]] = {
    "invalid_request": Problem(
        400, "Path, query, header or body is not as documented.", "Correct what `detail` names."
    ),
    "idempotency_key_required": Problem(
        400,
        "A request that creates something has no valid Idempotency-Key.",
        "Send an Idempotency-Key of 8 to 128 letters, digits, - or _; the same one when you repeat the request.",
    ),
    "invalid_cursor": Problem(400, "The cursor is not one of this list.", _NEXT_CURSOR),
    "invalid_address": Problem(400, "The address is no Flow address.", "Send 0x and up to 16 hex digits."),
    "not_priced": Problem(
        400, "The price book has no price for what a call would use.", "Ask for tokens, images or sound, as it has."
    ),
    "sign_in_required": Problem(401, "Nobody is signed in.", _SIGN_IN),
    "unknown_nonce": Problem(
        401, "The nonce of an account proof is unknown, used or expired.", "Ask for a nonce, and sign it."
    ),
    "invalid_proof": Problem(
        401,
        "The signatures do not prove the account.",
        "Sign with keys of the account that weigh 1000 together and are not revoked.",
    ),
    "unknown_refresh_token": Problem(
        401, "The refresh token is unknown, or its session is over.", "Sign in by wallet again."
    ),
    "refresh_token_reused": Problem(
        401,
        "The refresh token was used before, so its session has ended for everybody.",
        "Sign in by wallet again; if you did not use it twice, somebody else has had it.",
    ),
    "foreign_origin": Problem(
        403, "The account proof was made for another site.", "Sign in on the page of this deployment."
    ),
    "operators_only": Problem(
        403,
        "The route is one of operators.",
        "Sign the request with AWS Signature 4, as an operator.",
    ),
    "route_not_found": Problem(404, "There is no such path or method.", "Look it up in docs/openapi.json."),
    "subscription_not_found": Problem(
        404,
        "The account owns no such subscription.",
        "List the account's subscriptions. A new one appears within minutes of its transaction.",
    ),
    "key_not_found": Problem(404, "The account owns no such key.", "List the keys of the subscription."),
    "attestation_not_begun": Problem(
        404, "The statement of this epoch was not sent to Flare.", "Wait, or list the statements: not each has one."
    ),
    "statement_not_found": Problem(404, "The epoch has no statement.", "Wait for its end, or list the statements."),
    "webhook_not_found": Problem(404, "The account has no such webhook.", "List the webhooks."),
    "delivery_not_found": Problem(
        404, "The webhook has no such delivery, or not any more.", "List the deliveries, which are kept for 30 days."
    ),
    "invalid_webhook_url": Problem(
        400,
        "A webhook cannot be sent to this URL.",
        "Send https://, a public DNS name in lower case (Punycode for other letters) and a path; no port, no user.",
    ),
    "too_many_webhooks": Problem(409, "The subscription has as many webhooks as it may have.", "Delete a webhook."),
    "webhook_secret_shown": Problem(
        409, "The request was carried out, and the webhook's secret was shown once.", "Rotate the secret."
    ),
    "webhook_disabled": Problem(409, "The webhook is disabled.", "Enable the webhook first."),
    "session_not_found": Problem(404, "The account has no such session.", "List the sessions."),
    "subscription_not_open": Problem(
        409, "The subscription is ending or has ended.", "Cancel the exit, or open another subscription."
    ),
    "rate_unknown": Problem(
        409, "No rate of dollars is known, in which costs have to be told.", "Try again once /v1/plans has a rate."
    ),
    "deposit_used_up": Problem(409, "The deposit is used up.", "Top up the deposit."),
    "spend_cap_reached": Problem(
        409, "The spend cap of this period is used up.", "Raise the cap, or wait for the next period."
    ),
    "standing_unknown": Problem(
        409, "What the chain says of the subscription is not known now.", "Try again in a few minutes."
    ),
    "already_over": Problem(400, "The end of the new key is not in the future.", "Send a later expires_at."),
    "invalid_overlap": Problem(
        400, "The old key would end at once, or too late.", "Send an old_key_until in the next 90 days."
    ),
    "key_ended": Problem(409, "The key was deleted, or its time is over.", "Make another key."),
    "key_held": Problem(409, "An administrator has blocked the key.", "Ask the operator."),
    "key_cap_reached": Problem(409, "The cap of the key is used up.", "Raise the cap first."),
    "too_many_keys": Problem(409, "The subscription has as many keys as it may have.", "Delete a key."),
    "idempotency_key_reused": Problem(
        409, "The Idempotency-Key was used for another request.", "Use a new Idempotency-Key."
    ),
    "secret_already_shown": Problem(
        409, "The request was carried out, and the key's secret was shown once.", "Create another key, delete this one."
    ),
    "request_in_progress": Problem(409, "The same request is being carried out.", "Repeat it in half a minute."),
    "too_many_requests": Problem(
        429, "The account or the address has made as many of these requests as it may in a minute.", _CALL_AGAIN
    ),
    "internal_error": Problem(
        500, "An error that nobody expected.", "Tell the operator the request_id; a repetition may fail too."
    ),
    "temporarily_unavailable": Problem(
        503, "Something that the answer needs does not answer, or another request came first.", _CALL_AGAIN
    ),
    # of the gate, with its own secret
    "push_secret_wrong": Problem(401, "The gate's secret is wrong.", "Give the gate the secret of this deployment."),
    "gate_secret_wrong": Problem(401, "The gate's secret is wrong.", "Give the gate the secret of this deployment."),
    "invalid_push": Problem(400, "The body is no array of records.", "Use the gate of this version."),
    "push_too_large": Problem(400, "The post is too long.", "Post fewer records at once."),
    # of operators
    "case_not_found": Problem(404, "There is no such case.", "List the open cases."),
    "case_decided": Problem(409, "The case is decided already.", "Look at its decision."),
    "case_is_a_tally": Problem(400, "The case only counts rows.", "Dismiss it."),
    "case_is_no_difference": Problem(
        400, "A credit decides only differences.", "Bill the case, write it off, or drive it again."
    ),
    "row_unreadable": Problem(400, "The row of the case cannot be read with these changes.", "Send other changes."),
    "row_not_billable": Problem(400, "Nobody can be billed for the row.", "Send other changes, or dismiss the case."),
    "epoch_has_its_receipt_keys": Problem(
        409, "The receipt keys of this epoch are fixed.", "Let the keys begin with a later epoch."
    ),
    "receipt_key_dropped": Problem(
        409, "The list lacks a receipt key that has signed.", "Keep every key that ever signed in the list."
    ),
    "epoch_has_its_book": Problem(
        409, "The price book of this epoch is fixed.", "Let the book begin with a later epoch."
    ),
}
