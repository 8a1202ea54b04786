"""Faults of the commands around the check: `receipt`, `watch`, `doctor`, `keys`, what is fetched, what is asked for."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "verify/flareflow_verify"
MAIN: Final = f"{PACKAGE}/__main__.py"
EPOCHS: Final = f"{PACKAGE}/epochs.py"
READING: Final = f"{PACKAGE}/reading.py"
CREDENTIALS: Final = f"{PACKAGE}/credentials.py"
REMEMBERING: Final = f"{PACKAGE}/remembering.py"
GATHERING: Final = f"{PACKAGE}/gathering.py"
RECEIPT_COMMAND: Final = f"{PACKAGE}/receipt_command.py"
RECEIPT: Final = f"{PACKAGE}/receipt/model.py"
MONTH: Final = f"{PACKAGE}/receipt/month.py"
RECOUNT_COMMAND: Final = f"{PACKAGE}/recount_command.py"
AUDIT_COMMAND: Final = f"{PACKAGE}/audit_command.py"
WATCH_COMMAND: Final = f"{PACKAGE}/watch_command.py"
WATCHING: Final = f"{PACKAGE}/watching.py"
DOCTOR: Final = f"{PACKAGE}/doctor_command.py"
OWN: Final = f"{PACKAGE}/own_commands.py"
DA: Final = f"{PACKAGE}/sources/da.py"
FLARE: Final = f"{PACKAGE}/sources/flare.py"
FLOW: Final = f"{PACKAGE}/sources/flow.py"
HOST: Final = f"{PACKAGE}/sources/host.py"
HTTP: Final = f"{PACKAGE}/sources/http.py"
STEPS_OF_FLARE: Final = f"{PACKAGE}/steps/flare.py"

TESTS: Final = "tests/unit/verify"
TEST_WRONG: Final = f"{TESTS}/test_wrong_input.py"
TEST_LOG: Final = f"{TESTS}/test_command_log.py"
TEST_GATHERING: Final = f"{TESTS}/test_gathering.py"
TEST_RECEIPT: Final = f"{TESTS}/test_receipt.py"
TEST_RECOUNT: Final = f"{TESTS}/test_recount.py"
TEST_WATCHING: Final = f"{TESTS}/test_watching.py"
TEST_DOCTOR: Final = f"{TESTS}/test_doctor.py"
TEST_OWN: Final = f"{TESTS}/test_own_commands.py"


def _fault(name: str, rule: str, file: str, text: str, replacement: str, *tests: str) -> Fault:
    return Fault(f"command-{name}", rule, file, text, replacement, tests)


FAULTS: Final = (
    _fault(
        "fails-as-a-difference",
        "A fault of the command is never told as a difference.",
        MAIN,
        "        sys.excepthook(*sys.exc_info())\n        return FAILED",
        "        sys.excepthook(*sys.exc_info())\n        return 1",
        f"{TEST_WRONG}::test_an_error_that_nobody_thought_of_is_no_difference",
    ),
    _fault(
        "epoch-zero-is-none",
        "An epoch and a range are not named together, whatever their numbers are.",
        EPOCHS,
        "if first is None or last is None or given.epoch is not None:",
        "if first is None or last is None or given.epoch:",
        f"{TEST_WRONG}::test_epochs_are_one_or_a_range",
    ),
    _fault(
        "another-subscription",
        "A bundle is of the subscription that was named.",
        READING,
        "if given.subscription not in (None, bundle.subscription_id):",
        "if given.subscription == bundle.subscription_id == 0:",
        f"{TEST_WRONG}::test_a_bundle_of_another_bill_is_refused",
    ),
    _fault(
        "another-epoch",
        "A bundle is of the epoch that was named.",
        READING,
        "if given.epoch not in (None, bundle.epoch):",
        "if given.epoch == bundle.epoch == 0:",
        f"{TEST_WRONG}::test_a_bundle_of_another_bill_is_refused",
    ),
    _fault(
        "checkpoint-not-kept-by-audit",
        "An audit keeps what it has seen of the log.",
        AUDIT_COMMAND,
        "    remember(given.checkpoint, bundles, reports)",
        "    remember(given.checkpoint, [], [])",
        f"{TEST_LOG}::test_every_command_that_checks_a_bill_keeps_what_was_seen_of_the_log",
    ),
    _fault(
        "checkpoint-not-kept-by-receipt",
        "A receipt keeps what it has seen of the log.",
        RECEIPT_COMMAND,
        "    remember(given.checkpoint, bills.bundles, bills.reports)",
        "    remember(given.checkpoint, [], [])",
        f"{TEST_LOG}::test_every_command_that_checks_a_bill_keeps_what_was_seen_of_the_log",
    ),
    _fault(
        "refused-checkpoint-kept",
        "A checkpoint without the quorum is not kept.",
        REMEMBERING,
        "if bundle.log is None or not _may_be_kept(report):",
        "if bundle.log is None:",
        f"{TEST_LOG}::test_a_checkpoint_that_is_refused_is_not_kept",
    ),
    _fault(
        "session-in-the-clear",
        "A session is sent to an address with https alone.",
        HOST,
        "        require_confidential(str(self.http.base_url))\n",
        "",
        f"{TEST_WRONG}::test_no_session_is_sent_in_the_clear",
    ),
    _fault(
        "header-of-two-lines",
        "A credential with a line break is not sent.",
        CREDENTIALS,
        "if not FORM.fullmatch(text):",
        "if not FORM.match(text):",
        f"{TEST_WRONG}::test_a_malformed_credential_is_named_before_anything_is_sent",
    ),
    _fault(
        "any-address",
        "An address begins with http or https.",
        HTTP,
        'return url.scheme in {"http", "https"} and bool(url.host)',
        "return bool(url.host)",
        f"{TEST_WRONG}::test_what_cannot_be_used_is_named",
    ),
    _fault(
        "key-deletes-nothing",
        "A change of keys that only a virtual key asks for is refused, and not passed over.",
        OWN,
        'OF_ACCOUNT: Final = ("new", "rotate", "delete",',
        "OF_ACCOUNT: Final = (",
        f"{TEST_WRONG}::test_a_virtual_key_changes_no_key",
    ),
    _fault(
        "secret-for-a-repeated-request",
        "A request that is repeated makes one key.",
        f"{PACKAGE}/sources/service.py",
        "secrets.token_hex(16)",
        '""',
        f"{TEST_OWN}::test_a_key_is_made_once_and_its_secret_is_printed",
    ),
    _fault(
        "any-chain",
        "The node of Flare is of the chain whose signatures count on Flow.",
        FLARE,
        "        if self.chain_id != chain_id:",
        "        if self.chain_id < 0:",
        f"{TEST_GATHERING}::test_a_node_of_another_chain_is_an_error",
    ),
    _fault(
        "document-again",
        "What two bills share is fetched once.",
        GATHERING,
        "return lru_cache(DOCUMENTS_KEPT)(self.host.text)",
        "return self.host.text",
        f"{TEST_GATHERING}::test_the_next_bill_takes_fewer_requests",
    ),
    _fault(
        "da-of-any-request",
        "The data availability layer is asked for the attestation of this statement.",
        DA,
        "target.request(statement.epoch, statement.words)",
        "target.request(statement.epoch + 1, statement.words)",
        f"{TEST_GATHERING}::test_the_data_availability_layer_stands_in_for_a_node_of_flare",
    ),
    _fault(
        "da-says-the-root",
        "The root is what the proof of the data availability layer leads to.",
        DA,
        "root=fold(leaf_hash(served.response), served.siblings)",
        "root=leaf_hash(served.response)",
        f"{TEST_GATHERING}::test_the_data_availability_layer_stands_in_for_a_node_of_flare",
    ),
    _fault(
        "da-is-called-the-relay",
        "A report says who has told the root.",
        STEPS_OF_FLARE,
        "if told.policy_hash is None else",
        "if not told.root else",
        f"{TEST_GATHERING}::test_the_data_availability_layer_stands_in_for_a_node_of_flare",
    ),
    _fault(
        "old-root-of-another-round",
        "An old root is that of the event of its own round.",
        FLOW,
        "if told[field] == number:",
        "if told[field] != number:",
        f"{TEST_GATHERING}::test_what_the_contracts_no_longer_keep_is_told_by_their_events",
    ),
    _fault(
        "receipt-charges-twice",
        "A charge of several bills is in the sum of a month once.",
        RECEIPT,
        "kept.insert(0, replace(line, charged_ufix64=0) if is_again else line)",
        "kept.insert(0, line)",
        f"{TEST_RECEIPT}::test_a_month_has_a_line_for_each_bill_and_their_sum",
    ),
    _fault(
        "receipt-of-the-last-line",
        "A receipt is verified if every bill of it is.",
        RECEIPT,
        "result=worst(self.reports),",
        "result=self.reports[-1].exit,",
        f"{TEST_RECEIPT}::test_one_bill_that_is_not_verified_makes_the_receipt_so",
    ),
    _fault(
        "receipt-usage-since-ever",
        "The usage of a bill is what the totals grew by since the statement before.",
        RECEIPT,
        "        return evidence.usage - (before.usage if before else NO_USAGE)",
        "        return evidence.usage",
        f"{TEST_RECEIPT}::test_a_month_has_a_line_for_each_bill_and_their_sum",
    ),
    _fault(
        "receipt-day-of-its-last-bill",
        "A line of a day has the usage of all bills of the day.",
        RECEIPT,
        "            return evidence.usage - (Evidence(earlier).usage if earlier else NO_USAGE)",
        "            return evidence.usage - (evidence.totals_before.usage if evidence.totals_before else NO_USAGE)",
        f"{TEST_RECEIPT}::test_a_month_of_many_bills_has_a_line_for_each_day",
    ),
    _fault(
        "receipt-month-without-its-last-day",
        "The days of a month are all of its epochs.",
        MONTH,
        "starts = [*whole[::by_day], whole.stop]",
        "starts = [*whole[::by_day]]",
        f"{TEST_RECEIPT}::test_the_days_of_a_month_are_all_of_its_epochs",
    ),
    _fault(
        "recount-by-any-price",
        "Prices are those of a bill that does not differ.",
        RECOUNT_COMMAND,
        "if report.exit is Exit.DIFFERENCE:",
        "if report.exit is None:",
        f"{TEST_RECOUNT}::test_prices_of_a_bill_that_differs_are_not_used",
    ),
    _fault(
        "recount-of-nothing",
        "A log without a call is no recount in which all is well.",
        RECOUNT_COMMAND,
        "    if not calls:",
        "    if calls is None:",
        f"{TEST_WRONG}::test_what_cannot_be_used_is_named",
    ),
    _fault(
        "watch-shows-twice",
        "A message that comes twice is shown once.",
        WATCHING,
        "if self.last is None or sequence <= self.last:",
        "if self.last is None or sequence < self.last:",
        f"{TEST_WATCHING}::test_what_comes_twice_is_shown_once",
    ),
    _fault(
        "watch-passes-over-a-gap",
        "What was missed is asked for.",
        WATCHING,
        "        self.must_ask = not self.is_asked\n        return False",
        "        return False",
        f"{TEST_WATCHING}::test_what_was_missed_is_asked_for_once",
    ),
    _fault(
        "watch-begins-anew",
        "After a break it goes on from the last message.",
        WATCHING,
        'after = {} if self.last is None else {"after": str(self.last)}',
        "after: dict[str, str] = {}",
        f"{TEST_WATCHING}::test_after_a_break_it_goes_on_from_the_last_message",
    ),
    _fault(
        "watch-counts-proven-as-pending",
        "Pending is what is not proven.",
        WATCHING,
        "_short(max(0, counted - proven) + unconfirmed)",
        "_short(counted + unconfirmed)",
        f"{TEST_WATCHING}::test_pending_and_proven_stand_apart",
    ),
    _fault(
        "watch-takes-older-totals",
        "Totals of an older version change nothing.",
        WATCHING,
        "told.totals.version > self.totals.version",
        "told.totals.version > 0",
        f"{TEST_WATCHING}::test_totals_of_an_older_version_change_nothing",
    ),
    _fault(
        "watch-never-gives-up",
        "A silent connection is given up after a ping.",
        WATCH_COMMAND,
        "                if is_answer_due:\n                    raise\n",
        "",
        f"{TEST_WATCHING}::test_a_silent_connection_is_pinged_and_then_given_up",
    ),
    _fault(
        "watch-tries-at-once",
        "Pauses between attempts grow.",
        WATCH_COMMAND,
        "RETRY_SECONDS * 2**self.failures",
        "RETRY_SECONDS",
        f"{TEST_WATCHING}::test_it_waits_longer_each_time_and_gives_up",
    ),
    _fault(
        "doctor-old-statement",
        "A statement that is too old is wrong.",
        DOCTOR,
        "if seconds > STATEMENT_SECONDS_MAX:",
        "if seconds < 0:",
        f"{TEST_DOCTOR}::test_what_is_wrong_is_named_with_what_to_do_and_the_rest_is_still_looked_at",
    ),
    _fault(
        "doctor-clock-behind",
        "A clock that is behind is wrong, as one that is ahead.",
        DOCTOR,
        "if abs(seconds) > CLOCK_SECONDS_MAX:",
        "if -seconds > CLOCK_SECONDS_MAX:",
        f"{TEST_DOCTOR}::test_what_is_wrong_is_named_with_what_to_do_and_the_rest_is_still_looked_at",
    ),
    _fault(
        "doctor-old-block",
        "A node whose newest block is old is wrong.",
        DOCTOR,
        "if seconds > BLOCK_SECONDS_MAX:",
        "if seconds < 0:",
        f"{TEST_DOCTOR}::test_what_is_wrong_is_named_with_what_to_do_and_the_rest_is_still_looked_at",
    ),
    _fault(
        "doctor-without-the-quorum",
        "A log without the quorum of the policy is wrong.",
        DOCTOR,
        "if not policy.is_met_by(policy.cosigners(signed)):",
        "if not policy:",
        f"{TEST_DOCTOR}::test_a_log_without_the_quorum_is_wrong",
    ),
    _fault(
        "doctor-another-registry",
        "The registry that was named is the one that is asked.",
        DOCTOR,
        "registry = self.given.flare_registry or",
        "registry =",
        f"{TEST_DOCTOR}::test_a_registry_that_does_not_know_the_relay_is_wrong",
    ),
    _fault(
        "doctor-all-is-well",
        "The exit status is 1 if something is wrong.",
        DOCTOR,
        "return Exit.DIFFERENCE if any(one.state is State.WRONG for one in found) else Exit.VERIFIED",
        "return Exit.VERIFIED",
        f"{TEST_DOCTOR}::test_what_is_wrong_is_named_with_what_to_do_and_the_rest_is_still_looked_at",
    ),
    _fault(
        "doctor-advises-the-clock",
        "Where the host does not answer, nothing is wrong with this machine's clock.",
        DOCTOR,
        'State.WRONG, f"there is no answer: {error}", when_silent or advice)',
        'State.WRONG, f"there is no answer: {error}", advice)',
        f"{TEST_DOCTOR}::test_a_host_that_does_not_answer_is_no_matter_of_the_clock",
    ),
)
