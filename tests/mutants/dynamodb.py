"""Faults of the DynamoDB adapters: conditions, transactions, pages of answers and times of expiry."""

from typing import Final

from tests.mutants.fault import Fault

WING: Final = "layers/common/flareflow/adapters/dynamodb"
ACCOUNTS: Final = f"{WING}/accounts.py"
VIRTUAL_KEYS: Final = f"{WING}/virtual_keys.py"
BATCHES: Final = f"{WING}/batches.py"
CHANGES: Final = f"{WING}/changes.py"
EPOCH_USAGE: Final = f"{WING}/epoch_usage.py"
ERRORS: Final = f"{WING}/errors.py"
LEDGER: Final = f"{WING}/ledger.py"
POSTINGS: Final = f"{WING}/postings.py"
CONNECTIONS: Final = f"{WING}/connections.py"
MESSAGES: Final = f"{WING}/messages.py"
STATEMENTS: Final = f"{WING}/statements.py"
ATTESTATIONS: Final = f"{WING}/attestations.py"

UNIT: Final = "tests/unit/adapters/dynamodb"
TEST_CHANGES: Final = f"{UNIT}/test_changes.py"
TEST_ERRORS: Final = f"{UNIT}/test_errors.py"
TEST_EXPIRY: Final = f"{UNIT}/test_expiry.py"
TEST_PAGES: Final = f"{UNIT}/test_query_pages.py"
TEST_RETRIES: Final = f"{UNIT}/test_retries.py"
PORTS: Final = "tests/ports/dynamodb"
TEST_ACCOUNTS: Final = f"{PORTS}/test_accounts_tables.py"
TEST_ATTESTATIONS: Final = f"{PORTS}/test_attestation_tables.py"
TEST_EPOCHS: Final = f"{PORTS}/test_epoch_usage.py"
TEST_LEDGER: Final = f"{PORTS}/test_ledger.py"
TEST_SENDING: Final = f"{PORTS}/test_sending_tables.py"
TEST_REALTIME: Final = f"{PORTS}/test_realtime_tables.py"
TEST_STATEMENTS: Final = f"{PORTS}/test_statement_store.py"

