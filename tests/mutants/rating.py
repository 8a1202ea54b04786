"""Faults of rating: which kinds of tokens a call used, and what they weigh."""

from typing import Final

from tests.mutants.fault import Fault

CALLS: Final = "layers/common/flareflow/metering/calls.py"
ROWS: Final = "layers/common/flareflow/adapters/litellm/rows.py"

TEST_ROWS: Final = "tests/unit/adapters/litellm/test_rows.py"

FAULTS: Final = (
    Fault(
        "litellm-cached-tokens-counted-twice",
        "The tokens of a cache are in those of the prompt.",
        CALLS,
        "prompt=input_tokens - read - write - heard",
        "prompt=input_tokens",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-reasoning-counted-twice",
        "The tokens of reasoning are in those of the completion.",
        CALLS,
        "completion=output_tokens - thought - spoken",
        "completion=output_tokens - spoken",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-cached-sound-counted-twice",
        "Sound that was read from a cache is only counted there.",
        ROWS,
        "return max(0, (self.audio_tokens or 0) - (cached or 0))",
        "return self.audio_tokens or 0",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-reasoning-beyond-completion",
        "A row whose reasoning is more than its completion is set aside.",
        ROWS,
        "of_output > self.completion_tokens",
        "of_output < 0",
        [TEST_ROWS],
    ),
)
