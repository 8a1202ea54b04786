"""Faults of the local gateway: it does what AWS does, also where that is inconvenient."""

from typing import Final

from tests.mutants.fault import Fault

GATEWAY: Final = "infra/local/aws/gateway"
PARTIAL_BATCHES: Final = f"{GATEWAY}/partial_batches.py"
POLICIES: Final = f"{GATEWAY}/policies.py"
QUEUES: Final = f"{GATEWAY}/queues.py"
ROUTING: Final = f"{GATEWAY}/routing.py"
SCHEDULES: Final = f"{GATEWAY}/schedules.py"
SQS_ORDERS: Final = f"{GATEWAY}/sqs_orders.py"
STREAMS: Final = f"{GATEWAY}/streams.py"
WEBSOCKET_FRAMES: Final = f"{GATEWAY}/websocket_frames.py"

TESTS: Final = "tests/unit/local"
TEST_FRAMES: Final = f"{TESTS}/test_websocket_frames.py"
TEST_PARTIAL_BATCHES: Final = f"{TESTS}/test_partial_batches.py"
TEST_POLICIES: Final = f"{TESTS}/test_policies.py"
TEST_QUEUES: Final = f"{TESTS}/test_queues.py"
TEST_ROUTING: Final = f"{TESTS}/test_routing.py"
TEST_SCHEDULES: Final = f"{TESTS}/test_schedules.py"
TEST_SQS_ORDERS: Final = f"{TESTS}/test_sqs_orders.py"
TEST_STREAMS: Final = f"{TESTS}/test_streams.py"

_IAM_AND_ROUTES: Final = (
    Fault(
        "gateway-allow-wins-over-deny",
        "A Deny wins over an Allow.",
        POLICIES,
        "bool(covering) and all(statement.is_allow",
        "bool(covering) and any(statement.is_allow",
        [TEST_POLICIES],
    ),
    Fault(
        "gateway-everything-allowed",
        "What no statement covers is refused.",
        POLICIES,
        "bool(covering) and all(",
        "all(",
        [TEST_POLICIES],
    ),
    Fault(
        "gateway-conditions-ignored",
        "A part of a policy that is not evaluated stops the gateway.",
        POLICIES,
        '{"Sid", "Effect", "Action", "Resource"}',
        '{"Sid", "Effect", "Action", "Resource", "Condition"}',
        [TEST_POLICIES],
    ),
    Fault(
        "gateway-first-route-wins",
        "The most specific route is taken.",
        ROUTING,
        "return min(matching, key=lambda found: found[0].specificity, default=None)",
        "return matching[0] if matching else None",
        [TEST_ROUTING],
    ),
    Fault(
        "gateway-path-variable-with-slash",
        "A path variable that is not greedy holds no slash.",
        ROUTING,
        "{'.+' if name[2] else '[^/]+'}",
        ".+",
        [TEST_ROUTING],
    ),
    Fault(
        "gateway-missed-ticks-made-up-for",
        "A tick that is due while the last one runs is skipped.",
        SCHEDULES,
        "due += self.seconds * max(1, math.ceil(late_seconds / self.seconds))",
        "due += self.seconds",
        [TEST_SCHEDULES],
    ),
)

_BATCHES: Final = (
    Fault(
        "gateway-batches-always-done",
        "A batch of several items leaves the last one unprocessed.",
        PARTIAL_BATCHES,
        "if sum(counts.values()) <= 1:",
        "if sum(counts.values()) >= 1:",
        [TEST_PARTIAL_BATCHES],
    ),
    Fault(
        "gateway-failed-messages-deleted",
        "A message that the function names as failed comes again.",
        QUEUES,
        ' if record["messageId"] not in failed]',
        "]",
        [TEST_QUEUES],
    ),
    Fault(
        "gateway-throttled-messages-deleted",
        "Messages of a batch whose function failed come again.",
        QUEUES,
        "done = [] if failed is None else",
        "done = list(records) if failed is None else",
        [TEST_QUEUES],
    ),
    Fault(
        "gateway-comes-again-for-ever",
        "A message comes again as often as ordered.",
        SQS_ORDERS,
        "        self.left.deliver_again -= 1\n",
        "",
        [TEST_QUEUES],
    ),
    Fault(
        "gateway-failed-entry-is-sent",
        "An entry that fails is not in the queue.",
        SQS_ORDERS,
        '"Entries": taken}',
        '"Entries": [*taken, last]}',
        [TEST_SQS_ORDERS],
    ),
    Fault(
        "gateway-stream-goes-on-after-the-failed-record",
        "A batch of a stream goes on from its first failed record.",
        STREAMS,
        "return batch[first:], False",
        "return batch[first + 1 :], False",
        [TEST_STREAMS],
    ),
    Fault(
        "gateway-one-record-holds-up-all",
        "A batch whose function fails is halved where the template says so.",
        STREAMS,
        "_halves(left) if whole_failed and self._bisects else [left]",
        "[left]",
        [TEST_STREAMS],
    ),
    Fault(
        "gateway-given-up-without-a-word",
        "What is given up is reported to the failure queue.",
        STREAMS,
        "                await self._give_up(left, shard_id, retries)\n",
        "",
        [TEST_STREAMS],
    ),
    Fault(
        "gateway-children-before-parents",
        "A parent shard is read before its children.",
        STREAMS,
        'key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"])',
        'key=lambda shard: -int(shard["SequenceNumberRange"]["StartingSequenceNumber"])',
        [TEST_STREAMS],
    ),
    Fault(
        "gateway-every-frame-is-final",
        "Only the last frame of a message is final.",
        WEBSOCKET_FRAMES,
        "(FINAL if number == last else 0)",
        "FINAL",
        [TEST_FRAMES],
    ),
)

FAULTS: Final = (*_IAM_AND_ROUTES, *_BATCHES)
