"""The host of the statements: static documents, the list of statements, and the owner's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flareflow.adapters.http import read_answer
from flareflow_verify.bundle import EVENTS_MAX, TEXT_CHARACTERS_MAX, Attested, Count, Hash, Hex, Text
from flareflow_verify.sources.http import NotThereError, SourceError, require_confidential

LISTED_MAX: Final = 1_000
EVENT_PAGES_MAX: Final = 1_000
EPOCH_MAX: Final = 10**10


class _Listed(BaseModel):
    epoch: Annotated[Count, Field(lt=EPOCH_MAX)]


class _Listing(BaseModel):
    statements: Annotated[list[_Listed], Field(max_length=LISTED_MAX)]


class _Leaf(BaseModel):
    leaf: Text


class _Events(BaseModel):
    items: Annotated[list[_Leaf], Field(max_length=LISTED_MAX)]
    next_cursor: Annotated[str, Field(max_length=LISTED_MAX)] | None


class AttestationDocument(BaseModel):
    """The document with which a statement can be proven."""

    response: Hex
    siblings: tuple[Hash, ...]
    message: Hex
    signatures: Hex
    policy: Hex | None

    @property
    def attested(self) -> Attested:
        return Attested(
            response=self.response, siblings=self.siblings, message=self.message, signatures=self.signatures
        )


_LISTING: Final = TypeAdapter(_Listing)
_EVENTS: Final = TypeAdapter(_Events)
_ATTESTATION: Final = TypeAdapter(AttestationDocument)


@dataclass(frozen=True, slots=True)
class StatementHost:
    """Every method raises SourceError without a usable answer; NotThereError, one of them, for a status 404."""

    http: httpx.Client

    @property
    def _name(self) -> str:
        """What it is called in messages."""
        return f"the statements' host {str(self.http.base_url).rstrip('/')}"

    def content(self, path: str) -> bytes:
        """A document as it is served."""
        return self._ask(path)

    def text(self, path: str) -> str:
        """A document as text."""
        return self._ask(path).decode("ascii", errors="replace")

    def epochs_before(self, epoch: int | None = None) -> Sequence[int]:
        """Epochs of the newest statements before an epoch, newest first; without an epoch, of the newest of all."""
        query = {} if epoch is None else {"cursor": str(epoch)}
        listed = [one.epoch for one in self._parsed(_LISTING, "/v1/statements", query).statements]
        return [one for one in listed if epoch is None or one < epoch]

    def attestation(self, path: str) -> AttestationDocument:
        return self._parsed(_ATTESTATION, path, {})

    def events(self, subscription_id: int, epoch: int, session_token: str) -> Sequence[str]:
        """The texts of a subscription's events, which only its owner may read."""
        require_confidential(str(self.http.base_url))
        path, query = f"/v1/subscriptions/{subscription_id}/usage/{epoch}", dict[str, str]()
        headers = {"authorization": f"Bearer {session_token}"}
        texts: list[str] = []
        for _ in range(EVENT_PAGES_MAX):
            page = self._parsed(_EVENTS, path, query, headers)
            texts += [item.leaf for item in page.items]
            if page.next_cursor is None:
                return texts
            if len(texts) > EVENTS_MAX:
                break
            query = {"cursor": page.next_cursor}
        raise SourceError(f"epoch {epoch} has more than {EVENTS_MAX} calls of subscription {subscription_id}")

    def _parsed[T](
        self, model: TypeAdapter[T], path: str, query: dict[str, str], headers: dict[str, str] | None = None
    ) -> T:
        try:
            return model.validate_json(self._ask(path, query, headers))
        except ValidationError as error:
            raise SourceError(f"{self._name} answered {path} in an unknown form") from error

    def _ask(self, path: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> bytes:
        try:
            stream = self.http.stream("GET", path, params=query or None, headers=headers)
            answer = read_answer(stream, TEXT_CHARACTERS_MAX)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{self._name} gave no answer to {path}: {error}") from error
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotThereError(f"{self._name} has no {path}")
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise SourceError(f"{self._name} refuses the session for {path}: sign in again")
        if not answer.is_success:
            raise SourceError(f"{self._name} answered {path} with {answer.status}")
        return answer.body
