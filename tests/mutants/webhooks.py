"""Faults of webhooks: who is told what, how often, with which signature, and at which address."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/webhooks"
ANNOUNCING: Final = f"{PACKAGE}/announcing.py"
DELIVERING: Final = f"{PACKAGE}/delivering.py"
EVENTS: Final = f"{PACKAGE}/events.py"
MANAGING: Final = f"{PACKAGE}/managing.py"
MODELS: Final = f"{PACKAGE}/models.py"
REPLAYING: Final = f"{PACKAGE}/replaying.py"
SIGNING: Final = f"{PACKAGE}/signing.py"
URLS: Final = f"{PACKAGE}/urls.py"
ADDRESSES: Final = f"{PACKAGE}/addresses.py"
POSTING: Final = "layers/common/flareflow/adapters/receivers/posting.py"
PINNING: Final = "layers/common/flareflow/adapters/receivers/pinning.py"
BATCHES: Final = "layers/common/flareflow/entrypoints/queue_batches.py"
TEST_ANNOUNCING: Final = "tests/unit/webhooks/test_announcing.py"
TEST_DELIVERING: Final = "tests/unit/webhooks/test_delivering.py"
TEST_MANAGING: Final = "tests/unit/webhooks/test_managing.py"
TEST_SIGNING: Final = "tests/unit/webhooks/test_signing.py"
TEST_URLS: Final = "tests/unit/webhooks/test_urls.py"
TEST_POSTING: Final = "tests/unit/adapters/receivers/test_posting.py"
TEST_FUNCTION: Final = "tests/unit/functions/test_webhook_delivery.py"

FAULTS: Final = (
    Fault(
        "webhooks-time-not-signed",
        "A signature covers id, time and body.",
        SIGNING,
        'f"{message_id}.{seconds}.".encode() + body',
        'f"{message_id}.".encode() + body',
        [TEST_SIGNING],
    ),
    Fault(
        "webhooks-old-secret-ends-at-once",
        "For a day after a rotation both secrets sign.",
        MODELS,
        "return (self.secret_number, self.secret_number - 1) if is_rotating else (self.secret_number,)",
        "return (self.secret_number,)",
        [TEST_SIGNING],
    ),
    Fault(
        "webhooks-one-secret-for-all",
        "Each webhook has a secret of its own.",
        SIGNING,
        'f"{webhook_id}\\n{number}".encode()',
        'f"{number}".encode()',
        [TEST_SIGNING],
    ),
    Fault(
        "webhooks-other-address-after-the-check",
        "The connection goes to the address that was checked.",
        PINNING,
        "self.address, port, self.left()",
        "host, port, self.left()",
        [TEST_POSTING],
    ),
    Fault(
        "webhooks-first-address-checked",
        "A name with one address that is not public is not asked.",
        POSTING,
        "[one for one in addresses if not is_public(one)]",
        "[one for one in addresses[:1] if not is_public(one)]",
        [TEST_POSTING],
    ),
    Fault(
        "webhooks-mapped-address-allowed",
        "An IPv6 address that stands for an IPv4 address is not public.",
        ADDRESSES,
        "if given not in _GLOBAL_UNICAST or any(given in network for network in _LEADING_ELSEWHERE):",
        "if any(given in network for network in _LEADING_ELSEWHERE):",
        [TEST_URLS],
    ),
    Fault(
        "webhooks-multicast-allowed",
        "A multicast address is not public.",
        ADDRESSES,
        " and not given.is_multicast",
        "",
        [TEST_URLS],
    ),
    Fault(
        "webhooks-address-for-a-name",
        "A receiver is named by a DNS name, not by an address in whatever notation.",
        URLS,
        "(?:{_LABEL}\\.)+[a-z](?:",
        "(?:{_LABEL}\\.)*[a-z0-9](?:",
        [TEST_URLS],
    ),
    Fault(
        "webhooks-any-port",
        "A receiver is asked on port 443.",
        URLS,
        'reach is Reach.PUBLIC and (scheme, port) != ("https", HTTPS_PORT)',
        'reach is Reach.PUBLIC and scheme != "https"',
        [TEST_URLS],
    ),
    Fault(
        "webhooks-slow-answer-waited-for",
        "Many small steps of a receiver take no longer than the time limit.",
        PINNING,
        "return self.stream.read(max_bytes, self.left())",
        "return self.stream.read(max_bytes, timeout)",
        [TEST_POSTING],
    ),
    Fault(
        "webhooks-redirect-is-success",
        "Only 2xx is success.",
        POSTING,
        "not 200 <= status < 300",
        "not 200 <= status < 400",
        [TEST_POSTING],
    ),
    Fault(
        "webhooks-retried-without-end",
        "A delivery is attempted a limited number of times.",
        MODELS,
        "elif may_be_retried and tries < ATTEMPTS_MAX:",
        "elif may_be_retried:",
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-not-due-yet",
        "No attempt is made before it is due.",
        DELIVERING,
        "if order.due_at > now:",
        "if order.due_at.year > now.year:",
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-order-carried-out-twice",
        "An order that comes again is not carried out again.",
        DELIVERING,
        "return order.version == delivery.version and delivery.state is DeliveryState.PENDING",
        "return True",
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-recorded-before-ordered",
        "A crash between the next order and the record of an attempt loses no retry.",
        DELIVERING,
        "raise RaceLostError(f",
        "return bool(f",
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-disabled-is-sent",
        "Nothing is sent to a webhook that is disabled.",
        DELIVERING,
        "        if not webhook.is_enabled:\n",
        "        if not webhook:\n",
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-success-forgotten",
        "One success begins the five days anew.",
        DELIVERING,
        '            yield "failing_since", None\n',
        '            yield "failing_since", since\n',
        [TEST_DELIVERING],
    ),
    Fault(
        "webhooks-anybodys-visible",
        "A webhook of somebody else does not exist.",
        MANAGING,
        "    webhook = webhooks.find(caller, webhook_id)\n",
        "    webhook = webhooks.webhooks.get(webhook_id)  # type: ignore[attr-defined]\n",
        [TEST_MANAGING],
    ),
    Fault(
        "webhooks-anybodys-subscription",
        "A webhook is for a subscription of one's own.",
        MANAGING,
        "        require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)\n",
        "",
        [TEST_MANAGING],
    ),
    Fault(
        "webhooks-limit-passed-by-one",
        "A subscription has a limited number of webhooks.",
        MANAGING,
        "> WEBHOOKS_MAX:",
        "> WEBHOOKS_MAX + 1:",
        [TEST_MANAGING],
    ),
    Fault(
        "webhooks-changed-to-any-url",
        "A changed URL is checked like a new one.",
        MANAGING,
        "        if change.url is not None:\n            parse_url(change.url, self.reach)\n",
        "",
        [TEST_MANAGING],
    ),
    Fault(
        "webhooks-former-owner-told",
        "A webhook is told of a subscription while that is its account's.",
        EVENTS,
        "yield Happening(EventType.STANDING_CHANGED, owner, change)",
        'yield Happening(EventType.STANDING_CHANGED, "0x00000000000a11ce", change)',
        [TEST_ANNOUNCING],
    ),
    Fault(
        "webhooks-same-standing-told",
        "A standing that is as before is no event.",
        EVENTS,
        "if change.standing != change.before:",
        "if change.standing:",
        [TEST_ANNOUNCING],
    ),
    Fault(
        "webhooks-low-at-each-step",
        "A balance that is low already is not told again.",
        EVENTS,
        "if change.standing in LOW and change.before not in LOW:",
        "if change.standing in LOW:",
        [TEST_ANNOUNCING],
    ),
    Fault(
        "webhooks-id-of-the-announcement",
        "An event that is announced again has the same id.",
        EVENTS,
        'return event_id(change.at, f"',
        'return event_id(change.at, f"{__import__("uuid").uuid4()}',
        [TEST_ANNOUNCING],
    ),
    Fault(
        "webhooks-unwanted-event-told",
        "A webhook is told of the events that it wants.",
        ANNOUNCING,
        "if webhook.is_enabled and happening.type in webhook.events:",
        "if webhook.is_enabled:",
        [TEST_ANNOUNCING],
    ),
    Fault(
        "webhooks-replay-under-way",
        "A delivery that is under way is not sent twice.",
        REPLAYING,
        "now - due_at < LOST_AFTER:",
        "now < due_at:",
        [TEST_MANAGING],
    ),
    Fault(
        "webhooks-batch-one-after-the-other",
        "A slow receiver delays no other of its batch.",
        BATCHES,
        "ThreadPoolExecutor(AT_ONCE_MAX)",
        "ThreadPoolExecutor(1)",
        [TEST_FUNCTION],
    ),
)
