"""Faults of credit: nobody spends what is not there, and nobody who paid stays shut out."""

from typing import Final

from tests.mutants.fault import Fault

ACCOUNTS: Final = "layers/common/flareflow/accounts"
STANDING: Final = f"{ACCOUNTS}/standing.py"
STANDINGS: Final = f"{ACCOUNTS}/standings.py"
LEASES: Final = f"{ACCOUNTS}/leases.py"
SWEEPING: Final = f"{ACCOUNTS}/sweeping.py"
KEYS: Final = f"{ACCOUNTS}/keys.py"
BUDGETS: Final = f"{ACCOUNTS}/budgets.py"
ENFORCEMENT: Final = f"{ACCOUNTS}/enforcement.py"
SPEND_CAPS: Final = "layers/common/flareflow/settlement/spend_caps.py"
CHAIN_EVENTS: Final = "layers/common/flareflow/settlement/chain_events.py"
PUSHING: Final = "layers/common/flareflow/realtime/pushing.py"
WATCHING: Final = "layers/common/flareflow/realtime/watching.py"
GATE_CREDIT: Final = "proxy/flareflow_gate/credit.py"
BOUNDS: Final = "proxy/flareflow_gate/bounds.py"
BOOKKEEPING: Final = "proxy/flareflow_gate/bookkeeping.py"

UNIT: Final = "tests/unit"
TEST_STANDING: Final = f"{UNIT}/accounts/test_standing.py"
TEST_ENFORCEMENT: Final = f"{UNIT}/accounts/test_enforcement.py"
TEST_KEYS: Final = f"{UNIT}/accounts/test_keys.py"
TEST_LEASES: Final = f"{UNIT}/accounts/test_leases.py"
TEST_SWEEPING: Final = f"{UNIT}/accounts/test_sweeping.py"
TEST_SPEND_CAPS: Final = f"{UNIT}/settlement/test_spend_caps.py"
TEST_CHAIN_EVENTS: Final = f"{UNIT}/settlement/test_chain_events.py"
TEST_PUSHING: Final = f"{UNIT}/realtime/test_pushing.py"
TEST_WATCHING: Final = f"{UNIT}/realtime/test_watching.py"
TEST_CREDIT: Final = f"{UNIT}/proxy/test_credit.py"

