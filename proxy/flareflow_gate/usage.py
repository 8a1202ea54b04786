"""What an answer says it used, whichever API it speaks.

Sources: OpenAI's chat, completions, embeddings and responses objects, Anthropic's messages object and stream events.
All of them come from LiteLLM, and are believed only through these models.
"""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field, ValidationError

TOKENS_MAX: Final = 10**9

type Count = Annotated[int, Field(ge=0, le=TOKENS_MAX)]


class Tokens(BaseModel):
    """Tokens of one call by kind. The kinds do not overlap, so their sum is what the call used.

    `prompt`: input that was neither read from nor written to a cache. `completion`: output, reasoning included, since
    providers charge both alike.
    """

    prompt: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    completion: Count = 0

    @property
    def total(self) -> int:
        return self.prompt + self.cache_read + self.cache_write + self.completion


class _Details(BaseModel):
    cached_tokens: Count | None = None
    cache_creation_tokens: Count | None = None


class _Usage(BaseModel):
    """The usage objects of all APIs in one: OpenAI's two generations and Anthropic's."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: _Details | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None

    def tokens(self, *, cache_is_apart: bool) -> Tokens:
        """`cache_is_apart`: Anthropic's `input_tokens` leave out what was read from or written to the cache."""
        details = self.prompt_tokens_details or self.input_tokens_details or _Details()
        read = self.cache_read_input_tokens or details.cached_tokens or 0
        write = self.cache_creation_input_tokens or details.cache_creation_tokens or 0
        given = self.prompt_tokens or self.input_tokens or 0
        prompt = given if cache_is_apart else max(0, given - read - write)
        return Tokens(
            prompt=prompt,
            cache_read=read,
            cache_write=write,
            completion=self.completion_tokens or self.output_tokens or 0,
        )

    def with_earlier(self, earlier: Self | None) -> "_Usage":
        """This, and what an earlier event of the same stream said that this one does not."""
        if earlier is None:
            return self
        return _Usage.model_validate(earlier.model_dump(exclude_none=True) | self.model_dump(exclude_none=True))


class _Holder(BaseModel):
    """An object that may carry the answering model and its usage."""

    model: str | None = None
    usage: _Usage | None = None


class _Event(_Holder):
    """A whole answer, or one event of a stream: some carry the object one level down."""

    response: _Holder | None = None  # the Responses API's `response.completed`
    message: _Holder | None = None  # Anthropic's `message_start`


class UsageReader:
    """Collects what the answer, or the events of a stream, say of model and usage."""

    def __init__(self, *, cache_is_apart: bool) -> None:
        self._cache_is_apart = cache_is_apart
        self._usage: _Usage | None = None
        self.model: str | None = None

    def read(self, document: Any) -> None:
        """Take in one parsed JSON value; what has another form says nothing."""
        try:
            event = _Event.model_validate(document)
        except ValidationError:
            return
        for holder in (event, event.response, event.message):
            if holder is None:
                continue
            self.model = holder.model or self.model
            if holder.usage is not None:
                self._usage = holder.usage.with_earlier(self._usage)

    @property
    def tokens(self) -> Tokens | None:
        """None where the answer told no usage."""
        return None if self._usage is None else self._usage.tokens(cache_is_apart=self._cache_is_apart)
