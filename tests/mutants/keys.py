"""Faults of keys: their limits, rotation and first keys, what LiteLLM is believed, and what a key reads of itself."""

from typing import Final

from tests.mutants.fault import Fault

ACCOUNTS: Final = "layers/common/flareflow/accounts"
CHANGES: Final = f"{ACCOUNTS}/key_changes.py"
SWEEPING: Final = f"{ACCOUNTS}/sweeping.py"
LEASES: Final = f"{ACCOUNTS}/leases.py"
MODELS: Final = f"{ACCOUNTS}/models.py"
LITELLM: Final = "layers/common/flareflow/adapters/litellm/keys.py"
USAGE: Final = "layers/common/flareflow/adapters/dynamodb/key_usage.py"
KEY_USAGE: Final = f"{ACCOUNTS}/key_usage.py"
VIRTUAL_KEYS: Final = "layers/common/flareflow/adapters/dynamodb/virtual_keys.py"
REPORTS: Final = "proxy/flareflow_gate/key_reports.py"
CREDIT: Final = "proxy/flareflow_gate/credit.py"

TEST_CHANGES: Final = "tests/unit/accounts/test_key_changes.py"
TEST_SWEEPING: Final = "tests/unit/accounts/test_sweeping.py"
TEST_LEASES: Final = "tests/unit/accounts/test_leases.py"
TEST_LITELLM: Final = "tests/unit/adapters/litellm/test_keys.py"
TEST_RACES: Final = "tests/ports/dynamodb/test_key_races.py"
TEST_USAGE: Final = "tests/ports/dynamodb/test_key_usage.py"
TEST_REPORTS: Final = "tests/unit/proxy/test_key_reports.py"
TEST_CAPS: Final = "tests/unit/proxy/test_credit.py"

