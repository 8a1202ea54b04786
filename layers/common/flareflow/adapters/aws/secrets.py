"""Secrets from AWS Secrets Manager, read when they are first needed and again every few minutes."""

from collections.abc import Callable
from functools import partial
from typing import Final

from aws_lambda_powertools.utilities.parameters import get_secret
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from flareflow.errors import StorageUnavailableError

SECRET_AGE_SECONDS_MAX: Final = 300

type Secret = Callable[[], str]


def secret(secret_id: str) -> Secret:
    """A way to the current value of a text secret (its ARN or name); a rotated one is seen within minutes.

    The call raises StorageUnavailableError when Secrets Manager gives none.
    """
    return partial(_value, secret_id)


def _value(secret_id: str) -> str:
    try:
        value = get_secret(secret_id, max_age=SECRET_AGE_SECONDS_MAX)
    except GetParameterError as error:
        raise StorageUnavailableError(f"Secrets Manager gave no value for {secret_id}") from error
    if not isinstance(value, str):
        raise StorageUnavailableError(f"the secret {secret_id} is not a text")
    return value
