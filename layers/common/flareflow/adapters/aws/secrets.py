"""Secrets from AWS Secrets Manager, kept in memory for a few minutes."""

from collections.abc import Callable
from functools import partial
from typing import Final

from flareflow.errors import StorageUnavailableError

SECRET_AGE_SECONDS_MAX: Final = 300

type Secret = Callable[[], str]


def secret(secret_id: str) -> Secret:
    """A function that returns the current value of a text secret, which is named by its ARN or name.

    A rotated secret is seen after SECRET_AGE_SECONDS_MAX at most. The function raises StorageUnavailableError when
    Secrets Manager gives no value.
    """
    return partial(_value, secret_id)


def _value(secret_id: str) -> str:
    from aws_lambda_powertools.utilities.parameters import get_secret  # noqa: PLC0415
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError  # noqa: PLC0415

    try:
        value = get_secret(secret_id, max_age=SECRET_AGE_SECONDS_MAX)
    except GetParameterError as error:
        raise StorageUnavailableError(f"Secrets Manager gave no value for {secret_id}") from error
    if not isinstance(value, str):
        raise StorageUnavailableError(f"the secret {secret_id} is not text")
    return value
