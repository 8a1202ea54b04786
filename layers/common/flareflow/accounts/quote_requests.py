"""The body of `POST /v1/quotes`; every field is bounded, unknown fields are refused."""

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flareflow.inputs import UInt32, UInt64
from flareflow.metering.model_names import NAME_CHARACTERS_MAX

if TYPE_CHECKING:
    from flareflow.accounts.quoting import PlannedCall

CALLS_MAX: Final = 200

type Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=r"^[!-~]+$")]


class TokensRequest(BaseModel):
    """Tokens by kind; the kinds do not overlap."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    prompt: UInt32 = 0
    cache_read: UInt32 = 0
    cache_write: UInt32 = 0
    completion: UInt32 = 0
    reasoning: UInt32 = 0
    audio_input: UInt32 = 0
    audio_output: UInt32 = 0


class CallRequest(BaseModel):
    """A call to be quoted. `base_model`: what the deployment calls, where that is known."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    model: Name
    base_model: Name | None = None
    tokens: TokensRequest = TokensRequest()
    images: UInt32 = 0
    milliseconds: UInt32 = 0

    def planned(self) -> "PlannedCall":
        """Imports what rates calls, which no other route of the function needs."""
        from flareflow.accounts.quoting import PlannedCall  # noqa: PLC0415
        from flareflow.metering.calls import Tokens, Units  # noqa: PLC0415
        from flareflow.metering.price_book import Used  # noqa: PLC0415

        used = Used(Tokens(**self.tokens.model_dump()), Units(self.images, self.milliseconds))
        return PlannedCall(self.model, self.base_model, used)


class QuoteRequest(BaseModel):
    """Calls to be quoted, each on its own. `after_microtokens`: what the subscription has used before, for the tier."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    calls: Annotated[list[CallRequest], Field(min_length=1, max_length=CALLS_MAX)]
    after_microtokens: UInt64 = 0
