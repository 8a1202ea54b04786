"""The gate that asks: it sends a secret as bearer token."""

import hmac
from collections.abc import Callable

from flareflow.errors import UnauthenticatedError


def require_gate(gate_secret: Callable[[], str], authorization: str) -> None:
    """Raises UnauthenticatedError `gate_secret_wrong` unless the `Authorization` header carries the gate's secret."""
    wanted = f"Bearer {gate_secret()}"
    # in constant time, so that the response time reveals nothing about the secret
    if not hmac.compare_digest(authorization.encode(), wanted.encode()):
        raise UnauthenticatedError("gate_secret_wrong", "Only the gate may ask this.")
