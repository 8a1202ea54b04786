"""The data availability API with the real API's answers, and orders that make the voters misbehave."""

from typing import Annotated, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field, ValidationError

from infra.local.flare.fdc.rounds import Rounds

NOT_FOUND: Final = {"error": "attestation request not found"}
ROUNDS: Final = web.AppKey("rounds", Rounds)


class ProofWanted(BaseModel):
    """Body of a proof request; as in the real API, the bytes are found only in lower-case hex."""

    votingRoundId: int  # noqa: N815 - the API's own names
    requestBytes: str  # noqa: N815


class Miss(BaseModel):
    """Confirm no request in the next `count` rounds that have requests."""

    count: Annotated[int, Field(ge=0, le=100)]


class Disagree(BaseModel):
    """Let `voters` voters sign another root in the next `rounds` rounds that have requests."""

    voters: Annotated[int, Field(ge=0, le=100)]
    rounds: Annotated[int, Field(ge=0, le=100)]


class Indirect(BaseModel):
    """Finalize the next `count` rounds that have requests through another contract."""

    count: Annotated[int, Field(ge=0, le=100)]


class Delay(BaseModel):
    """Finalize each round `seconds` late, until another order comes."""

    seconds: Annotated[float, Field(ge=0, le=60)]


def application(rounds: Rounds) -> web.Application:
    """The server that answers from these rounds."""
    app = web.Application(middlewares=[_bad_input_is_422])
    app[ROUNDS] = rounds
    app.add_routes(
        [
            web.get("/api/health", _health),
            web.get("/api/v0/fsp/status", _status),
            web.post("/api/v1/fdc/proof-by-request-round-raw", _proof),
            web.post("/control/miss-rounds", _miss),
            web.post("/control/disagree", _disagree),
            web.post("/control/relay-indirectly", _relay_indirectly),
            web.post("/control/delay", _delay),
            web.post("/control/roll-policy", _roll_policy),
        ]
    )
    return app


@web.middleware
async def _bad_input_is_422(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        return web.json_response({"error": error.errors(include_url=False)}, status=422)


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _status(request: web.Request) -> web.Response:
    rounds = request.app[ROUNDS]
    indexed = {"voting_round_id": rounds.latest_indexed_round}
    start, seconds = rounds.chain.timing
    latest = {**indexed, "start_timestamp": start + seconds * rounds.latest_indexed_round}
    return web.json_response({"active": latest, "latest_fdc": latest, "latest_ftso": latest})


async def _proof(request: web.Request) -> web.Response:
    """A proof; 400 if it is not indexed yet and also if it never will be, as the real API answers."""
    wanted = ProofWanted.model_validate_json(await request.read())
    try:
        key = wanted.votingRoundId, bytes.fromhex(wanted.requestBytes.removeprefix("0x"))
    except ValueError:
        return web.json_response(NOT_FOUND, status=400)
    attested = request.app[ROUNDS].attested.get(key)
    if attested is None or wanted.requestBytes != wanted.requestBytes.lower():
        return web.json_response(NOT_FOUND, status=400)
    return web.json_response(
        {
            "response_hex": f"0x{attested.response.hex()}",
            "attestation_type": f"0x{attested.request[:32].hex()}",
            "proof": [f"0x{sibling.hex()}" for sibling in attested.siblings],
        }
    )


async def _miss(request: web.Request) -> web.Response:
    request.app[ROUNDS].orders.rounds_to_miss = Miss.model_validate_json(await request.read()).count
    return web.json_response({})


async def _disagree(request: web.Request) -> web.Response:
    order = Disagree.model_validate_json(await request.read())
    request.app[ROUNDS].orders.disagreeing_voters = order.voters
    request.app[ROUNDS].orders.rounds_to_disagree = order.rounds
    return web.json_response({})


async def _relay_indirectly(request: web.Request) -> web.Response:
    count = Indirect.model_validate_json(await request.read()).count
    request.app[ROUNDS].orders.rounds_to_relay_indirectly = count
    return web.json_response({})


async def _delay(request: web.Request) -> web.Response:
    request.app[ROUNDS].orders.delay_seconds = Delay.model_validate_json(await request.read()).seconds
    return web.json_response({})


async def _roll_policy(request: web.Request) -> web.Response:
    """Let the next reward epoch's policy be signed now, before its time."""
    request.app[ROUNDS].orders.roll_policy = True
    return web.json_response({}, status=202)
