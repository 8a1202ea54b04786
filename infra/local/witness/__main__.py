"""`python -m infra.local.witness LOG_KEY`: serve a witness of one log; its own secret is in `WITNESS_SEED`, in hex."""

import os
import sys

from aiohttp import web

from flareflow.transparency.notes import NoteKey
from infra.local.ports import HOST, port
from infra.local.witness.server import application, signer
from infra.local.witness.state import RememberingWitness

if __name__ == "__main__":
    remembering = RememberingWitness(NoteKey.parse(sys.argv[1]), signer(bytes.fromhex(os.environ["WITNESS_SEED"])))
    web.run_app(application(remembering), host=HOST, port=port("witness"), print=None)
