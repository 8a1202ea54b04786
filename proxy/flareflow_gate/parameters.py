"""The request parameters that each route may have.

Every field that OpenAI, Anthropic or LiteLLM document was decided on: the ones below are forwarded as they came, all
others are refused. A field is refused when it

- changes how LiteLLM routes, prices, logs or retries a call (`no-log`, `metadata`, `litellm_*`, `fallbacks`, `mock_*`,
  `api_base`, `custom_llm_provider`, `num_retries`, `tags`, `guardrails`, `caching`, cost fields, ...);
- makes one request more than one call of one model (lists of models, `mcp` and other tools that a server runs, also
  where they hide in `input`, `functions` or a message; summing a conversation up);
- is answered or billed later (`background`, stored prompts, conversations and responses, batches);
- has a price of its own that the price book does not know (`service_tier`, web search, `speed`, `inference_geo`).
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MESSAGES_MAX: Final = 10_000
TOOLS_MAX: Final = 1_000
CHOICES_MAX: Final = 128
OUTPUT_TOKENS_MAX: Final = 10_000_000
INPUT_ITEMS: Final = (
    *(None, "message", "reasoning"),
    *("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"),
)
"""What an item of a conversation may be in the Responses API; a message needs no type."""

type ModelName = Annotated[str, StringConstraints(min_length=1, max_length=256)]
type OutputTokens = Annotated[int, Field(ge=1, le=OUTPUT_TOKENS_MAX)]
type Choices = Annotated[int, Field(ge=1, le=CHOICES_MAX)]
type Name = Annotated[str, StringConstraints(max_length=512)]
type Message = dict[str, Any]
type AsItIs = Any
"""A value that LiteLLM hands to the model's provider and does not use itself."""


class Strict(BaseModel):
    """What it does not name is refused, and values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Parameters(Strict):
    """What all routes have; a parameter that a route does not name is refused."""

    model: ModelName

    @property
    def streams(self) -> bool:
        return getattr(self, "stream", None) is True

    @property
    def wants_usage(self) -> bool:
        """Whether the caller asked for the usage at the end of a stream."""
        options: StreamOptions | None = getattr(self, "stream_options", None)
        return options is not None and options.include_usage is True


class StreamOptions(Strict):
    """How a stream of chat or text completions ends."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class FunctionTool(Strict):
    """A tool that the caller runs. The other types are run by a server, at a price of their own."""

    type: Literal["function", "custom"]
    function: AsItIs = None
    custom: AsItIs = None
    cache_control: AsItIs = None


class Function(Strict):
    """What the caller can run, as requests told it before there were tools. LiteLLM reads all else as a tool."""

    name: Name
    description: AsItIs = None
    parameters: AsItIs = None


class ChatCompletion(Parameters):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=MESSAGES_MAX)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: OutputTokens | None = None
    max_completion_tokens: OutputTokens | None = None
    n: Choices | None = None
    temperature: AsItIs = None
    top_p: AsItIs = None
    stop: AsItIs = None
    presence_penalty: AsItIs = None
    frequency_penalty: AsItIs = None
    logit_bias: AsItIs = None
    logprobs: AsItIs = None
    top_logprobs: AsItIs = None
    response_format: AsItIs = None
    seed: AsItIs = None
    tools: Annotated[list[FunctionTool], Field(max_length=TOOLS_MAX)] | None = None
    tool_choice: AsItIs = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[Function], Field(max_length=TOOLS_MAX)] | None = None
    function_call: AsItIs = None
    reasoning_effort: AsItIs = None
    thinking: AsItIs = None
    verbosity: AsItIs = None
    prediction: AsItIs = None
    modalities: list[Literal["text"]] | None = None
    service_tier: Literal["auto", "default"] | None = None
    store: Literal[False] | None = None
    user: Name | None = None
    safety_identifier: Name | None = None
    prompt_cache_key: Name | None = None


