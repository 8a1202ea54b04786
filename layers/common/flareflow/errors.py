"""Every error that FlareFlow raises on purpose, and what to do about it.

    FlareFlowError
    ├── RequestError                 the request cannot be served: tell the caller, change nothing
    │   ├── InvalidRequestError      400
    │   ├── UnauthenticatedError     401
    │   ├── ForbiddenError           403
    │   ├── NotFoundError            404
    │   ├── ConflictError            409
    │   └── TooManyRequestsError     429
    ├── UnavailableError             an outside system gives no usable answer: try again at the next tick
    │   ├── WitnessUnavailableError
    │   ├── SpendLogUnavailableError
    │   ├── KeyIssuerUnavailableError
    │   ├── StorageUnavailableError
    │   ├── FlareUnavailableError
    │   ├── FlowUnavailableError
    │   │   └── FlowAnswerTooLargeError   ask for less
    │   ├── FlowRefusedError
    │   │   └── FlowNotFoundError
    │   ├── BlocksNotKeptError           name a node that has the blocks in the settings
    │   └── SignerUnavailableError
    ├── RaceLostError                another invocation changes the same data: read again, or leave it to the other
    └── BrokenRuleError              an invariant is violated: stop, keep all data, ask a person

Each adapter translates the failures of its outside system into these errors. `flareflow.entrypoints.problems` turns
them into HTTP responses (problem+json); everywhere else they rise, so that the schedule or the queue tries again.
"""

from http import HTTPStatus
from typing import ClassVar, Final


class FlareFlowError(Exception):
    """The base of all errors here; never raised itself."""


class RequestError(FlareFlowError):
    """The caller's request cannot be served. `code` is part of the public API and never changes.

    `account` is whom the request concerns, where no session says it; for the log.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str, *, account: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.account = account


class InvalidRequestError(RequestError):
    """The request is malformed."""


class UnauthenticatedError(RequestError):
    """The caller is not signed in, or their session is not valid."""

    status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(RequestError):
    """The caller is signed in but has no right to this object."""

    status = HTTPStatus.FORBIDDEN


class NotFoundError(RequestError):
    """The object does not exist, or does not exist yet."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(RequestError):
    """The request contradicts the object's present state."""

    status = HTTPStatus.CONFLICT


class TooManyRequestsError(RequestError):
    """The sender has as much of this kind as it may have. It can try again after `retry_after_seconds`."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, retry_after_seconds: int, *, code: str = "too_many_requests") -> None:
        super().__init__(code, message)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(FlareFlowError):
    """An outside system did not answer, or gave an answer that is not valid."""


class WitnessUnavailableError(UnavailableError):
    """A witness of the log gave no signature."""


class SpendLogUnavailableError(UnavailableError):
    """LiteLLM's spend log cannot be read."""


class KeyIssuerUnavailableError(UnavailableError):
    """LiteLLM cannot create or change keys."""


class StorageUnavailableError(UnavailableError):
    """DynamoDB, S3, SQS or Secrets Manager failed to read or write."""


class FlareUnavailableError(UnavailableError):
    """Flare's node or its data availability API gave no usable answer."""


class FlowUnavailableError(UnavailableError):
    """Flow's access node gave no usable answer."""


class FlowAnswerTooLargeError(FlowUnavailableError):
    """Flow's answer is longer than what is read or sent, or it did not come in time: ask for less."""


class FlowRefusedError(UnavailableError):
    """Flow's access node refused a request: it is not valid, a script failed, or the node has no state for it yet."""


class FlowNotFoundError(FlowRefusedError):
    """Flow's access node does not have what was asked for."""


class BlocksNotKeptError(UnavailableError):
    """Flow's access node does not have blocks as old as were asked for."""


class SignerUnavailableError(UnavailableError):
    """KMS gave no usable signature or public key."""


class RaceLostError(FlareFlowError):
    """A write was not made, because another invocation has changed the same data or is changing it now."""


class BrokenRuleError(FlareFlowError):
    """An invariant is violated. The message names it and the values found."""


UNREADABLE: Final = (BrokenRuleError, ValueError)
"""What reading a stored item raises that breaks a rule or has an unknown form (pydantic's ValidationError is a
ValueError). A job over many items catches these, sets that item aside where a person sees it, and goes on.
"""
