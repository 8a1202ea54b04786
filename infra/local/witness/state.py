"""What a witness remembers and how it answers: https://c2sp.org/tlog-witness."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flareflow.transparency.notes import NoteError, NoteKey
from flareflow.transparency.proofs import EMPTY_ROOT, ProofError, check_consistency
from flareflow.transparency.signing import NoteSigner
from flareflow.transparency.witnessing import AddCheckpoint


@dataclass
class RememberingWitness:
    """Remembers the largest tree of one log that it has signed, as (size, root)."""

    log: NoteKey
    signer: NoteSigner
    seen: tuple[int, bytes] = (0, EMPTY_ROOT)

    def answer(self, body: bytes, now: datetime) -> tuple[HTTPStatus, str]:
        """Status and body of the answer to a request for a signature."""
        try:
            request = AddCheckpoint.parse(body)
        except NoteError as error:
            return HTTPStatus.BAD_REQUEST, str(error)
        checkpoint = request.signed.checkpoint
        if checkpoint.origin != self.log.name:
            return HTTPStatus.NOT_FOUND, "unknown log"
        try:
            request.signed.check(self.log)
        except NoteError as error:
            return HTTPStatus.FORBIDDEN, str(error)
        if request.old_size != self.seen[0]:
            return HTTPStatus.CONFLICT, f"{self.seen[0]}\n"
        try:
            check_consistency(self.seen, (checkpoint.size, checkpoint.root), request.proof)
        except ProofError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, str(error)
        self.seen = checkpoint.size, checkpoint.root
        return HTTPStatus.OK, self.signer.sign(checkpoint, now).text
