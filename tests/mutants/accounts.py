"""Faults of accounts: only owners act, keys work exactly while they are paid for, and secrets are shown once."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/accounts"
ENFORCEMENT: Final = f"{PACKAGE}/enforcement.py"
KEYS: Final = f"{PACKAGE}/keys.py"
PORTS: Final = f"{PACKAGE}/ports.py"
STANDING: Final = f"{PACKAGE}/standing.py"
OWNERSHIP: Final = f"{PACKAGE}/ownership.py"
PROOF: Final = f"{PACKAGE}/proof.py"
SIGN_IN: Final = f"{PACKAGE}/sign_in.py"
SUBSCRIPTIONS: Final = f"{PACKAGE}/subscriptions.py"
REQUESTS: Final = f"{PACKAGE}/requests.py"

TEST_ENFORCEMENT: Final = "tests/unit/accounts/test_enforcement.py"
TEST_STANDING: Final = "tests/unit/accounts/test_standing.py"
TEST_KEYS: Final = "tests/unit/accounts/test_keys.py"
TEST_SIGN_IN: Final = "tests/unit/accounts/test_sign_in.py"
TEST_SUBSCRIPTIONS: Final = "tests/unit/accounts/test_subscriptions.py"
TEST_KEY_PROVISIONING: Final = "tests/unit/functions/test_key_provisioning.py"

FAULTS: Final = (
    Fault(
        "accounts-last-unit-spent-twice",
        "A subscription can pay only while its balance is more than what was metered.",
        STANDING,
        "if due_ufix64 >= spendable_ufix64:",
        "if due_ufix64 > spendable_ufix64:",
        [TEST_STANDING],
    ),
    Fault(
        "accounts-unconfirmed-usage-free",
        "Unconfirmed usage counts against the balance.",
        STANDING,
        "self.live.counted.rated_microtokens + self.live.unconfirmed.rated_microtokens",
        "self.live.counted.rated_microtokens",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-suspended-keys-work",
        "Only the keys of an active subscription work.",
        STANDING,
        "if subscription.status is SubscriptionStatus.SUSPENDED and subscription.spend_cap is None:",
        "if subscription.status is SubscriptionStatus.CLOSED:",
        [TEST_STANDING],
    ),
    Fault(
        "accounts-change-not-marked",
        "A key is marked before LiteLLM is told, so that a lost answer is repeated.",
        ENFORCEMENT,
        "or not self.keys.mark(key, KeyStatus.CHANGING):",
        "or key.status is KeyStatus.DELETED:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-blocked-and-unblocked-the-wrong-way",
        "Whoever cannot pay is blocked.",
        ENFORCEMENT,
        "if wanted is KeyStatus.BLOCKED:",
        "if wanted is KeyStatus.ACTIVE:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-never-looks-again",
        "After a change the balance is read again.",
        ENFORCEMENT,
        "            if not any(changes):\n                return changed\n",
        "            return changed\n",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-former-owners-keys-work",
        "The keys of a former owner end.",
        ENFORCEMENT,
        "if judgement.known.owner not in {None, key.owner}:",
        "if key.owner is None:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-repeated-request-with-another-body",
        "An idempotency key belongs to one request.",
        KEYS,
        "if earlier.request_hash != request.hash():",
        "if not earlier.request_hash:",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-second-key-for-one-request",
        "A request that is done makes no second key.",
        KEYS,
        "if earlier.key_hash is not None:",
        "if earlier.key_hash is not None and not earlier.request_hash:",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-key-of-a-closed-subscription",
        "A key needs an open subscription.",
        KEYS,
        ").is_open:",
        ").owner:",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-key-number-21",
        "A subscription has at most 20 keys.",
        KEYS,
        "if len(self.keys.living(subscription_id)) >= KEYS_PER_SUBSCRIPTION_MAX:",
        "if len(self.keys.living(subscription_id)) > KEYS_PER_SUBSCRIPTION_MAX:",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-20-keys-become-200",
        "A subscription has at most 20 keys.",
        PORTS,
        "KEYS_PER_SUBSCRIPTION_MAX: Final = 20",
        "KEYS_PER_SUBSCRIPTION_MAX: Final = 200",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-lease-of-a-request-ends-at-once",
        "A request is carried out by one attempt at a time.",
        KEYS,
        "now + LEASE, resumed",
        "now, resumed",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-lost-key-left-alive",
        "A key whose secret was never shown is deleted by the next attempt.",
        KEYS,
        "        if claim.resumed:\n",
        "        if not claim.resumed:\n",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-failed-request-keeps-its-lease",
        "A request that failed can be repeated at once.",
        KEYS,
        "        except (UnavailableError, RaceLostError):\n            self.requests.release(claim, self.clock())\n",
        "        except (UnavailableError, RaceLostError):\n",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-key-marked-deleted-first",
        "A key is marked as deleted only after LiteLLM has deleted it.",
        KEYS,
        "            self.issuer.delete(key_hash)\n            self.keys.mark(key, KeyStatus.DELETED)\n",
        "            self.keys.mark(key, KeyStatus.DELETED)\n            self.issuer.delete(key_hash)\n",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-keys-listed-to-anybody",
        "Only its owner sees the keys of a subscription.",
        KEYS,
        "        require_owner(self.subscriptions.find(subscription_id), caller, subscription_id)\n        living",
        "        living",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-one-alias-for-all-accounts",
        "Accounts do not share idempotency keys.",
        KEYS,
        'f"{owner}\\n{idempotency_key}"',
        "idempotency_key",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-everybody-owns",
        "Only its owner may see or change a subscription.",
        OWNERSHIP,
        "if subscription is None or subscription.owner != caller:",
        "if subscription is None or not caller:",
        [TEST_KEYS],
    ),
    Fault(
        "accounts-one-key-signs-twice",
        "A key that signs twice counts once.",
        PROOF,
        "if len(set(signed_by)) != len(signed_by):",
        "if not signed_by:",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-revoked-key-signs",
        "A revoked key does not sign in.",
        PROOF,
        "if key is None or key.revoked:",
        "if key is None:",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-signature-not-checked",
        "Every signature of a proof must hold.",
        PROOF,
        "if not self.verifier.holds(key, proof, signature.signature):",
        "if not signature.signature:",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-weight-of-998",
        "A proof needs keys that weigh 999 together.",
        f"{PACKAGE}/models.py",
        "SIGN_IN_WEIGHT: Final = 999",
        "SIGN_IN_WEIGHT: Final = 998",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-origin-by-prefix",
        "The origin of a proof is one of ours, not one that begins like ours.",
        SIGN_IN,
        "if proof.origin not in self.origins:",
        "if not proof.origin.startswith(tuple(self.origins)):",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-nonce-survives-a-wrong-proof",
        "A nonce is used up before its proof is checked.",
        SIGN_IN,
        "        if not self.nonces.consume(proof.nonce.hex(), self.clock()):\n",
        "        self.prove.run(proof)\n        if not self.nonces.consume(proof.nonce.hex(), self.clock()):\n",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-nonce-of-an-hour",
        "A nonce works for five minutes.",
        SIGN_IN,
        "NONCE_LIFETIME: Final = timedelta(minutes=5)",
        "NONCE_LIFETIME: Final = timedelta(minutes=60)",
        [TEST_SIGN_IN],
    ),
    Fault(
        "accounts-settled-usage-pending",
        "Pending usage is what is not settled yet.",
        SUBSCRIPTIONS,
        "max(0, metered - subscription.settled_microtokens)",
        "max(0, metered)",
        [TEST_SUBSCRIPTIONS],
    ),
    Fault(
        "accounts-negative-pending-usage",
        "Pending usage is never negative.",
        SUBSCRIPTIONS,
        "max(0, metered - subscription.settled_microtokens)",
        "metered - subscription.settled_microtokens",
        [TEST_SUBSCRIPTIONS],
    ),
    Fault(
        "accounts-unknown-fields-pass",
        "A request with fields that we do not know is refused.",
        REQUESTS,
        'ConfigDict(extra="forbid", frozen=True, defer_build=True)\n\n    subscription_id',
        'ConfigDict(extra="ignore", frozen=True, defer_build=True)\n\n    subscription_id',
        [TEST_KEY_PROVISIONING],
    ),
)
