"""Faults of the triggers and of proofs under a root: what was announced is handed over, once, in time to leave."""

from typing import Final

from tests.mutants.cadence_verifier import CONTRACTS, VERIFIER
from tests.mutants.fault import Fault

TRIGGERS: Final = f"{CONTRACTS}/FlareFDCTriggers.cdc"
NOTICES: Final = f"{CONTRACTS}/TriggerNotices.cdc"

RESPONSES: Final = "tests/cadence/test_responses.py"
DELIVERIES: Final = "tests/cadence/test_triggers.py"
ANNOUNCEMENTS: Final = "tests/cadence/test_announcements.py"

_PROOFS: Final = (
    Fault(
        name="cadence-node-as-response",
        rule="An inner node is not taken for a response.",
        file=VERIFIER,
        text='response < "0000000000000000000000000000000000000000000000000000000000000021"',
        replacement='response < "g"',
        tests=[f"{RESPONSES}::test_an_inner_node_cannot_be_passed_as_a_response"],
    ),
    Fault(
        name="cadence-response-as-node",
        rule="An attested response is not taken for an inner node.",
        file=VERIFIER,
        text="if pair.length != 64 {",
        replacement="if pair.length < 64 {",
        tests=[f"{RESPONSES}::test_an_attested_response_cannot_be_passed_as_an_inner_node"],
    ),
    Fault(
        name="cadence-unsorted-pairs",
        rule="The smaller of two nodes is hashed first.",
        file=VERIFIER,
        text="(node < sibling ?",
        replacement="(node > sibling ?",
        tests=[f"{RESPONSES}::test_every_attestation_of_a_recorded_round_is_proven"],
    ),
)

_TRIGGERS: Final = (
    Fault(
        name="cadence-words-for-anyone",
        rule="Words are handed to the trigger's handler only.",
        file=TRIGGERS,
        text="handler.uuid == self.handlerUUID:",
        replacement="handler.uuid > 0:",
        tests=[f"{DELIVERIES}::test_a_handler_cannot_pass_its_delivery_on"],
    ),
    Fault(
        name="cadence-before-the-notice",
        rule="A trigger takes no deliveries before its notice has ended.",
        file=TRIGGERS,
        text="trigger.effectiveAt <= getCurrentBlock().timestamp,",
        replacement="true,",
        tests=[f"{ANNOUNCEMENTS}::test_a_trigger_does_not_count_before_its_notice_ends"],
    ),
    Fault(
        name="cadence-epoch-of-the-words",
        rule="The epoch in the url is the attested one.",
        file=TRIGGERS,
        text="words[0] == UInt256(epoch),",
        replacement="true,",
        tests=[f"{DELIVERIES}::test_the_epoch_in_the_url_and_the_attested_epoch_must_agree"],
    ),
    Fault(
        name="cadence-delivered-twice",
        rule="An epoch is delivered once.",
        file=TRIGGERS,
        text="return newest >= epoch",
        replacement="return newest > epoch",
        tests=[f"{DELIVERIES}::test_a_replay_to_the_contract_itself_is_refused"],
    ),
    Fault(
        name="cadence-delivered-unmarked",
        rule="An epoch is marked as delivered before its handler is called.",
        file=TRIGGERS,
        text="        self.markDelivered(triggerId: triggerId, epoch: epoch)\n        emit",
        replacement="        emit",
        tests=[
            "tests/cadence/test_attacks.py::test_a_handler_that_delivers_again_while_it_is_handed_a_delivery_is_refused"
        ],
    ),
    Fault(
        name="cadence-future-epoch",
        rule="An epoch that had not begun when its round ended takes no place.",
        file=TRIGGERS,
        text="epoch < roundEnd / self.epochSeconds + 1,",
        replacement="epoch < roundEnd / self.epochSeconds + 2,",
        tests=[f"{DELIVERIES}::test_an_epoch_that_had_not_begun_when_its_round_ended_takes_no_place"],
    ),
    Fault(
        name="cadence-opened-too-late",
        rule="Nobody opens what could not be left before a trigger takes effect.",
        file=NOTICES,
        text="notice.effectiveAt < now + self.leavingSeconds ?",
        replacement="notice.effectiveAt < now ?",
        tests=[f"{ANNOUNCEMENTS}::test_nobody_opens_what_could_not_be_left_before_a_trigger_takes_effect"],
    ),
    Fault(
        name="cadence-pending-forgotten",
        rule="A handler is told of a trigger when it is announced.",
        file=TRIGGERS,
        text="            notified.announced(triggerId: trigger.triggerId, effectiveAt: trigger.effectiveAt)\n",
        replacement="",
        tests=[f"{ANNOUNCEMENTS}::test_nobody_opens_what_could_not_be_left_before_a_trigger_takes_effect"],
    ),
    Fault(
        name="cadence-first-trigger-bars",
        rule="The first trigger keeps nobody from opening.",
        file=NOTICES,
        text="                self.isFirstAnnounced = true\n                return\n",
        replacement="                self.isFirstAnnounced = true\n",
        tests=[f"{ANNOUNCEMENTS}::test_the_first_trigger_keeps_nobody_from_opening"],
    ),
    Fault(
        name="cadence-version-replaced",
        rule="Another request is another version.",
        file=TRIGGERS,
        text="let version = (FlareFDCTriggers.versions[name] ?? 0) + 1",
        replacement="let version = FlareFDCTriggers.versions[name] ?? 1",
        tests=[f"{DELIVERIES}::test_a_new_version_stands_beside_the_old_one"],
    ),
    Fault(
        name="cadence-template-offsets",
        rule="The announced request is encoded as Flare encodes it.",
        file=TRIGGERS,
        text="offset = offset + length / 2",
        replacement="offset = offset + length",
        tests=[f"{DELIVERIES}::test_the_rendered_response_is_what_flare_encodes"],
    ),
    Fault(
        name="cadence-template-padding",
        rule="A string is padded to whole words.",
        file=TRIGGERS,
        text="(64 - bytes.length * 2 % 64) % 64",
        replacement="64 - bytes.length * 2 % 64",
        tests=[f"{ANNOUNCEMENTS}::test_texts_of_any_length_are_encoded_as_in_solidity"],
    ),
    Fault(
        name="cadence-wrong-source",
        rule="A response of another source is refused.",
        file=TRIGGERS,
        text="FlareFDCTriggers.encodeName(request.source)",
        replacement='FlareFDCTriggers.encodeName("testIgnite")',
        tests=[f"{DELIVERIES}::test_a_statement_from_elsewhere_is_refused"],
    ),
)

FAULTS: Final = (*_PROOFS, *_TRIGGERS)
