"""`python -m flareflow_gate`: LiteLLM behind the gate, on one port for callers and one for FlareFlow's functions."""

import asyncio
import hashlib
import hmac
import os
import signal
import time
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

import httpx
import uvicorn

from flareflow_gate import configuration
from flareflow_gate.admin import Admin
from flareflow_gate.asgi import Asgi
from flareflow_gate.bookkeeping import Bookkeeping
from flareflow_gate.bounds import Bounds
from flareflow_gate.browsers import OpenToBrowsers
from flareflow_gate.configuration import Configuration
from flareflow_gate.credit import CreditDesk
from flareflow_gate.gate import Gate
from flareflow_gate.key_reports import HttpKeyReports, KeyReports
from flareflow_gate.leasing import HttpCreditSource
from flareflow_gate.living import Lifeline
from flareflow_gate.models import CallableModels
from flareflow_gate.outbox import Outbox
from flareflow_gate.price_book import PricesInForce
from flareflow_gate.receipts import KEPT_FOR, KeptReceipts, Receipts, Signer
from flareflow_gate.settings import Settings
from flareflow_gate.shipping import Shipping

ORPHANS_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20
TIMEOUT_GRACE_SECONDS: Final = 5.0
"""LiteLLM ends calls by its own `request_timeout` first."""


def server(app: Asgi, host: str, port: int, *, runs_lifespan: bool) -> uvicorn.Server:
    """A web server that leaves signals to whoever runs it."""
    made = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="on" if runs_lifespan else "off",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    made.capture_signals = nullcontext
    return made


def is_key(key: str) -> Callable[[str], bool]:
    """Whether a hash is that of `key`; in constant time."""
    wanted = hashlib.sha256(key.encode()).hexdigest()
    return lambda given: hmac.compare_digest(given, wanted)


async def adopt_orphans(outbox: Outbox, lifeline: Lifeline, shipping: Shipping) -> None:
    """Now and every minute: release what gates that died have left."""
    while True:
        if outbox.adopt_orphans(lifeline.living()):
            shipping.wake()
        await asyncio.sleep(ORPHANS_SECONDS)


async def forget_old(kept: KeptReceipts) -> None:
    """Now and every minute: remove receipts that were kept long enough."""
    while True:
        kept.forget_before(datetime.now(UTC) - KEPT_FOR)
        await asyncio.sleep(ORPHANS_SECONDS)


async def serve_doors(gate: Gate, admin: Admin, settings: Settings) -> None:
    """Serve callers, and FlareFlow's functions once LiteLLM has started, until SIGTERM or SIGINT."""
    outer = server(OpenToBrowsers(gate), settings.host, settings.port, runs_lifespan=True)
    inner = server(admin, settings.admin_host, settings.admin_port, runs_lifespan=False)

    def stop() -> None:
        outer.should_exit = inner.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    serving = asyncio.create_task(outer.serve())
    while not (outer.started or serving.done()):
        await asyncio.sleep(0.05)
    if outer.started:
        await inner.serve()
    await serving


async def serve(settings: Settings, configured: Configuration) -> None:
    """Serve until a signal; then end what is under way and hand over the records that wait."""
    settings.outbox.parent.mkdir(parents=True, exist_ok=True)
    lifeline = Lifeline(settings.outbox.parent)
    outbox = Outbox(settings.outbox, lifeline.name)
    async with httpx.AsyncClient() as http:
        source = HttpCreditSource(http, str(settings.credit_url), settings.ingest_secret, lifeline.name)
        desk = CreditDesk(source, str(settings.top_up_url), time.monotonic)
        shipping = Shipping(outbox, http, str(settings.ingest_url), settings.ingest_secret, desk.handed_over)
        prices = PricesInForce(http, str(settings.price_book_url), configuration.base_models(configured))
        kept = KeptReceipts(settings.outbox.with_name("receipts.db"))
        receipts = Receipts(Signer.from_file(settings.receipt_key), kept, prices.hash, settings.epoch_seconds)
        orphans, old_receipts = adopt_orphans(outbox, lifeline, shipping), forget_old(kept)
        works = (shipping.run(), prices.run(), desk.run(), orphans, old_receipts)
        async with asyncio.TaskGroup() as background:  # one that fails ends the process
            tasks = [background.create_task(work) for work in works]
            reports = HttpKeyReports(http, f"{settings.credit_url}/keys", settings.ingest_secret, time.monotonic)
            await serve_doors(*doors(Parts(outbox, shipping, prices, desk, receipts, reports), configured), settings)
            for task in tasks:
                task.cancel()
        await shipping.hand_over()
    kept.close()
    outbox.close()
    lifeline.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """What works beside LiteLLM."""

    outbox: Outbox
    shipping: Shipping
    prices: PricesInForce
    desk: CreditDesk
    receipts: Receipts
    reports: KeyReports


def doors(parts: Parts, configured: Configuration) -> tuple[Gate, Admin]:
    """What callers and what FlareFlow's functions reach of LiteLLM."""
    from flareflow_gate.litellm_app import (  # noqa: PLC0415 (takes seconds)
        LITELLM,
        LiteLLMTokenCounter,
        longest_answer,
        supports_reasoning,
    )

    is_management_key = is_key(configuration.resolved(configured["general_settings"]["master_key"]))
    thinking = configuration.thinking(configured, supports_reasoning)
    models = CallableModels(parts.prices, configuration.fallbacks(configured), thinking)
    bookkeeping = Bookkeeping(
        outbox=parts.outbox,
        counter=LiteLLMTokenCounter(),
        credit=parts.desk,
        bounds=Bounds(models, cache(longest_answer)),
        receipts=parts.receipts,
        new_event_id=lambda: str(uuid.uuid4()),
        clock=lambda: datetime.now(UTC),
        on_record=parts.shipping.wake,
        base_models=configuration.base_models(configured),
    )
    gate = Gate(
        litellm=LITELLM,
        bookkeeping=bookkeeping,
        models=models,
        is_management_key=is_management_key,
        call_seconds_max=configured["litellm_settings"]["request_timeout"] + TIMEOUT_GRACE_SECONDS,
        reports=parts.reports,
    )
    return gate, Admin(LITELLM, is_management_key)


def main() -> None:
    settings = Settings.from_environment()
    configured = configuration.load()
    configuration.check(configured, os.environ)
    asyncio.run(serve(settings, configured))


if __name__ == "__main__":
    main()