class TextCompletion(Parameters):
    """`POST /v1/completions`; one prompt, since several would be several calls."""

    prompt: str | Annotated[list[int], Field(min_length=1)] | Annotated[list[str], Field(min_length=1, max_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: OutputTokens | None = None
    n: Choices | None = None
    best_of: Choices | None = None
    echo: bool | None = None
    suffix: AsItIs = None
    temperature: AsItIs = None
    top_p: AsItIs = None
    stop: AsItIs = None
    presence_penalty: AsItIs = None
    frequency_penalty: AsItIs = None
    logit_bias: AsItIs = None
    logprobs: AsItIs = None
    seed: AsItIs = None
    user: Name | None = None


class Embedding(Parameters):
    """`POST /v1/embeddings`."""

    input: str | Annotated[list[str] | list[int] | list[list[int]], Field(min_length=1)]
    dimensions: AsItIs = None
    encoding_format: Literal["float", "base64"] | None = None
    user: Name | None = None


class ResponsesTool(Strict):
    """A tool that the caller runs, as the Responses API writes it."""

    type: Literal["function", "custom"]
    name: Name
    description: AsItIs = None
    parameters: AsItIs = None
    strict: AsItIs = None
    format: AsItIs = None


def _of_a_conversation(item: Message) -> Message:
    """Items of other types bring tools with them, or stand for what is stored at the provider."""
    if item.get("type") not in INPUT_ITEMS:
        raise ValueError(f"an item has one of the types {', '.join(filter(None, INPUT_ITEMS))}")
    return item


type InputItem = Annotated[Message, AfterValidator(_of_a_conversation)]


class Response(Parameters):
    """`POST /v1/responses`, without what is stored at the provider or answered later."""

    input: str | Annotated[list[InputItem], Field(min_length=1, max_length=MESSAGES_MAX)]
    instructions: AsItIs = None
    stream: bool | None = None
    max_output_tokens: OutputTokens | None = None
    temperature: AsItIs = None
    top_p: AsItIs = None
    top_logprobs: AsItIs = None
    text: AsItIs = None
    reasoning: AsItIs = None
    tools: Annotated[list[ResponsesTool], Field(max_length=TOOLS_MAX)] | None = None
    tool_choice: AsItIs = None
    parallel_tool_calls: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    include: list[Literal["reasoning.encrypted_content", "message.output_text.logprobs"]] | None = None
    background: Literal[False] | None = None
    service_tier: Literal["auto", "default"] | None = None
    store: Literal[False] | None = None
    user: Name | None = None
    safety_identifier: Name | None = None
    prompt_cache_key: Name | None = None


def _no_search(name: str) -> str:
    """LiteLLM takes a tool of this name for web search, which a server runs, whatever its type is."""
    if name == "web_search":
        raise ValueError("a tool of the caller's has another name")
    return name


class AnthropicTool(Strict):
    """A tool that the caller runs, as Anthropic writes it."""

    type: Literal["custom"] | None = None
    name: Annotated[Name, AfterValidator(_no_search)]
    input_schema: Message
    description: AsItIs = None
    cache_control: AsItIs = None
    strict: AsItIs = None
    eager_input_streaming: AsItIs = None
    input_examples: AsItIs = None


class AnthropicUser(Strict):
    """`metadata` of Anthropic's API; LiteLLM would take other fields in it for its own."""

    user_id: Name | None = None


class ContextEdit(Strict):
    """What the model is not shown of a long conversation. To sum it up instead would be a second call."""

    type: Literal["clear_tool_uses_20250919", "clear_thinking_20251015"]
    trigger: AsItIs = None
    keep: AsItIs = None
    clear_at_least: AsItIs = None
    clear_tool_inputs: AsItIs = None
    exclude_tools: AsItIs = None


class ContextManagement(Strict):
    """`context_management` of Anthropic's API."""

    edits: Annotated[list[ContextEdit], Field(max_length=TOOLS_MAX)] | None = None


class AnthropicMessages(Parameters):
    """`POST /v1/messages`."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=MESSAGES_MAX)]
    max_tokens: OutputTokens
    stream: bool | None = None
    system: AsItIs = None
    stop_sequences: AsItIs = None
    temperature: AsItIs = None
    top_k: AsItIs = None
    top_p: AsItIs = None
    thinking: AsItIs = None
    tools: Annotated[list[AnthropicTool], Field(max_length=TOOLS_MAX)] | None = None
    tool_choice: AsItIs = None
    cache_control: AsItIs = None
    output_config: AsItIs = None
    context_management: ContextManagement | None = None
    metadata: AnthropicUser | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
