"""The receipt of a call: what the gate says that it will bill, signed before the answer ends.

A receipt is a JWS (RFC 7515) in compact form, signed with ES256, whose payload is this JSON. Whoever holds it can show
that a statement lacks the call, or bills more than was signed.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from flareflow.metering.calls import Ending, Tokens

RECEIPT_VERSION: Final = "flareflow-receipt/1"
ALGORITHM: Final = "ES256"
RECEIPT_BYTES_MAX: Final = 8_192
"""Of the compact form."""

type _Text = Annotated[str, Field(max_length=256)]
type Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Receipt(BaseModel):
    """One call as it will be billed.

    `request_hash` is the SHA-256 of the body as the caller sent it. `answer_hash` is that of the body that was sent
    back, without the line of the receipt itself; where the call was broken off, of what was sent until then.
    `rated_microtokens` are by the book `price_book_hash`; a book that comes into force before the call is counted rates
    it instead. `tokens_are_estimated`: counted by the gate, since the answer did not tell them. The call is promised to
    be in the statement of epoch `counted_until_epoch` or in an earlier one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal["flareflow-receipt/1"] = RECEIPT_VERSION
    event_id: _Text
    key_hash: Sha256
    call_type: _Text
    model: _Text
    answered_by: _Text | None
    base_model: _Text | None
    ending: Ending
    tokens: Tokens
    tokens_are_estimated: bool
    rated_microtokens: Annotated[int, Field(ge=0, lt=2**53)]
    price_book_hash: Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
    request_hash: Sha256
    answer_hash: Sha256
    started_at: AwareDatetime
    ended_at: AwareDatetime
    counted_until_epoch: Annotated[int, Field(ge=0, lt=2**53)]

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return self.model_dump_json().encode()


def promised_epoch(ended_at: datetime, epoch_seconds: int, within: timedelta) -> int:
    """The last epoch in which a call can be counted for the first time, if that is done `within` its end."""
    return int((ended_at + within).timestamp()) // epoch_seconds
