"""Faults of the entrypoints: what a stream or a caller brings is handled once, in order and bounded."""

from typing import Final

from tests.mutants.fault import Fault

ENTRYPOINTS: Final = "layers/common/flareflow/entrypoints"
HTTP: Final = f"{ENTRYPOINTS}/http.py"
PROBLEMS: Final = f"{ENTRYPOINTS}/problems.py"
SCHEDULE: Final = f"{ENTRYPOINTS}/schedule.py"
TABLE_STREAMS: Final = f"{ENTRYPOINTS}/table_streams.py"
TEST_PROBLEMS: Final = "tests/unit/functions/test_wallet_auth.py"
TEST_HTTP: Final = "tests/unit/functions/test_key_provisioning.py"
TEST_SCHEDULE: Final = "tests/unit/entrypoints/test_schedule.py"
TEST_STREAMS: Final = "tests/unit/entrypoints/test_table_streams.py"

FAULTS: Final = (
    Fault(
        "entrypoints-subscription-fails-the-batch",
        "A subscription that fails holds up no other.",
        TABLE_STREAMS,
        "group.subscription_id)\n            return False\n",
        "group.subscription_id)\n            raise\n",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-failed-subscription-not-reported",
        "A subscription that fails is delivered again from its first record.",
        TABLE_STREAMS,
        "min(failed, key=int)",
        "max(failed, key=int)",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-numbers-in-text-order",
        "The first failure is the one with the lowest number.",
        TABLE_STREAMS,
        "min(failed, key=int)",
        "min(failed)",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-unreadable-record-lost",
        "A record that cannot be read is reported.",
        TABLE_STREAMS,
        "            unreadable.append(number)\n",
        "",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-subscriptions-wait-for-one-another",
        "Several subscriptions of a batch are handled at the same time.",
        TABLE_STREAMS,
        "AT_ONCE_MAX: Final = 8",
        "AT_ONCE_MAX: Final = 1",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-begun-after-the-deadline",
        "Nothing is begun when the deadline is near.",
        TABLE_STREAMS,
        "        if deadline.is_near():\n            return False\n",
        "",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-milliseconds-read-as-seconds",
        "Lambda tells the time that is left in milliseconds.",
        SCHEDULE,
        "timedelta(milliseconds=context",
        "timedelta(seconds=context",
        [TEST_SCHEDULE],
    ),
    Fault(
        "entrypoints-stream-goes-on-after-a-failure",
        "Nothing after a failed record of a stream is handled.",
        TABLE_STREAMS,
        '            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}\n',
        "            continue\n",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-stream-goes-on-from-another-place",
        "A stream is delivered again from the sequence number of the failed record.",
        TABLE_STREAMS,
        '{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}',
        '{"itemIdentifier": record["eventID"]}',
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-mistakes-hidden",
        "An error that is none of ours fails the whole batch.",
        TABLE_STREAMS,
        "except FlareFlowError:",
        "except Exception:",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-outage-is-a-server-error",
        "An outage of another system is answered by 503 and a time to wait.",
        PROBLEMS,
        "[UnavailableError, RaceLostError]",
        "[RaceLostError]",
        [TEST_PROBLEMS],
    ),
    Fault(
        "entrypoints-internal-errors-told",
        "An unexpected error says nothing to the caller.",
        PROBLEMS,
        '"internal_error", "An unexpected error occurred."',
        '"internal_error", str(error)',
        [TEST_PROBLEMS],
    ),
    Fault(
        "entrypoints-caller-not-checked",
        "A request without a signed-in address is refused.",
        "layers/common/flareflow/entrypoints/requests.py",
        "    if not address:\n",
        '    if address == "":\n',
        ["tests/unit/functions/test_every_route.py"],
    ),
    Fault(
        "entrypoints-short-idempotency-key",
        "An Idempotency-Key has 8 to 128 letters, digits, - or _.",
        HTTP,
        "[A-Za-z0-9_-]{8,128}",
        "[A-Za-z0-9_-]{1,128}",
        [TEST_HTTP],
    ),
    Fault(
        "entrypoints-number-beyond-uint64",
        "A number in a path is a UInt64.",
        HTTP,
        "    if number > UINT64_MAX:\n",
        "    if number < 0:\n",
        [TEST_HTTP],
    ),
    Fault(
        "entrypoints-body-without-limit",
        "A body has at most 64,000 characters.",
        HTTP,
        "if len(text) > self._characters_max:",
        "if not text.isprintable() and len(text) > 100 * self._characters_max:",
        [TEST_HTTP],
    ),
)
