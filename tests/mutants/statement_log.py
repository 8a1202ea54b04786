"""Faults of reading the log of statements: a reader is never shown other statements than the witnesses have signed."""

from typing import Final

from tests.mutants.fault import Fault

POLICY: Final = "layers/common/flareflow/transparency/policy.py"
STEPS: Final = "verify/flareflow_verify/steps/log.py"
SOURCE: Final = "verify/flareflow_verify/sources/log.py"
REMEMBERING: Final = "verify/flareflow_verify/remembering.py"

TEST_POLICY: Final = ["tests/unit/transparency/test_policy.py"]
TEST_STEPS: Final = ["tests/unit/verify/test_log_steps.py"]
TEST_SOURCE: Final = ["tests/unit/verify/test_gathering_log.py"]
TEST_COMMAND: Final = ["tests/unit/verify/test_command_log.py"]

FAULTS: Final = (
    Fault(
        "log-policy-group-too-small",
        "A group has signed if as many of its members have as it needs.",
        POLICY,
        "for member in group.members) >= group.needed",
        "for member in group.members) >= min(group.needed, 1)",
        TEST_POLICY,
    ),
    Fault(
        "log-policy-member-twice",
        "Each witness counts in one group only.",
        POLICY,
        "if member in self.grouped or not self._is_known(member):",
        "if not self._is_known(member):",
        TEST_POLICY,
    ),
    Fault(
        "log-policy-other-log",
        "The log that signed is one of the policy's.",
        POLICY,
        "if log.name == origin:",
        "if log.name:",
        TEST_POLICY,
    ),
    Fault(
        "log-without-quorum",
        "A checkpoint without the quorum is refused.",
        STEPS,
        "if not policy.is_met_by(times):",
        "if not times:",
        TEST_STEPS,
    ),
    Fault(
        "log-of-another-name",
        "What was seen before is of the same log.",
        STEPS,
        "if newer.origin != seen.origin:",
        "if not newer.origin:",
        TEST_STEPS,
    ),
    Fault(
        "log-absent-entry-found",
        "A log that ends before the statement does not have it.",
        SOURCE,
        "if not tree.size or _epoch_at(tree.size - 1, tree) < epoch:",
        "if not tree.size:",
        TEST_SOURCE,
    ),
    Fault(
        "log-growth-forgotten",
        "What was refused is not kept.",
        REMEMBERING,
        "return is_signed and",
        "return True or",
        TEST_COMMAND,
    ),
)