FAULTS: Final = (
    Fault(
        "keys-rotation-makes-a-key-last-longer",
        "A rotation never makes a key work longer.",
        CHANGES,
        "end = min(until, old.limits.expires_at or until)",
        "end = until",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-rotation-renews-the-cap",
        "A new key may use what is left of the old one's cap.",
        CHANGES,
        "        left_microtokens=left_microtokens,\n",
        "        left_microtokens=old.cap_microtokens,\n",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-rotation-loses-the-secret",
        "The new secret is shown although LiteLLM cannot be told when the old key ends.",
        CHANGES,
        "with suppress(KeyIssuerUnavailableError):",
        "with suppress(NotImplementedError):",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-held-key-is-rotated",
        "A key that an administrator has blocked is not rotated.",
        CHANGES,
        "if old.status is KeyStatus.HELD:",
        "if old.status is KeyStatus.BLOCKED:",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-first-key-after-the-last",
        "Who has deleted all keys gets no other first one.",
        CHANGES,
        "if self.keys.living(subscription_id) or self._has_deleted(caller, subscription_id):",
        "if self.keys.living(subscription_id):",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-first-secret-lost",
        "A secret is shown although the next key cannot be made.",
        CHANGES,
        "                    if not made:\n                        raise\n                    return made\n",
        "                    raise\n",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-block-of-an-administrator-lifted",
        "A key that an administrator has blocked stays blocked.",
        SWEEPING,
        "    if found.is_held:\n        return KeyStatus.HELD\n",
        "",
        [TEST_SWEEPING],
    ),
    Fault(
        "keys-lost-key-taken-for-deleted",
        "A key of which LiteLLM knows nothing is not taken for deleted.",
        SWEEPING,
        "            report.missing += 1\n            return\n",
        "            self.keys.mark(key, KeyStatus.DELETED)\n            return\n",
        [TEST_SWEEPING],
    ),
    Fault(
        "keys-expired-key-stays",
        "The sweep deletes keys whose time is over.",
        SWEEPING,
        "if key.has_expired(self.enforce.clock()):",
        "if key.status is KeyStatus.DELETED:",
        [TEST_SWEEPING],
    ),
    Fault(
        "keys-later-end-at-litellm",
        "A key never works longer at LiteLLM than it should.",
        SWEEPING,
        "found.expires_at is None or found.expires_at > wanted + CLOCKS_DIFFER_MAX",
        "found.expires_at is None",
        [TEST_SWEEPING],
    ),
    Fault(
        "keys-cap-ignored",
        "A key gets no more than is left of its cap.",
        LEASES,
        "free_microtokens = min(free_microtokens, key_left_microtokens - held_of_cap)",
        "free_microtokens = max(free_microtokens, key_left_microtokens - held_of_cap)",
        [TEST_LEASES],
    ),
    Fault(
        "keys-cap-for-each-gate",
        "Gates together hold no more than is left of the cap of a key.",
        LEASES,
        "(free_microtokens, key_left_microtokens - held_of_cap)",
        "(free_microtokens, key_left_microtokens)",
        [TEST_LEASES],
    ),
    Fault(
        "keys-cap-twice-in-an-overlap",
        "What a rotated key and its successor use counts towards both caps.",
        KEY_USAGE,
        "return max(0, key.cap_microtokens - used_microtokens[key.key_hash] - by_others)",
        "return max(0, key.cap_microtokens - used_microtokens[key.key_hash])",
        [TEST_CHANGES],
    ),
    Fault(
        "keys-cap-held-twice-in-an-overlap",
        "What gates hold for a rotated key is not free for its successor.",
        LEASES,
        "before.held_for_keys_by_others_microtokens(used_microtokens, request.holder)",
        "before.held_for_keys_by_others_microtokens([key.key_hash], request.holder)",
        [TEST_LEASES],
    ),
    Fault(
        "keys-cap-of-two-rotations-at-once",
        "Two rotations at the same time do not miss each other.",
        VIRTUAL_KEYS,
        "(attribute_not_exists(shares_cap_with) OR shares_cap_with = :before)",
        "(attribute_exists(pk) OR shares_cap_with = :before)",
        [TEST_RACES],
    ),
    Fault(
        "keys-cap-shared-by-all-keys",
        "What gates hold for other keys takes nothing of a key's cap.",
        MODELS,
        " and name.endswith(names)",
        "",
        [TEST_LEASES],
    ),
    Fault(
        "keys-not-found-by-anybody",
        "Only LiteLLM's own error about a key means that there is no such key.",
        LITELLM,
        "(error.type, error.param) == NOT_FOUND",
        "error.type == NOT_FOUND[0]",
        [TEST_LITELLM],
    ),
    Fault(
        "keys-page-means-deleted",
        "Only LiteLLM's own error about keys means that they are deleted.",
        LITELLM,
        "answer.status == HTTPStatus.NOT_FOUND and NO_KEYS in error.message",
        "answer.status == HTTPStatus.NOT_FOUND",
        [TEST_LITELLM],
    ),
    Fault(
        "keys-other-keys-deleted",
        "A key is deleted when LiteLLM names it.",
        LITELLM,
        "if _parsed(path, answer, _Deleted).deleted_keys != wanted:",
        "if not _parsed(path, answer, _Deleted).deleted_keys:",
        [TEST_LITELLM],
    ),
    Fault(
        "keys-limits-not-checked",
        "A key with other limits than were asked for is refused.",
        LITELLM,
        " or not _same(new.limits(), limits)",
        "",
        [TEST_LITELLM],
    ),
    Fault(
        "keys-usage-counted-twice",
        "A call counts once, however far it has come.",
        USAGE,
        'included = max(through, int(item.get("epoch", NEVER)))',
        "included = through",
        [TEST_USAGE],
    ),
    Fault(
        "keys-usage-of-all-keys",
        "Only the calls of a key are its usage.",
        USAGE,
        "is_meant = one.key_hash == key_hash and day in {None, one.day}",
        "is_meant = day in {None, one.day}",
        [TEST_USAGE],
    ),
    Fault(
        "keys-usage-in-part",
        "Usage is not told in part where reconciliation is far behind.",
        USAGE,
        "if through != NEVER and first > through + 1:",
        "if through == 0:",
        [TEST_USAGE],
    ),
    Fault(
        "keys-flood-of-questions",
        "A flood of questions of one key asks once a second.",
        REPORTS,
        "if report is None or self.clock() >= until:",
        "if self.clock() >= 0:",
        [TEST_REPORTS],
    ),
    Fault(
        "keys-cap-told-as-the-deposit",
        "A caller whose key's cap is used up reads that.",
        CREDIT,
        "key_left is None or most <= key_left - owed",
        "key_left is None or most <= key_left",
        [TEST_CAPS],
    ),
)
