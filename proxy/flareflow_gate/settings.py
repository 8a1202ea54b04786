"""What an operator sets, all by environment variables that begin with `FLAREFLOW_GATE_`."""

import os
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

PREFIX: Final = "FLAREFLOW_GATE_"

type Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseModel):
    """The gate's settings; a missing or malformed one ends the start with pydantic's message, which names it.

    `host` and `port` are for callers, `admin_host` and `admin_port` for FlareFlow's own functions: the latter must not
    be reachable from outside. `ingest_url` takes the records, with `ingest_secret` as bearer. `price_book_url` is the
    public price book. `credit_url` leases credit, with the same bearer; `top_up_url` is the page for customers who have
    used up their deposit. `outbox` is the file of records that wait; receipts are kept beside it. `receipt_key` is the
    file of the private key that signs them, and `epoch_seconds` the length of an epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: Port = 4000
    admin_host: str = "127.0.0.1"
    admin_port: Port = 4001
    ingest_url: HttpUrl
    ingest_secret: Annotated[str, Field(repr=False, min_length=16)]
    price_book_url: HttpUrl
    credit_url: HttpUrl
    top_up_url: HttpUrl
    outbox: Path
    receipt_key: Path
    epoch_seconds: Annotated[int, Field(ge=1)] = 300

    @classmethod
    def from_environment(cls) -> Self:
        names = {name: f"{PREFIX}{name.upper()}" for name in cls.model_fields}
        return cls.model_validate({name: os.environ[given] for name, given in names.items() if given in os.environ})
