"""The witness as an HTTP server, and as a part of the stack."""

import sys
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flareflow.time import utc_now
from flareflow.transparency.notes import KeyKind
from flareflow.transparency.signing import NoteSigner
from flareflow.transparency.witnessing import SIZE_MEDIA_TYPE
from infra.local.ports import url
from infra.local.server import Server, answers
from infra.local.witness.state import RememberingWitness
from infra.paths import PYTHON_PATH

NAME: Final = "witness.flareflow.test"
BODY_BYTES_MAX: Final = 32_768
WITNESS: Final = web.AppKey("witness", RememberingWitness)


def signer(seed: bytes) -> NoteSigner:
    """The witness with this secret of 32 bytes."""
    return NoteSigner(NAME, KeyKind.WITNESS, Ed25519PrivateKey.from_private_bytes(seed))


def witness(log_key: str, seed_hex: str) -> Server:
    """The witness of the log with this public key."""
    return Server(
        name="witness",
        command=[sys.executable, "-m", "infra.local.witness", log_key],
        ports=["witness"],
        is_ready=answers(f"{url('witness')}/"),
        env={"PYTHONPATH": PYTHON_PATH, "WITNESS_SEED": seed_hex},
    )


def application(remembering: RememberingWitness) -> web.Application:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app[WITNESS] = remembering
    app.add_routes([web.get("/", _seen), web.post("/add-checkpoint", _add_checkpoint)])
    return app


async def _seen(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.app[WITNESS].seen[0]}\n")


async def _add_checkpoint(request: web.Request) -> web.Response:
    status, text = request.app[WITNESS].answer(await request.read(), utc_now())
    media_type = SIZE_MEDIA_TYPE if status == web.HTTPConflict.status_code else "text/plain"
    return web.Response(status=status, text=text, content_type=media_type)