FAULTS: Final = (
    Fault(
        "credit-for-a-former-owner",
        "A new owner does not pay for the keys of the former one.",
        LEASES,
        "if judgement.known.owner not in {None, key.owner}:",
        "if judgement.known.owner is None:",
        [TEST_LEASES],
    ),
    Fault(
        "credit-old-ledger-believed",
        "A ledger that is too old tells nothing.",
        STANDING,
        "if waits_for or complete_at is None or now - complete_at > LEDGER_AGE_MAX:",
        "if waits_for or complete_at is None:",
        [TEST_STANDING],
    ),
    Fault(
        "credit-cap-forgotten",
        "A spend cap limits what can be spent.",
        STANDING,
        "spendable_ufix64 = subscription.spendable_ufix64(now)",
        "spendable_ufix64 = subscription.balance_ufix64",
        [TEST_STANDING],
    ),
    Fault(
        "credit-rest-one-unit-too-high",
        "What is left can be paid.",
        STANDING,
        "return beyond if due_after(beyond) <= spendable_ufix64 else below",
        "return beyond + 1_000",
        [TEST_STANDING],
    ),
    Fault(
        "credit-unknown-is-open",
        "Keys stop when the grace of an unknown standing is over.",
        STANDINGS,
        "return None if is_within_grace else KeyStatus.BLOCKED",
        "return None if self.known.standing is Standing.UNKNOWN else KeyStatus.BLOCKED",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "credit-older-facts-win",
        "A decision by older facts never replaces one by newer facts.",
        STANDINGS,
        """            before = self.standings.find(subscription_id)
            decision = self._decision(subscription_id)
""",
        """            decision = self._decision(subscription_id)
            before = self.standings.find(subscription_id)
""",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "credit-key-while-overdrawn",
        "Whoever has used up the deposit makes no new key.",
        KEYS,
        "if not judgement.known.standing.allows_calls:",
        "if judgement.known.standing is Standing.UNKNOWN:",
        [TEST_KEYS],
    ),
    Fault(
        "credit-key-left-at-litellm",
        "A key that could not be recorded is deleted at LiteLLM.",
        KEYS,
        "        self.issuer.delete(key.key_hash)\n        try:",
        "        try:",
        [TEST_KEYS],
    ),
    Fault(
        "credit-budget-never-raised",
        "A top-up raises the budgets of keys.",
        ENFORCEMENT,
        "if not budget_microusd <= key.budget_microusd <= 2 * budget_microusd:",
        "if key.budget_microusd > 2 * budget_microusd:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "credit-budget-of-the-whole-deposit",
        "A budget leaves out what was used before the key was made.",
        BUDGETS,
        "decision.metered_microtokens + decision.left_microtokens - first_microtokens",
        "decision.metered_microtokens + decision.left_microtokens",
        [TEST_KEYS],
    ),
    Fault(
        "credit-other-gates-ignored",
        "Gates together hold no more than is left.",
        LEASES,
        "free_microtokens = left_microtokens - before.held_by_others_microtokens(request.holder)",
        "free_microtokens = left_microtokens",
        [TEST_LEASES],
    ),
    Fault(
        "credit-needed-in-part",
        "What a call needs is given whole or not at all.",
        LEASES,
        "    if base > free_microtokens:\n        return request.kept_microtokens\n",
        "    if base > free_microtokens:\n        return max(request.kept_microtokens, free_microtokens)\n",
        [TEST_LEASES],
    ),
    Fault(
        "credit-spent-lease-given-away",
        "What a gate has spent stays reserved.",
        LEASES,
        "        return request.kept_microtokens\n    return base",
        "        return 0\n    return base",
        [TEST_LEASES],
    ),
    Fault(
        "credit-lease-for-ever",
        "The lease of a gate that was lost runs out.",
        LEASES,
        "before = self.leases.of(key.subscription_id).living(now)",
        "before = self.leases.of(key.subscription_id)",
        [TEST_LEASES],
    ),
    Fault(
        "credit-anybody-leases",
        "Only the gate leases credit.",
        LEASES,
        "        require_gate(self.gate_secret, authorization)\n        key",
        "        key",
        [TEST_LEASES],
    ),
    Fault(
        "credit-admitted-without-asking",
        "A call is admitted only if its bound fits.",
        GATE_CREDIT,
        "        if account.free(self._clock()) >= most:\n            account.refusal = None",
        "        if granted.held_microtokens or account.reserved == 0:\n            account.refusal = None",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-call-reserves-nothing",
        "A call reserves its upper bound.",
        GATE_CREDIT,
        "        account.reserved += most\n",
        "        account.reserved += 0\n",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-lease-used-after-its-end",
        "A lease is not used after it has run out.",
        GATE_CREDIT,
        " if now < self.usable_until else 0",
        "",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-bound-kept-for-ever",
        "A call is settled at what it has used.",
        GATE_CREDIT,
        "            reservation.account.reserved += rated - reservation.microtokens\n",
        "",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-handed-over-counts-as-free",
        "What was handed over is part of the lease until it is renewed.",
        GATE_CREDIT,
        "                reservation.account.spent += reservation.microtokens\n",
        "",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-one-answer-of-many",
        "Each answer that is asked for counts.",
        BOUNDS,
        "return limit * _answers(call.parameters)",
        "return limit",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-images-are-text",
        "An image can cost more than its bytes.",
        BOUNDS,
        " + MEDIA_TOKENS * _media(call.document)",
        "",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-dear-fallback-settled-as-the-model-asked-for",
        "A call is settled at the price of the model that answered.",
        "proxy/flareflow_gate/models.py",
        "may_have = answering if answered_by is None or answered_by not in answering else {answered_by}",
        "may_have = {model}",
        ["tests/unit/proxy/test_price_book.py"],
    ),
    Fault(
        "credit-fallback-that-writes-more",
        "The bound of a call covers the longest answer of whichever model answers.",
        "proxy/flareflow_gate/bounds.py",
        "for one in self.pricing.answering(model))",
        "for one in [model])",
        ["tests/unit/proxy/test_credit.py"],
    ),
    Fault(
        "credit-settled-after-its-record",
        "A call is settled before its record can be handed over.",
        BOOKKEEPING,
        "        self.credit.settle(record.event_id, ",
        "        (record.event_id, ",
        [TEST_CREDIT],
    ),
    Fault(
        "credit-sweep-believes-itself",
        "A key that was changed by hand is mended.",
        SWEEPING,
        "is_as_stored = found.is_blocked is (stored is KeyStatus.BLOCKED) and stored is not KeyStatus.HELD",
        "is_as_stored = stored is not KeyStatus.HELD",
        [TEST_SWEEPING],
    ),
    Fault(
        "credit-sweep-begins-anew",
        "A sweep goes on where the last one stopped.",
        SWEEPING,
        "        last = self.progress.last()\n",
        "        last = None\n",
        [TEST_SWEEPING],
    ),
    Fault(
        "credit-sweep-one-for-all",
        "One subscription that fails does not hold up the others.",
        SWEEPING,
        "        except (FlareFlowError, *UNREADABLE) as error:\n",
        "        except ZeroDivisionError as error:\n",
        [TEST_SWEEPING],
    ),
    Fault(
        "credit-cap-of-one-period",
        "A new period begins with the whole limit.",
        SPEND_CAPS,
        "charged_before_ufix64=charged_ufix64)",
        "charged_before_ufix64=self.charged_before_ufix64)",
        [TEST_SPEND_CAPS],
    ),
    Fault(
        "credit-ledger-complete-too-early",
        "A ledger is complete only once every sealed event is in it.",
        CHAIN_EVENTS,
        "        if first > sealed:\n",
        "        if first >= 0:\n",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "credit-former-owner-watches-on",
        "A move ends the watches of the former owner.",
        PUSHING,
        "return connection is not None and connection.address == address",
        "return connection is not None",
        [TEST_PUSHING],
    ),
    Fault(
        "credit-watch-stored-after-the-move",
        "A subscription that moves while a watch begins is not watched.",
        WATCHING,
        "        self._check_owner_again(connection_id, subscription_id)\n        for frame",
        "        for frame",
        [TEST_WATCHING],
    ),
)
