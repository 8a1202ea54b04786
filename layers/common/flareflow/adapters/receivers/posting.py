"""Posting a message to a receiver: to a checked address, within a time limit, and without reading what it answers."""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import httpcore

from flareflow.adapters.receivers.pinning import Left, PinnedBackend
from flareflow.adapters.receivers.resolving import NotResolvedError, Resolve, addresses_of
from flareflow.errors import InvalidRequestError
from flareflow.webhooks.addresses import is_public
from flareflow.webhooks.models import Answered
from flareflow.webhooks.urls import Reach, ReceiverUrl, parse_url

SECONDS_MAX: Final = 10.0
"""For all of an attempt: name, connection, TLS, request and the head of the answer."""
RESOLVING_AT_ONCE: Final = 100
"""Names asked for at the same time. A question may last longer than its attempt, so there are more than attempts."""

type Seconds = Callable[[], float]


class NotReachedError(Exception):
    """The receiver is not asked; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class HttpReceivers:
    """`Receivers` over HTTP/1.1. No redirect is followed, and of an answer only its status is read.

    A name is resolved once for each attempt. Where one of its addresses is not public the receiver is not asked; else
    the connection goes to the first one, and TLS is for the name.
    """

    reach: Reach
    resolve: Resolve = addresses_of
    tls: ssl.SSLContext = field(default_factory=httpcore.default_ssl_context)
    seconds_max: float = SECONDS_MAX
    seconds: Seconds = time.monotonic
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(RESOLVING_AT_ONCE))

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        began = self.seconds()
        status, error = None, None
        try:
            status = self._status(parse_url(url, self.reach), headers, body, self._left_from(began))
        except (InvalidRequestError, NotReachedError, NotResolvedError) as reason:
            error = str(reason)
        except Exception as reason:  # whatever a receiver makes a library do, it concerns no other delivery
            error = _words(reason, self.seconds_max)
        if status is not None and not 200 <= status < 300:
            error = _refusal(status)
        return Answered(round((self.seconds() - began) * 1000), status, error)

    def _status(self, url: ReceiverUrl, headers: Mapping[str, str], body: bytes, left: Left) -> int:
        backend = PinnedBackend(self._address(url, left()), left)
        target = httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        with (
            httpcore.ConnectionPool(ssl_context=self.tls, network_backend=backend, max_connections=1) as connections,
            connections.stream("POST", target, headers=list(headers.items()), content=body) as answer,
        ):
            return answer.status

    def _address(self, url: ReceiverUrl, seconds: float) -> str:
        """The address to connect to. Raises NotResolvedError where the name has none, NotReachedError where it has one
        that is not public.
        """
        addresses = self.pool.submit(self.resolve, url.host, url.port).result(seconds)
        if self.reach is Reach.PUBLIC and (private := [one for one in addresses if not is_public(one)]):
            raise NotReachedError(f"The name has the address {private[0]}, which is not public.")
        return addresses[0]

    def _left_from(self, began: float) -> Left:
        def left() -> float:
            seconds = began + self.seconds_max - self.seconds()
            if seconds <= 0:
                raise httpcore.TimeoutException
            return seconds

        return left


def _refusal(status: int) -> str:
    is_redirect = 300 <= status < 400
    return f"The receiver answered {status}{', and redirects are not followed' if is_redirect else ''}."


def _words(error: Exception, seconds_max: float) -> str:
    """Why there is no answer, without what the receiver or a library wrote."""
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return f"The receiver gave no answer within {seconds_max:.0f} seconds."
    causes = (error, error.__context__)  # httpcore takes away the cause
    return next((words for kind, words in _WORDS if any(isinstance(one, kind) for one in causes)), _BROKE)


_BROKE: Final = "The connection broke."
_WORDS: Final[Sequence[tuple[type[Exception], str]]] = (
    (ssl.SSLCertVerificationError, "The receiver's certificate is not valid for its name."),
    (ssl.SSLError, "No connection by TLS could be made."),
    (ConnectionRefusedError, "The receiver refused the connection."),
    (httpcore.ConnectError, "No connection could be made."),
    (httpcore.ProtocolError, "What the receiver answered is not HTTP."),
)
"""By the first kind that an error or its cause is of."""
