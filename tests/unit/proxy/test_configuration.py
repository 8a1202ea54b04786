"""The gate does not start on a configuration of LiteLLM's that lets calls go uncounted."""

from pathlib import Path
from typing import Any

import pytest

from flareflow_gate.configuration import UnsafeConfigurationError, base_models, check, fallbacks, load, thinking


@pytest.fixture
def safe() -> dict[str, Any]:
    return {
        "litellm_settings": {"global_disable_no_log_param": True, "request_timeout": 600},
        "general_settings": {"master_key": "sk-master", "database_url": "postgresql://host/litellm"},
        "model_list": [{"model_name": "gpt-4o", "litellm_params": {"model": "openai/gpt-4o"}}],
    }


def test_a_safe_configuration_is_accepted(safe: dict[str, Any]) -> None:
    check(safe, {})


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("litellm_settings", "global_disable_no_log_param", None),
        ("litellm_settings", "global_disable_no_log_param", "true"),
        ("litellm_settings", "request_timeout", None),
        ("litellm_settings", "request_timeout", 0),
        ("litellm_settings", "request_timeout", 601),
        ("litellm_settings", "request_timeout", True),
        ("litellm_settings", "user_url_validation", False),
        ("litellm_settings", "callbacks", ["prometheus", "websearch_interception"]),
        ("litellm_settings", "callbacks", "code_interpreter_interception"),
        ("litellm_settings", "model_alias_map", {"gpt-4o": "o1-pro"}),
        ("general_settings", "master_key", None),
        ("general_settings", "master_key", "os.environ/NOT_SET_ANYWHERE"),
        ("general_settings", "master_key", "sk-with a space"),
        ("general_settings", "database_url", None),
        ("general_settings", "disable_spend_logs", True),
        ("general_settings", "disable_spend_updates", True),
        ("general_settings", "maximum_spend_logs_retention_period", "1d"),
        ("general_settings", "maximum_spend_logs_retention_period", "12h"),
        ("general_settings", "allow_requests_on_db_unavailable", True),
        ("general_settings", "store_model_in_db", True),
        ("general_settings", "completion_model", "gpt-4"),
        ("general_settings", "pass_through_endpoints", [{"path": "/x"}]),
        ("general_settings", "custom_auth", "module.function"),
        ("general_settings", "litellm_key_header_name", "x-key"),
        ("general_settings", "forward_client_headers_to_llm_api", True),
    ],
)
def test_a_setting_that_breaks_a_rule_is_named(safe: dict[str, Any], section: str, name: str, value: object) -> None:
    safe[section][name] = value
    with pytest.raises(UnsafeConfigurationError, match=f"{section}.{name}: "):
        check(safe, {})


def test_the_retention_of_the_spend_log_may_be_long(safe: dict[str, Any]) -> None:
    safe["general_settings"]["maximum_spend_logs_retention_period"] = "30d"
    check(safe, {})


@pytest.mark.parametrize(
    "parameters",
    [
        {"model": "openai/gpt-4o", "configurable_clientside_auth_params": ["api_base"]},
        {"model": "openai/gpt-4o", "fallbacks": ["o1-pro"]},
        {"model": "openai/gpt-4o", "context_window_fallback_dict": {"gpt-4o": "o1-pro"}},
        {"model": "openai/gpt-4o", "silent_model": "gpt-4"},
        {"model": "auto_router/complexity_router"},
    ],
)
def test_an_unsafe_deployment_is_named(safe: dict[str, Any], parameters: dict[str, object]) -> None:
    safe["model_list"].append({"model_name": "odd", "litellm_params": parameters})
    with pytest.raises(UnsafeConfigurationError, match="model_list odd: "):
        check(safe, {})


@pytest.mark.parametrize(
    ("name", "calls", "information"),
    [
        ("any/*", "openai/o1-pro", {}),
        ("*", "openai/*", {"base_model": "openai/o1-pro"}),
        ("gpt-4o,o1-pro", "openai/gpt-4o", {}),
    ],
    ids=["one model under many names", "one base model under many names", "a list"],
)
def test_a_name_that_would_not_tell_the_model_is_refused(
    safe: dict[str, Any], name: str, calls: str, information: dict[str, str]
) -> None:
    safe["model_list"] = [{"model_name": name, "litellm_params": {"model": calls}, "model_info": information}]
    with pytest.raises(UnsafeConfigurationError, match=r"model_list .*: "):
        check(safe, {})


