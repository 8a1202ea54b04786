"""How the events of LiteLLM's callback are read."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError

NANOUSD: Final = 1_000_000_000

logger = logging.getLogger(__name__)

type Text = Annotated[str, Field(min_length=1, max_length=256)]
type Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]
type Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """One successful call as LiteLLM's callback reports it."""

    litellm_call_id: str
    key_hash: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_nanousd: int
    started_at: datetime
    ended_at: datetime


class Call(BaseModel):
    """A finished call in LiteLLM's words."""

    litellm_call_id: Text
    model: Annotated[str, Field(max_length=256)] = ""
    model_group: Annotated[str, Field(max_length=256)] | None = None
    prompt_tokens: Tokens
    completion_tokens: Tokens

    def call(self) -> FinishedCall:
        """The call in our words."""
        raise NotImplementedError

    def finished(self, key_hash: str, spend_usd: Decimal, started_at: datetime, ended_at: datetime) -> FinishedCall:
        """`model` becomes the name that the caller used (`model_group`).

        The cost is rounded to the nearest nano-dollar, because LiteLLM computes it with floats: 1.4999999999999999e-05.
        """
        return FinishedCall(
            litellm_call_id=self.litellm_call_id,
            key_hash=key_hash,
            model=self.model_group or self.model,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost_nanousd=round(spend_usd * NANOUSD),
            started_at=started_at.astimezone(UTC),
            ended_at=ended_at.astimezone(UTC),
        )


def readable_calls(model: type[Call], objects: Iterable[object]) -> Iterator[FinishedCall]:
    """The calls among `objects` that match `model`. Each of the others is logged, without its values, and left out."""
    for one in objects:
        try:
            yield model.model_validate(one).call()
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
            logger.warning("LiteLLM reported a call in an unknown form: %s", wrong)
