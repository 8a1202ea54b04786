"""Spellings of a model: prefixes, versions and dates are taken away, and nothing that makes it another model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.metering.model_names import spellings

NAMES = st.text(alphabet="abgpt4o-./:@0123456789vus ", max_size=40)


@pytest.mark.parametrize(
    ("spelling", "model"),
    [
        ("openai/gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("azure/eu/gpt-4o-2024-11-20", "gpt-4o"),
        ("azure/eu/gpt-4o-2024-11-20", "azure/eu/gpt-4o"),
        ("openrouter/openai/gpt-4o", "gpt-4o"),
        ("gpt-4-0613", "gpt-4"),
        ("gpt-4-32k-0314", "gpt-4-32k"),
        ("claude-3-opus-20240229", "claude-3-opus"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("anthropic/claude-3-opus-20240229", "claude-3-opus"),
        ("vertex_ai/claude-3-opus@20240229", "claude-3-opus"),
        ("vertex_ai/claude-sonnet-4@default", "claude-sonnet-4"),
        ("bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet"),
        ("bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
        ("bedrock/converse/us-gov.anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-opus-20240229-v1:0", "claude-3-opus"),
        ("mistral/mistral-large-2402", "mistral-large"),
        ("cohere/command-r-08-2024", "command-r"),
        ("o1-pro-2025-03-19", "o1-pro"),
        ("GPT-4o", "gpt-4o"),
    ],
)
def test_a_dated_or_prefixed_name_is_a_spelling(spelling: str, model: str) -> None:
    assert model in spellings(spelling)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("gpt-4o-mini", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o"),
        ("gpt-4o-audio-preview-2024-12-17", "gpt-4o"),
        ("o1-pro", "o1"),
        ("o1-pro-2025-03-19", "o1"),
        ("gpt-4.1-mini", "1-mini"),
        ("gpt-4.1", "gpt-4"),
        ("gpt-4-1106-preview", "gpt-4"),
        ("gpt-4-32k", "gpt-4"),
        ("gpt-3.5-turbo-16k-0613", "gpt-3.5-turbo"),
        ("claude-3-5-haiku-20241022", "claude-3"),
        ("claude-opus-4-1-20250805", "claude-opus-4"),
        ("claude-opus-4-10", "claude-opus"),
        ("azure/hd/1024-x-1792/dall-e-3", "dall-e-3"),
        ("azure/standard/1024x1024/dall-e-3", "dall-e-3"),
        ("50-steps/amazon.nova-canvas-v1:0", "nova-canvas"),
        ("bedrock/*/1-month-commitment/anthropic.claude-v2:1", "claude-v2"),
        ("ft:gpt-4o-2024-08-06:org::id", "gpt-4o"),
        ("ollama/llama3:70b", "llama3"),
        ("text-embedding-3-large", "text-embedding-3"),
        ("llama-3.1-405b", "llama-3.1"),
        ("mistral-medium-2199", "mistral-medium"),
        ("some-model-4096", "some-model"),
        ("some-model-1332", "some-model"),
        ("some-model-0000", "some-model"),
        ("some-model-20\N{ARABIC-INDIC DIGIT TWO}4-08-06", "some-model"),
        ("anthropic.some-model-v\N{FULLWIDTH DIGIT ONE}:0", "anthropic.some-model"),
        ("x/", ""),
        ("us.", ""),
        ("-2024-08-06", ""),
    ],
)
def test_another_model_is_no_spelling(name: str, other: str) -> None:
    assert other not in spellings(name)


@given(NAMES)
def test_spellings_begin_with_the_name_and_each_is_its_own_ending_and_shorter(name: str) -> None:
    whole = name.strip().lower()
    first, *others = spellings(name)
    assert first == whole
    assert all(one and len(one) < len(whole) and one in whole for one in others)


@given(NAMES)
def test_a_spelling_has_no_spellings_that_the_name_does_not_have(name: str) -> None:
    known = set(spellings(name))
    plain = spellings(name)[-1]
    assert plain in known