@pytest.mark.parametrize("name", ["openai/*", "*", "mine/*"])
def test_a_pattern_that_calls_what_is_asked_for_is_accepted(safe: dict[str, Any], name: str) -> None:
    safe["model_list"] = [{"model_name": name, "litellm_params": {"model": "openai/*"}}]
    check(safe, {})


@pytest.mark.parametrize("name", ["LITELLM_CONFIG_BUCKET_NAME", "STORE_MODEL_IN_DB"])
def test_a_variable_that_goes_round_the_file_is_named(safe: dict[str, Any], name: str) -> None:
    with pytest.raises(UnsafeConfigurationError, match=name):
        check(safe, {name: "anything"})


def test_files_that_the_configuration_includes_are_refused(safe: dict[str, Any]) -> None:
    with pytest.raises(UnsafeConfigurationError, match="include"):
        check(safe | {"include": ["more.yaml"]}, {})


def test_all_reasons_are_told_at_once() -> None:
    with pytest.raises(UnsafeConfigurationError) as refused:
        check({}, {})
    assert str(refused.value).count("needed") == 3


def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("- a list")
    with pytest.raises(UnsafeConfigurationError, match="not a LiteLLM configuration"):
        load(file)


def test_fallbacks_of_fallbacks_and_targets_of_aliases_may_answer(safe: dict[str, Any]) -> None:
    # Given fallbacks in all the forms that LiteLLM reads
    safe["router_settings"] = {
        "fallbacks": [{"gpt-4o": ["second"]}, {"second": [{"model": "third"}]}],
        "model_group_alias": {"alias": "gpt-4o", "hidden": {"model": "second", "hidden": True}},
    }
    safe["litellm_settings"] |= {"context_window_fallbacks": [{"gpt-4o": ["long"]}], "default_fallbacks": ["last"]}
    # When asked which models may answer for which
    found = fallbacks(safe)
    # Then all that can be reached are told
    assert found["gpt-4o"] == {"second", "third", "long", "last"}
    assert found["alias"] == {"gpt-4o", "second", "third", "long", "last"}
    assert found["hidden"] == {"second", "third", "last"}


def test_what_the_deployments_of_a_model_call_is_told_by_their_base_model_or_their_name(safe: dict[str, Any]) -> None:
    safe["model_list"] = [
        {"model_name": "gpt-4o", "litellm_params": {"model": "openai/gpt-4o"}},
        {
            "model_name": "gpt-4o",
            "litellm_params": {"model": "azure/mine"},
            "model_info": {"base_model": "azure/gpt-4o"},
        },
        {"model_name": "openai/*", "litellm_params": {"model": "openai/*"}},
    ]
    assert base_models(safe) == {"gpt-4o": {"openai/gpt-4o", "azure/gpt-4o"}}


def test_a_model_may_think_when_litellm_or_the_configuration_says_so(safe: dict[str, Any]) -> None:
    # Given a model that LiteLLM knows, one that the operator describes, and one that only writes
    safe["model_list"] = [
        {"model_name": "known", "litellm_params": {"model": "openai/o3"}},
        {"model_name": "described", "litellm_params": {"model": "own/x"}, "model_info": {"supports_reasoning": True}},
        {"model_name": "plain", "litellm_params": {"model": "openai/gpt-4o"}, "model_info": None},
    ]
    # When they are looked up, Then the first two may think
    thinks = thinking(safe, lambda model: model == "openai/o3")
    assert [thinks(model) for model in ("known", "described", "plain", "unknown")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("model_name", "calls", "asked", "may_think"),
    [
        ("openai/*", "openai/*", "openai/o3", True),
        ("openai/*", "openai/*", "openai/gpt-4o", False),
        ("mine/*", "openai/*", "mine/o3", True),
        ("*", "openai/*", "o3", True),
        ("deep-*", "openai/o3", "deep-anything", True),
    ],
)
def test_a_model_that_a_pattern_covers_thinks_like_what_is_called_for_it(
    safe: dict[str, Any], model_name: str, calls: str, asked: str, may_think: bool
) -> None:
    safe["model_list"] = [{"model_name": model_name, "litellm_params": {"model": calls}}]
    assert thinking(safe, lambda model: model == "openai/o3")(asked) is may_think


def test_a_model_with_a_deployment_of_its_own_is_not_answered_by_a_pattern(safe: dict[str, Any]) -> None:
    safe["model_list"] = [
        {"model_name": "openai/*", "litellm_params": {"model": "openai/*"}},
        {"model_name": "openai/o3", "litellm_params": {"model": "own/plain"}},
    ]
    assert not thinking(safe, lambda model: model == "openai/o3")("openai/o3")
