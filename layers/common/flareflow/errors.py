"""Every error that FlareFlow raises on purpose, and what to do about it.

    FlareFlowError
    ├── RequestError                 the caller's fault: tell the caller, change nothing
    │   ├── InvalidRequestError      400
    │   ├── UnauthenticatedError     401
    │   ├── ForbiddenError           403
    │   ├── NotFoundError            404
    │   └── ConflictError            409
    ├── UnavailableError             an outside system cannot be asked now: try again at the next tick
    │   ├── SpendLogUnavailableError
    │   ├── KeyIssuerUnavailableError
    │   ├── StorageUnavailableError
    │   ├── FlareUnavailableError
    │   ├── FlowUnavailableError
    │   └── SignerUnavailableError
    ├── RaceLostError                another invocation was first: nothing to do
    └── BrokenRuleError              a rule that always holds does not: stop, keep everything, ask a person

An adapter translates its system's failures into this tree, once. One place maps it to problem+json
(`flareflow.entrypoints.problems`); everything else lets it rise, and the tick or the queue tries again.
"""

from http import HTTPStatus
from typing import ClassVar


class FlareFlowError(Exception):
    """Base of the tree; never raised itself."""


class RequestError(FlareFlowError):
    """The caller asked for something that cannot be done; `code` is documented and stable."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidRequestError(RequestError):
    """The request is malformed; nothing was looked up."""


class UnauthenticatedError(RequestError):
    """Nobody, or nobody that we know, is asking."""

    status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(RequestError):
    """The caller is known and this object is not theirs."""

    status = HTTPStatus.FORBIDDEN


class NotFoundError(RequestError):
    """There is no such thing, or not yet."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(RequestError):
    """The request contradicts what already happened."""

    status = HTTPStatus.CONFLICT


class UnavailableError(FlareFlowError):
    """An outside system did not answer, or not in a form that we accept; the next tick tries again."""


class SpendLogUnavailableError(UnavailableError):
    """LiteLLM's spend log cannot be read."""


class KeyIssuerUnavailableError(UnavailableError):
    """LiteLLM cannot make or change keys."""


class StorageUnavailableError(UnavailableError):
    """DynamoDB or S3 did not take or give what was asked."""


class FlareUnavailableError(UnavailableError):
    """Flare's node or data availability API cannot be asked."""


class FlowUnavailableError(UnavailableError):
    """Flow's access node cannot be asked."""


class SignerUnavailableError(UnavailableError):
    """The key service gave no usable signature."""


class RaceLostError(FlareFlowError):
    """A conditional write found that another invocation had been first."""


class BrokenRuleError(FlareFlowError):
    """An invariant does not hold; the message says which and with what values."""
