"""Credit that this gate holds for each key: a call is admitted only if its upper bound fits into what is left of it.

Credit is leased from FlareFlow in chunks and ahead of need, so that only the first call of a key waits for it. A call
reserves its upper bound, is settled at what it has used, and leaves the lease when its record was handed over: then it
is metered usage, which FlareFlow takes off what it leases. All amounts are rated micro-tokens.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, Field

from flareflow_gate.key_refusals import KeyRefusal
from flareflow_gate.refusals import RefusedError

LOW_CALLS: Final = 2
"""More credit is fetched when less than this many calls like the last one are covered."""
AHEAD_CALLS: Final = 8
"""So many calls like the last one are to be covered then."""
RENEWAL_SECONDS: Final = 60.0
"""A lease that calls under way depend on is renewed when it has less than this left."""
SAFETY_SECONDS: Final = 15.0
"""The gate stops using a lease this long before it runs out."""
HAND_OVERS_MAX: Final = 3
HAND_OVER_SECONDS: Final = 2.0
"""A call waits for so many hand-overs, and so long for each, where it may fit once they are known."""
REFUSED_SECONDS: Final = 1.0
"""How long a refusal holds for calls that need as much or more, so that a flood of them asks once a second."""
ROUNDS_SECONDS: Final = 15.0
CALLS_ALLOWED: Final = frozenset({"active", "warned"})
"""Standings."""

logger = logging.getLogger(__name__)

type Microtokens = Annotated[int, Field(ge=0, lt=2**64)]


class Granted(BaseModel):
    """What FlareFlow answers: `held_microtokens` is all that the gate has for the key now.

    `key_left_microtokens`: what is left of the key's own cap; None without one.
    """

    standing: str
    held_microtokens: Microtokens
    left_microtokens: Microtokens
    lifetime_seconds: Annotated[int, Field(gt=0, le=3_600)]
    key_left_microtokens: Microtokens | None = None


class UnknownKeyError(Exception):
    """FlareFlow has no such key."""


class CreditUnavailableError(Exception):
    """FlareFlow gave no usable answer."""


class CreditSource(Protocol):
    """Where credit is leased. Raises UnknownKeyError or CreditUnavailableError."""

    async def lease(self, key_hash: str, kept: int, needed: int, wanted: int) -> Granted: ...


@dataclass(slots=True, eq=False)
class Account:
    """The lease of one key.

    `reserved`: what calls can cost or have cost whose records were not handed over; `owed` is the part of those that
    have ended. `spent`: what was handed over since the lease was granted, and is part of `held` until it is renewed.
    `handed_over`: whether something was since the lease was asked for.
    """

    key_hash: str
    held: int = 0
    spent: int = 0
    reserved: int = 0
    owed: int = 0
    usable_until: float = 0.0
    last_most: int = 0
    refused_most: int = 0
    refused_until: float = 0.0
    refusal: RefusedError | None = None
    nothing_ahead_until: float = 0.0
    handed_over: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def free(self, now: float) -> int:
        """What may be reserved; below zero where calls have cost more than their bound."""
        return self.held - self.spent - self.reserved if now < self.usable_until else 0


@dataclass(slots=True, eq=False)
class Reservation:
    """What one call can cost, or has cost."""

    account: Account
    microtokens: int
    owed: int = 0


class CreditDesk:
    """Keeps the leases of all keys. `top_up_url` is where a customer goes on who has nothing left."""

    def __init__(
        self,
        source: CreditSource,
        top_up_url: str,
        clock: Callable[[], float],
        hand_over_seconds: float = HAND_OVER_SECONDS,
    ) -> None:
        self._source = source
        self.top_up_url = top_up_url
        self._clock = clock
        self._hand_over_seconds = hand_over_seconds
        self._accounts: dict[str, Account] = {}
        self._calls: dict[str, Reservation] = {}
        self._prefetches: set[asyncio.Task[None]] = set()

    async def reserve(self, key_hash: str, most: int) -> Reservation:
        """Reserve the upper bound of a call. Raises RefusedError where it does not fit into what is left."""
        account = self._accounts.setdefault(key_hash, Account(key_hash))
        account.last_most = most
        if account.free(self._clock()) < most:
            async with account.lock:
                if account.free(self._clock()) < most:
                    await self._fetch_for(account, most)
        account.reserved += most
        if account.free(self._clock()) < LOW_CALLS * most and not account.lock.locked():
            self._in_background(account)
        return Reservation(account, most)

    def track(self, event_id: str, reservation: Reservation) -> None:
        """The call of a reservation has an id now."""
        self._calls[event_id] = reservation

    def settle(self, event_id: str, rated: int) -> None:
        """The call has ended and used so much; its record is not handed over yet."""
        if reservation := self._calls.get(event_id):
            reservation.account.reserved += rated - reservation.microtokens
            reservation.account.owed += rated - reservation.owed
            reservation.microtokens = reservation.owed = rated

    def cancel(self, reservation: Reservation) -> None:
        """The call costs nothing."""
        reservation.account.reserved -= reservation.microtokens
        reservation.account.owed -= reservation.owed
        reservation.microtokens = reservation.owed = 0

    def release(self, event_id: str) -> None:
        """The call costs nothing, and has no record."""
        if reservation := self._calls.pop(event_id, None):
            self.cancel(reservation)

    def handed_over(self, event_ids: Iterable[str]) -> None:
        """FlareFlow has the records of these calls."""
        for event_id in event_ids:
            if reservation := self._calls.pop(event_id, None):
                reservation.account.spent += reservation.microtokens
                reservation.account.handed_over.set()
                self.cancel(reservation)

    async def explain(self, key_hash: str, refused: KeyRefusal) -> RefusedError:
        """What the caller is told of a key that is refused."""
        match refused:
            case KeyRefusal.BLOCKED:
                return await self._why_blocked(key_hash)
            case KeyRefusal.EXPIRED:
                message = f"This key has expired. Make another one at {self.top_up_url}."
                return RefusedError(HTTPStatus.UNAUTHORIZED, "key_expired", message)
            case KeyRefusal.UNKNOWN:
                return _unknown_key()
            case KeyRefusal.OPERATORS:
                return _PROVIDER_REFUSES
            case KeyRefusal.UNCHECKED:
                return _KEYS_UNAVAILABLE
            case KeyRefusal.BUDGET_USED_UP:
                message = f"What this key may spend is used up. Raise its cap or top up at {self.top_up_url} to go on."
                return RefusedError(HTTPStatus.PAYMENT_REQUIRED, "key_cap_reached", message)

    async def _why_blocked(self, key_hash: str) -> RefusedError:
        """By the standing, where that allows no calls. Credit is given back that no call under way needs."""
        account = self._accounts.setdefault(key_hash, Account(key_hash))
        try:
            async with account.lock:
                account.usable_until = self._clock()
                granted = await self._lease(account, 0)
        except UnknownKeyError:
            return _unknown_key()
        except CreditUnavailableError:
            return _BLOCKED
        return _BLOCKED if granted.standing in CALLS_ALLOWED else self._refusal(granted.standing, 0, 0)

    async def run(self) -> None:
        """Until cancelled: renew the leases that calls under way depend on, and forget those that nobody uses."""
        while True:
            await asyncio.sleep(ROUNDS_SECONDS)
            await self.renew_due()

    async def renew_due(self) -> None:
        """One round of `run`."""
        now = self._clock()
        due = [one for one in self._accounts.values() if one.reserved and now > one.usable_until - RENEWAL_SECONDS]
        await asyncio.gather(*(self._prefetch(account) for account in due))
        for account in list(self._accounts.values()):
            if not account.reserved and now > account.usable_until and not account.lock.locked():
                del self._accounts[account.key_hash]

    async def _fetch_for(self, account: Account, most: int) -> None:
        """Lease what a waiting call needs, and some for later ones. Raises RefusedError where that is not granted."""
        if account.refusal is not None and most >= account.refused_most and self._clock() < account.refused_until:
            raise account.refusal
        try:
            granted = await self._lease_for(account, most)
        except UnknownKeyError as error:
            self._accounts.pop(account.key_hash, None)
            raise _unknown_key() from error
        except CreditUnavailableError as error:
            message = "What is left of the deposit cannot be asked now. Try again."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "credit_unknown", message) from error
        if account.free(self._clock()) >= most:
            account.refusal = None
            return
        account.refused_most, account.refused_until = most, self._clock() + REFUSED_SECONDS
        # what was handed over while FlareFlow was asked may not be in its answer yet
        account.refusal = self._why_not(granted, most, account.owed + account.spent)
        raise account.refusal

    async def _lease_for(self, account: Account, most: int) -> Granted:
        """Lease what a waiting call needs.

        FlareFlow may have counted a record whose hand-over is not known here yet. It would be taken off twice, so the
        hand-over is waited for, and the lease renewed.
        """
        granted = await self._lease(account, most)
        for _ in range(HAND_OVERS_MAX):
            if account.free(self._clock()) >= most or not _may_fit(account, granted, most):
                break
            if not await self._is_handed_over(account):
                break
            granted = await self._lease(account, most)
        return granted

    async def _is_handed_over(self, account: Account) -> bool:
        """Whether something was handed over since the lease was asked for, or is so soon."""
        with suppress(TimeoutError):
            await asyncio.wait_for(account.handed_over.wait(), self._hand_over_seconds)
        return account.handed_over.is_set()

    def _why_not(self, granted: Granted, most: int, owed: int) -> RefusedError:
        """Why a call is not admitted that can cost `most`; `owed`: what ended calls have cost and nobody knows yet."""
        key_left = granted.key_left_microtokens
        if granted.standing not in CALLS_ALLOWED or key_left is None or most <= key_left - owed:
            return self._refusal(granted.standing, most, granted.left_microtokens - owed)
        message = (
            f"This call can cost up to {most // 10**6} rated tokens, and the cap of this key leaves "
            f"{max(0, key_left - owed) // 10**6}. Raise the cap at {self.top_up_url}, or send a lower max_tokens."
        )
        return RefusedError(HTTPStatus.PAYMENT_REQUIRED, "key_cap_reached", message)

    async def _lease(self, account: Account, needed: int) -> Granted:
        """Renew the lease, with so much more for a waiting call. Only who holds the account's lock may call this."""
        account.handed_over.clear()
        asked_at, spent_before = self._clock(), account.spent
        free = max(0, account.free(asked_at))
        kept = account.reserved + free
        more = max(0, needed - free)
        granted = await self._source.lease(account.key_hash, kept, more, AHEAD_CALLS * account.last_most)
        account.held = granted.held_microtokens
        account.spent -= spent_before
        account.usable_until = asked_at + granted.lifetime_seconds - SAFETY_SECONDS
        return granted

    def _in_background(self, account: Account) -> None:
        task = asyncio.create_task(self._prefetch(account))
        self._prefetches.add(task)
        task.add_done_callback(self._prefetches.discard)

    async def _prefetch(self, account: Account) -> None:
        """Renew the lease, with credit for later calls; not again for a while where nothing more is to be had."""
        async with account.lock:
            if self._clock() < account.nothing_ahead_until:
                return
            before = account.free(self._clock())
            try:
                await self._lease(account, 0)
            except (UnknownKeyError, CreditUnavailableError) as error:
                logger.warning("no credit could be leased ahead: %s", type(error).__name__)
            if account.free(self._clock()) <= before:
                account.nothing_ahead_until = self._clock() + REFUSED_SECONDS

    def _refusal(self, standing: str, most: int, left: int) -> RefusedError:
        match standing:
            case "active" | "warned":
                return self._nothing_left(most, max(0, left))
            case "overdrawn":
                return _payment(f"The deposit is used up. Top up at {self.top_up_url} to go on.")
            case "capped":
                return _payment(f"Your spend cap of this period is used up. Raise it at {self.top_up_url} to go on.")
            case "exiting":
                return _payment("The end of this subscription was announced, so its keys call no models any more.")
            case _:
                message = "What is left of the deposit is not known now. Try again in a few minutes."
                return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "credit_unknown", message)

    def _nothing_left(self, most: int, left: int) -> RefusedError:
        if most > left:
            return _payment(
                f"This call can cost up to {most // 10**6} rated tokens, and the deposit pays for {left // 10**6}. "
                f"Top up at {self.top_up_url}, or send a lower max_tokens."
            )
        message = (
            "Calls under way have reserved what is left of the deposit. Try again when they have ended, or top up at "
            f"{self.top_up_url}."
        )
        return RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "insufficient_credit", message)


def _may_fit(account: Account, granted: Granted, most: int) -> bool:
    """Whether a call fits into what is left if that is without what ended calls have cost."""
    left = granted.left_microtokens
    if granted.key_left_microtokens is not None:
        left = min(left, granted.key_left_microtokens)
    return account.owed + account.spent > 0 and most <= left


_BLOCKED: Final = RefusedError(
    HTTPStatus.FORBIDDEN,
    "key_blocked",
    "This key is blocked. If the deposit was topped up just now, try again in a minute; otherwise ask the operator.",
)


_KEYS_UNAVAILABLE: Final = RefusedError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "keys_unavailable",
    "Keys cannot be checked now; yours is not at fault. Try again in a minute.",
)
_PROVIDER_REFUSES: Final = RefusedError(
    HTTPStatus.BAD_GATEWAY,
    "provider_refused",
    "The provider of this model does not serve us now. Your key and your deposit are not at fault, and this call costs "
    "nothing. Call another model, or try again later.",
)


def _unknown_key() -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "There is no such key.")


def _payment(message: str) -> RefusedError:
    return RefusedError(HTTPStatus.PAYMENT_REQUIRED, "insufficient_credit", message)