FAULTS: Final = (
    Fault(
        "dynamodb-unprocessed-keys-ignored",
        "Keys that DynamoDB left unprocessed are asked for again.",
        BATCHES,
        "        if not wanted:\n",
        "        if wanted is not None:\n",
        [TEST_RETRIES],
    ),
    Fault(
        "dynamodb-first-page-of-deltas-only",
        "What an epoch added is read to the last page of the query.",
        BATCHES,
        'if "LastEvaluatedKey" not in found:',
        'if found["Items"]:',
        [TEST_PAGES],
    ),
    Fault(
        "dynamodb-first-page-of-settled-totals-only",
        "Settled totals are read to the last page of the query.",
        STATEMENTS,
        'if "LastEvaluatedKey" not in answer:',
        'if answer["Items"]:',
        [TEST_PAGES],
    ),
    Fault(
        "dynamodb-outage-taken-for-a-race",
        "Throttling and other failures are outages, not lost races.",
        ERRORS,
        "if CONFLICT in reasons:",
        'if CONFLICT in reasons or "ThrottlingError" in reasons:',
        [TEST_ERRORS],
    ),
    Fault(
        "dynamodb-conflict-taken-for-an-outage",
        "A conflict with another transaction is a lost race.",
        ERRORS,
        "if CONFLICT in reasons:",
        "if not reasons:",
        [TEST_ERRORS],
    ),
    Fault(
        "dynamodb-nonce-expires-in-milliseconds",
        "The expiry of a nonce is in Unix seconds.",
        ACCOUNTS,
        "NONCE.key(nonce=nonce) | {EXPIRES_AT: int(expires_at.timestamp())}",
        "NONCE.key(nonce=nonce) | {EXPIRES_AT: int(expires_at.timestamp() * 1000)}",
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-session-without-expiry",
        "A session expires.",
        ACCOUNTS,
        "        EXPIRES_AT: int(session.expires_at.timestamp()),\n",
        "",
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-watcher-without-expiry",
        "What a connection watches expires with it.",
        CONNECTIONS,
        '"Item": one | _expiry(expires_at)}} for one in items]',
        '"Item": one}} for one in items]',
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-messages-of-an-hour",
        "Messages are stored for a day.",
        MESSAGES,
        "MESSAGE_LIFETIME: Final = timedelta(days=1)",
        "MESSAGE_LIFETIME: Final = timedelta(hours=1)",
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-numbering-expires",
        "The log of a subscription's messages never expires.",
        MESSAGES,
        '"written_at": timestamp(now)}',
        '"written_at": timestamp(now), EXPIRES_AT: 1}',
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-rows-read-kept-for-ten-seconds",
        "How many rows were read of a window is known for ten days.",
        "layers/common/flareflow/adapters/dynamodb/reading_progress.py",
        "ROWS_KEPT: Final = timedelta(days=10)",
        "ROWS_KEPT: Final = timedelta(seconds=10)",
        [TEST_EXPIRY],
    ),
    Fault(
        "dynamodb-old-calls-told-as-new",
        "A change of live totals names only calls that did not wait before.",
        CHANGES,
        "if record not in waited)",
        "if record in waited or not waited)",
        [TEST_CHANGES],
    ),
    Fault(
        "dynamodb-nonce-used-twice",
        "A nonce is used up only while it is stored and not expired.",
        ACCOUNTS,
        "                    Key=NONCE.key(nonce=nonce),\n"
        "                    ConditionExpression=Attr(EXPIRES_AT).gt(int(now.timestamp())),\n",
        "                    Key=NONCE.key(nonce=nonce),\n",
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-expired-nonce-works",
        "A nonce works no more at the second of its expiry.",
        ACCOUNTS,
        "ConditionExpression=Attr(EXPIRES_AT).gt(",
        "ConditionExpression=Attr(EXPIRES_AT).gte(",
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-deleted-keys-count",
        "Deleted keys leave room for others.",
        VIRTUAL_KEYS,
        '{":one": -1}',
        '{":one": 0}',
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-unknown-key-marked",
        "A key that is not stored is not marked.",
        VIRTUAL_KEYS,
        '                    ConditionExpression=Attr("pk").exists(),\n',
        "",
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-lease-taken-over-early",
        "A request is taken over only when its lease has ended.",
        VIRTUAL_KEYS,
        'Attr("state").eq("started") & Attr("lease_until").lte(timestamp(now))',
        'Attr("state").eq("started")',
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-finished-request-claimed",
        "A request that is done is never claimed again.",
        VIRTUAL_KEYS,
        'Attr("state").eq("started") & Attr("lease_until").lte(timestamp(now))',
        'Attr("lease_until").lte(timestamp(now))',
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-lost-lease-finishes",
        "Only the attempt that holds the lease finishes a request.",
        VIRTUAL_KEYS,
        '"#state = :started AND lease_until = :mine"',
        '"#state = :started AND lease_until >= :mine"',
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-another-attempts-lease-released",
        "An attempt releases only its own lease.",
        VIRTUAL_KEYS,
        '& Attr("lease_until").eq(timestamp(claim.lease_until))',
        '& Attr("lease_until").exists()',
        [TEST_ACCOUNTS],
    ),
    Fault(
        "dynamodb-two-epochs-sealed-at-once",
        "An epoch is not closed while the one before is being sealed.",
        EPOCH_USAGE,
        '"epoch = :epoch AND attribute_not_exists(sealing)"',
        '"epoch = :epoch"',
        [TEST_EPOCHS],
    ),
    Fault(
        "dynamodb-another-epoch-marked-sealed",
        "Only the epoch that is being sealed ends its sealing.",
        EPOCH_USAGE,
        '"sealing = :epoch"',
        '"sealing >= :epoch"',
        [TEST_EPOCHS],
    ),
    Fault(
        "dynamodb-statement-overwritten",
        "A statement is written once.",
        STATEMENTS,
        '"Item": item, "ConditionExpression": ABSENT}}',
        '"Item": item}}',
        [TEST_STATEMENTS],
    ),
    Fault(
        "dynamodb-attestation-changed-over-another-version",
        "An attestation is stored only over the version that it was made from.",
        ATTESTATIONS,
        '"#version = :version" if over else ABSENT',
        '"#version >= :version" if over else ABSENT',
        [TEST_ATTESTATIONS],
    ),
    Fault(
        "dynamodb-settled-attestation-listed",
        "An attestation that is settled or skipped is not under way any more.",
        ATTESTATIONS,
        "if attestation.state.is_final:",
        'if attestation.state.value == "SETTLED":',
        [TEST_ATTESTATIONS],
    ),
    Fault(
        "dynamodb-chain-cursor-goes-back",
        "The cursor of the chain never goes back.",
        LEDGER,
        'f"{ABSENT} OR height <= :height"',
        'f"{ABSENT} OR height <> :height"',
        [TEST_LEDGER],
    ),
    Fault(
        "dynamodb-older-state-over-a-newer-one",
        "A subscription's state replaces only an older one.",
        POSTINGS,
        '"last_event = :event"',
        '"last_event >= :event"',
        [f"{TEST_LEDGER}::test_a_posting_on_an_older_state_loses_the_race"],
    ),
    Fault(
        "dynamodb-state-after-one-that-was-never-stored",
        "A subscription's state replaces only the one that it follows on.",
        POSTINGS,
        '"last_event = :event"',
        '"last_event <= :event"',
        [f"{TEST_LEDGER}::test_a_posting_on_a_state_that_was_never_recorded_loses_the_race"],
    ),
    Fault(
        "dynamodb-revenue-counted-twice",
        "An entry and what follows from it are written once.",
        POSTINGS,
        "yield self._put(entry | key_of(posting), ABSENT)",
        "yield self._put(entry | key_of(posting))",
        [TEST_LEDGER],
    ),
    Fault(
        "dynamodb-listed-for-the-former-owner",
        "A subscription is listed for its present owner only.",
        POSTINGS,
        "            actions += [self._delete(key) for key in left if not key.items() <= _ownership(after).items()]\n",
        "",
        [TEST_LEDGER],
    ),
    Fault(
        "dynamodb-owner-who-came-back-not-listed",
        "A subscription is listed for an owner who gave it away and got it back within one write.",
        POSTINGS,
        " if not key.items() <= _ownership(after).items()]",
        "]",
        [TEST_LEDGER],
    ),
    Fault(
        "dynamodb-set-aside-for-ever",
        "An event that is entered after all is no longer set aside.",
        POSTINGS,
        "        if posting.replaces:\n",
        "        if posting.replaces and posting.before is None:\n",
        [TEST_LEDGER],
    ),
    Fault(
        "dynamodb-proposer-key-taken-from-its-holder",
        "A proposer key is leased only when it is free or its lease has ended.",
        LEDGER,
        "leased_until < :now OR purpose = :purpose",
        "leased_until > :now OR purpose = :purpose",
        [TEST_SENDING],
    ),
    Fault(
        "dynamodb-proposer-key-released-by-another",
        "Only its holder gives a proposer key back.",
        LEDGER,
        'ConditionExpression="purpose = :purpose"',
        'ConditionExpression="attribute_exists(purpose) OR purpose = :purpose"',
        [TEST_SENDING],
    ),
    Fault(
        "dynamodb-outgoing-transaction-overwritten",
        "An outgoing transaction is stored only over the version that it was made from.",
        LEDGER,
        'f"{ABSENT} OR version = :version"',
        'f"{ABSENT} OR version >= :version"',
        [TEST_SENDING],
    ),
    Fault(
        "dynamodb-two-messages-with-one-number",
        "A message is stored only if the log is as it was read.",
        MESSAGES,
        '"ConditionExpression": "#0 = :read" if log.sequence else',
        '"ConditionExpression": "#0 >= :read" if log.sequence else',
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-log-forgets-what-was-told",
        "What became messages of each source is remembered.",
        MESSAGES,
        "str(number) for source, number in through.items()}\n        names",
        "str(number) for source, number in list(through.items())[:1]}\n        names",
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-old-numbers-good-after-a-break",
        "A log that begins anew is complete only after the new number.",
        MESSAGES,
        '"complete_after = if_not_exists(#last, :none) + :one"',
        '"complete_after = if_not_exists(#last, :none)"',
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-expired-ticket-works",
        "A ticket works no more at the second of its expiry.",
        CONNECTIONS,
        "ConditionExpression=Attr(EXPIRES_AT).gt(_seconds(now)),\n",
        "ConditionExpression=Attr(EXPIRES_AT).gte(_seconds(now)),\n",
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-closed-connection-still-watched-from",
        "A connection that is removed watches nothing.",
        CONNECTIONS,
        "            self._delete_watch(connection_id, subscription_id)\n",
        "",
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-expired-watchers-count",
        "A watcher that has expired does not count.",
        CONNECTIONS,
        "present = [item for item in found if _expires_at(item) > now]",
        "present = found",
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-expired-connections-count",
        "A connection that has expired does not count.",
        CONNECTIONS,
        "for item in found if _expires_at(item) > now]\n\n    def watch(",
        "for item in found]\n\n    def watch(",
        [TEST_REALTIME],
    ),
    Fault(
        "dynamodb-expired-watcher-makes-messages-stored",
        "Removing a watcher that has expired stores nothing more.",
        CONNECTIONS,
        "            if _expires_at(item) > now:\n",
        "            if item:\n",
        [TEST_REALTIME],
    ),
)
