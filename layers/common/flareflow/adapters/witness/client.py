"""A client of one witness, by the protocol of https://c2sp.org/tlog-witness."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

import httpx

from flareflow.adapters.http import read_answer
from flareflow.errors import WitnessUnavailableError
from flareflow.transparency.notes import NoteError, NoteKey, SignatureLine, SignedCheckpoint
from flareflow.transparency.ports import OtherSizeError
from flareflow.transparency.witnessing import AddCheckpoint

ADD_CHECKPOINT: Final = "/add-checkpoint"
ANSWER_BYTES_MAX: Final = 4_096
TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """`Witness` whose key is known beforehand."""

    key: NoteKey
    url: str
    http: httpx.Client

    @classmethod
    def at(cls, given: str) -> Self:
        """The witness of a setting: its key, a space and its URL. Raises NoteError for a key that is none."""
        key, _, url = given.strip().partition(" ")
        return cls(NoteKey.parse(key), url.rstrip("/"), httpx.Client(timeout=TIMEOUT_SECONDS))

    def cosign(self, old_size: int, proof: Sequence[bytes], signed: SignedCheckpoint) -> SignatureLine:
        request = AddCheckpoint(old_size, proof, signed)
        try:
            stream = self.http.stream("POST", f"{self.url}{ADD_CHECKPOINT}", content=request.body)
            answer = read_answer(stream, ANSWER_BYTES_MAX)
            text = answer.body.decode()
            if answer.status == HTTPStatus.CONFLICT:
                raise OtherSizeError(int(text))
            if not answer.is_success:
                raise WitnessUnavailableError(f"{self.key.name} answered {answer.status}")
            lines = map(SignatureLine.parse, text.removesuffix("\n").split("\n"))
            return next(line for line in lines if line.is_by(self.key))
        except (httpx.HTTPError, NoteError, ValueError, StopIteration) as error:
            raise WitnessUnavailableError(f"{self.key.name} gave no signature: {error!r}") from error
