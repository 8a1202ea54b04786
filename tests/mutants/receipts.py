"""Faults of receipts: what they cover, who gets them, and which keys statements name."""

from typing import Final

from tests.mutants.fault import Fault

GATE: Final = "proxy/flareflow_gate"
SEALING: Final = "layers/common/flareflow/statements/sealing.py"
REGISTER: Final = "layers/common/flareflow/adapters/dynamodb/receipt_keys.py"

OPENED: Final = "layers/common/flareflow/adapters/dynamodb/epoch_usage.py"
TEST_RECEIPTS: Final = "tests/unit/proxy/test_receipts.py"
TEST_SEALING: Final = "tests/unit/statements/test_sealing.py"
TEST_REGISTER: Final = "tests/ports/dynamodb/test_receipt_keys.py"

FAULTS: Final = (
    Fault(
        "gate-receipt-of-another-key",
        "A receipt is handed out only to the key that made the call.",
        f"{GATE}/receipts.py",
        'WHERE event_id = ? AND key_hash = ?", (event_id, key_hash)',
        'WHERE event_id = ?", (event_id,)',
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-of-half-a-stream",
        "A receipt covers every byte of the answer.",
        f"{GATE}/answers.py",
        "        self._digest.update(passed)\n        return passed\n",
        "        return passed\n",
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-without-its-last-event",
        "A receipt covers the event that carries it.",
        f"{GATE}/answers.py",
        "        self._digest.update(told)\n",
        "",
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-lost-with-the-caller",
        "A call that was broken off has a receipt too.",
        f"{GATE}/bookkeeping.py",
        "        self.receipt(settled, call, answer.hash)\n",
        "",
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-of-what-litellm-got",
        "A receipt is for the request as the caller sent it.",
        f"{GATE}/requests.py",
        "hashlib.sha256(content).hexdigest()",
        "hashlib.sha256(body).hexdigest()",
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-store-breaks-the-call",
        "An answer is not lost because its receipt cannot be kept.",
        f"{GATE}/receipts.py",
        "        except sqlite3.Error as error:\n            logger.warning",
        "        except KeyError as error:\n            logger.warning",
        [TEST_RECEIPTS],
    ),
    Fault(
        "gate-receipt-after-the-end",
        "Clients that stop reading at the last event have read the receipt.",
        f"{GATE}/answers.py",
        'return b": %s %s\\n%s" % (RECEIPT_HEADER, self._books.receipt(settled, self.hash).encode(), told)',
        'return b"%s: %s %s\\n\\n" % (told, RECEIPT_HEADER, self._books.receipt(settled, self.hash).encode())',
        [TEST_RECEIPTS],
    ),
    Fault(
        "statements-receipt-keys-not-named",
        "A statement names the keys that sign receipts.",
        SEALING,
        "            receipt_key_hash=keys_hash,\n",
        "            receipt_key_hash=NO_HASH,\n",
        [TEST_SEALING],
    ),
    Fault(
        "statements-receipt-keys-not-published",
        "Whoever reads a statement can read the keys that it names.",
        SEALING,
        "        self._put(receipt_keys_path(keys.hash), keys.canonical_json, JSON)\n",
        "",
        [TEST_SEALING],
    ),
    Fault(
        "statements-receipt-key-dropped",
        "A key that has signed receipts stays.",
        REGISTER,
        "if not keys.keeps_all_of(",
        "if False and not keys.keeps_all_of(",
        [TEST_REGISTER],
    ),
    Fault(
        "statements-receipt-keys-of-an-open-epoch",
        "Keys begin with an epoch that is not open.",
        OPENED,
        "attribute_not_exists(epoch) OR epoch < :from",
        "attribute_not_exists(epoch) OR epoch < :from OR epoch = :from",
        [TEST_REGISTER],
    ),
    Fault(
        "statements-receipt-keys-put-before-others",
        "A set of keys begins after all others.",
        REGISTER,
        'if last["sk"] >= ',
        'if last["sk"] == ',
        [TEST_REGISTER],
    ),
)
