"""Every table, key and index of FlareFlow, with the access pattern that each serves.

All tables have a string partition key `pk` and a string sort key `sk`. Integers inside keys are written with
`number_key`, so that they sort. Times are ISO 8601 UTC with microseconds; `expires_at` is Unix seconds (TTL).

UsageTable: what was used (written by usage_ingest and usage_polling)
    CALL#<litellm_call_id>  EVENT           one usage event; status unconfirmed | counted | dropped
    EPOCH#<epoch>           SUB#<id>        what the epoch added to one subscription (prompt_tokens,
                                            completion_tokens, requests, rated_microtokens, cost_nanousd)
    SUB#<id>                LIVE            counted and unconfirmed totals of one subscription, for the display:
                                            counted_<field>, unconfirmed_<field>
    METERING                OPEN_EPOCH      the epoch that counts now (`epoch`), and `sealing` while one is closed
                                            but has no statement yet
    METERING                WATERMARK       how far the spend log was read without a gap (`read_to`)
    QUARANTINE              CALL#<id>       calls of keys that we do not know
    index by_status         gsi1pk = UNCONFIRMED, gsi1sk = <recorded_at>   unconfirmed events, oldest first
    index by_subscription   gsi2pk = SUB#<id>#EPOCH#<epoch>, gsi2sk = CALL#<id>   the events behind one leaf
    stream                  new image -> pending_push, enforcement

StatementsTable: what was sealed and how far its proof has come
    STATEMENT#<epoch>       SEALED          the public body (`body`, canonical JSON text), `statement_hash`,
                                            `settlement_root`, `page_count`; written once
    STATEMENTS              EPOCH#<epoch>   the list of sealed epochs, newest last; `statement_hash`
    ATTESTATION#<epoch>     STATE           state, request, transaction, round, proof, reasons; see `attestation`
    ATTESTATIONS            EPOCH#<epoch>   attestations under way, `state`; removed once SETTLED or SKIPPED
    POLICY                  REWARD#<epoch>  Flare's signing policies and the signatures of their predecessors
    stream                  new image -> pending_push

LedgerTable: money, as the chain told it (written by chain_events and flow_billing)
    SUB#<id>                STATE           owner, plan, balance_ufix64, charged_ufix64, deposited_ufix64,
                                            withdrawn_ufix64, refunded_ufix64, settled_microtokens, settled_epoch
    SUB#<id>                ENTRY#<height>#<tx index>#<event index>   one journal transaction; its lines sum to zero
    REVENUE                 ENTRY#<height>#<tx index>#<event index>   revenue taken out, a journal transaction too
    REVENUE                 STATE           `balance_ufix64`: what was charged and not taken out
    OWNER#<address>         SUB#<id>        the subscriptions of an account
    SETTLED                 SUB#<id>        `settled_microtokens`: what the contract has already seen, for sealing pages
    CHAIN                   CURSOR          the last Flow block height whose events are in the journal
    PROPOSER#<address>      KEY#<index>     lease of a proposer key: purpose, leased_until; removed when given back
    OUTGOING#<purpose>      TRANSACTION     a transaction that was built: id, bytes, reference height, status
    stream                  new image -> pending_push, enforcement

AccountsTable: who may do what
    NONCE#<nonce>           NONCE           single use, expires_at
    SESSION#<sha256>        SESSION         address, expires_at
    KEY#<sha256>            KEY             subscription_id; never changes, so that late usage finds its payer
    SUB#<id>                KEY#<sha256>    the keys of a subscription: alias, created_at,
                                            status active | changing | blocked | deleted
    IDEMPOTENCY#<address>#<key>  REQUEST    request_hash, state started | done, lease_until, key_hash once done

RealtimeTable: who is watching
    CONNECTION#<id>         CONNECTION      address, expires_at
    CONNECTION#<id>         SUB#<id>        what this connection watches
    WATCH#<subscription>    CONNECTION#<id> who watches this subscription
    TICKET#<sha256>         TICKET          one-use ticket for $connect: address, expires_at
    MESSAGES#<subscription> SEQUENCE#<n>    messages of a subscription, for resume; expires_at
    MESSAGES#<subscription> COUNTER         the last sequence number given out (`sequence`)
    DELIVERED#<stream event> MESSAGE        the `sequence` of the message that a stream record became; expires_at
"""

from typing import Final

NUMBER_KEY_DIGITS: Final = 20


def number_key(number: int) -> str:
    """An integer as part of a sort key: 20 digits, so that text order is number order."""
    if not 0 <= number < 10**NUMBER_KEY_DIGITS:
        raise ValueError(f"a key number is 0 or more and has at most {NUMBER_KEY_DIGITS} digits, not {number}")
    return f"{number:0{NUMBER_KEY_DIGITS}d}"
