"""What an answer says it used, whichever API it speaks.

Sources: OpenAI's chat, completions, embeddings and responses objects, Anthropic's messages object and stream events.
All of them come from LiteLLM, and are believed only through these models.
"""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field, ValidationError

from flareflow.metering.calls import Tokens

TOKENS_MAX: Final = 10**9

_OF_INPUT: Final = frozenset(
    {
        *("prompt_tokens", "prompt_tokens_details", "input_tokens", "input_tokens_details"),
        *("cache_read_input_tokens", "cache_creation_input_tokens"),
    }
)
_OF_OUTPUT: Final = frozenset(
    {"completion_tokens", "completion_tokens_details", "output_tokens", "output_tokens_details"}
)

type Count = Annotated[int, Field(ge=0, le=TOKENS_MAX)]


class _Cached(BaseModel):
    audio_tokens: Count | None = None


class _InputDetails(BaseModel):
    cached_tokens: Count | None = None
    cached_tokens_details: _Cached | None = None
    cache_creation_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None

    @property
    def audio(self) -> int:
        """Tokens of sound that were not read from a cache."""
        cached = self.cached_tokens_details.audio_tokens if self.cached_tokens_details else None
        return max(0, (self.audio_tokens or 0) - (cached or 0))


class _OutputDetails(BaseModel):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None


class _Usage(BaseModel):
    """The usage objects of all APIs in one: OpenAI's two generations and Anthropic's."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None

    def tokens(self, *, cache_is_apart: bool) -> Tokens:
        """`cache_is_apart`: Anthropic's `input_tokens` leave out what was read from or written to the cache."""
        told = self.prompt_tokens_details or self.input_tokens_details or _InputDetails()
        written = self.completion_tokens_details or self.output_tokens_details or _OutputDetails()
        read = self.cache_read_input_tokens or told.cached_tokens or 0
        write = self.cache_creation_input_tokens or told.cache_creation_tokens or told.cache_write_tokens or 0
        given = self.prompt_tokens or self.input_tokens or 0
        return Tokens.of_parts(
            input_tokens=given + read + write if cache_is_apart else given,
            output_tokens=self.completion_tokens or self.output_tokens or 0,
            cache_read=read,
            cache_write=write,
            audio_input=told.audio,
            reasoning=written.reasoning_tokens or 0,
            audio_output=written.audio_tokens or 0,
        )

    def with_earlier(self, earlier: Self | None) -> "_Usage":
        """This, and what an earlier event of the same stream said that this one does not.

        An event without any tokens of input, or of output, says nothing of them: some providers fill in zeros.
        """
        if earlier is None:
            return self
        told = self.tokens(cache_is_apart=True)
        silent = (frozenset() if told.input else _OF_INPUT) | (frozenset() if told.output else _OF_OUTPUT)
        later = self.model_dump(exclude_none=True, exclude=set(silent))
        return _Usage.model_validate(earlier.model_dump(exclude_none=True) | later)


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
        """None where the answer told no usage, or one without a single token, which no call has."""
        tokens = self._usage.tokens(cache_is_apart=self._cache_is_apart) if self._usage else None
        return tokens if tokens and tokens.total else None
