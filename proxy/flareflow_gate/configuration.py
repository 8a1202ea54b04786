"""What LiteLLM's configuration must say, so that nothing undoes what the gate does; checked before LiteLLM starts."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from flareflow_gate.callers import KEY

CALL_SECONDS_MAX: Final = 600
"""Polls of the spend log look back two minutes more."""
RETENTION_DAYS_MIN: Final = 7

type Configuration = Mapping[str, Any]

_RETENTION: Final = re.compile(r"(\d+)d")
_ENVIRONMENT: Final = "os.environ/"


class UnsafeConfigurationError(Exception):
    """The configuration lets calls go uncounted; the message lists every reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting and what it has to be; `because` is what goes wrong otherwise."""

    section: str
    name: str
    holds: Callable[[Any], bool]
    because: str


def _is_true(value: Any) -> bool:
    return value is True


def _is_off(value: Any) -> bool:
    return value in (None, False, [], {}, "")


def _is_not_off(value: Any) -> bool:
    return value in (None, True)


def _has_no_interception(value: Any) -> bool:
    return not any(str(one).endswith("_interception") for one in (value if isinstance(value, list) else [value]))


def _is_given(value: Any) -> bool:
    return bool(value)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and KEY.fullmatch(resolved(value)) is not None


def _is_short_enough(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= CALL_SECONDS_MAX


def _is_long_enough(value: Any) -> bool:
    found = _RETENTION.fullmatch(value) if isinstance(value, str) else None
    return value is None or (found is not None and int(found[1]) >= RETENTION_DAYS_MIN)


RULES: Final = (
    Rule("litellm_settings", "global_disable_no_log_param", _is_true, "a request could ask not to be logged"),
    Rule(
        *("litellm_settings", "request_timeout", _is_short_enough),
        f"needed, at most {CALL_SECONDS_MAX} seconds: a longer call would end after the last poll that looks for it",
    ),
    Rule("litellm_settings", "user_url_validation", _is_not_off, "images could be fetched from the inner network"),
    Rule("litellm_settings", "callbacks", _has_no_interception, "one request would be several calls of a model"),
    Rule("litellm_settings", "model_alias_map", _is_off, "another model would answer than the request names"),
    Rule("general_settings", "master_key", _is_key, "needed, sk- and then letters, digits, - and _"),
    Rule("general_settings", "database_url", _is_given, "needed: there would be no spend log"),
    Rule("general_settings", "disable_spend_logs", _is_off, "there would be no spend log"),
    Rule("general_settings", "disable_spend_updates", _is_off, "the spend of keys would stand still"),
    Rule(
        *("general_settings", "maximum_spend_logs_retention_period", _is_long_enough),
        f"at least {RETENTION_DAYS_MIN} days, as '30d': rows would be deleted before the last look for late ones",
    ),
    Rule("general_settings", "allow_requests_on_db_unavailable", _is_off, "unknown keys would be answered"),
    Rule("general_settings", "store_model_in_db", _is_off, "settings in the database could differ from these"),
    Rule("general_settings", "completion_model", _is_off, "another model would answer than the request names"),
    Rule("general_settings", "infer_model_from_keys", _is_off, "models would answer that are not listed"),
    Rule("general_settings", "pass_through_endpoints", _is_off, "calls would go to providers without being counted"),
    Rule("general_settings", "custom_auth", _is_off, "callers would not be known by their virtual keys"),
    Rule("general_settings", "enable_jwt_auth", _is_off, "callers would not be known by their virtual keys"),
    Rule("general_settings", "enable_oauth2_auth", _is_off, "callers would not be known by their virtual keys"),
    Rule(
        "general_settings", "litellm_key_header_name", _is_off, "keys would be read from a header that is not checked"
    ),
    Rule("general_settings", "forward_client_headers_to_llm_api", _is_off, "callers could steer the provider"),
)
UNSAFE_DEPLOYMENTS: Final = {
    "configurable_clientside_auth_params": "a caller could name the provider's address",
    "silent_model": "a second model would be called that nobody pays for",
    "fallbacks": "other models would answer than the gate knows; router_settings.fallbacks may name them",
    "context_window_fallback_dict": "other models would answer than the gate knows",
}
FALLBACKS: Final = ("fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
ENVIRONMENT: Final = {
    "LITELLM_CONFIG_BUCKET_NAME": "LiteLLM would read another configuration than the one that was checked",
    "STORE_MODEL_IN_DB": "settings in the database could differ from these",
}


def check(configuration: Configuration, environment: Mapping[str, str]) -> None:
    """Raises UnsafeConfigurationError unless every rule holds."""
    reasons = [*_broken_rules(configuration), *_unsafe_deployments(configuration)]
    reasons += [f"{name} is set: {because}" for name, because in ENVIRONMENT.items() if environment.get(name)]
    if "include" in configuration:
        reasons.append("include: other files would not be checked")
    if reasons:
        raise UnsafeConfigurationError("; ".join(reasons))


def _broken_rules(configuration: Configuration) -> Iterator[str]:
    for rule in RULES:
        section = configuration.get(rule.section) or {}
        if not rule.holds(section.get(rule.name)):
            yield f"{rule.section}.{rule.name}: {rule.because}"


def _unsafe_deployments(configuration: Configuration) -> Iterator[str]:
    for deployment in configuration.get("model_list") or ():
        name, parameters = deployment.get("model_name"), deployment.get("litellm_params") or {}
        for parameter, because in UNSAFE_DEPLOYMENTS.items():
            if parameters.get(parameter):
                yield f"model_list {name}: {parameter}: {because}"
        if str(parameters.get("model")).startswith("auto_router/"):
            yield f"model_list {name}: auto_router: other models would answer than the request names"
        if "," in str(name):
            yield f"model_list {name}: LiteLLM takes a name with a comma for a list of models"
        if "*" in str(name) and "*" not in _called(deployment, str(name)):
            yield f"model_list {name}: one model for many names: a caller could choose its price by the name"


def load(file: Path | None = None) -> Configuration:
    """LiteLLM's configuration file, by default the one that LiteLLM itself will read."""
    path = file or Path(os.environ["CONFIG_FILE_PATH"])
    content = yaml.safe_load(path.read_text())
    if not isinstance(content, dict):
        raise UnsafeConfigurationError(f"{path} is not a LiteLLM configuration")
    return content


def resolved(value: str) -> str:
    """A setting, read from the environment where it says so as LiteLLM's settings can; empty where that has none."""
    name = value.removeprefix(_ENVIRONMENT)
    return value if name == value else os.environ.get(name, "")


def base_models(configuration: Configuration) -> dict[str, frozenset[str]]:
    """For each model, what its deployments call. A deployment for any name (`openai/*`) calls what is asked for."""
    found: dict[str, set[str]] = {}
    for deployment in configuration.get("model_list") or ():
        called = _called(deployment, str(deployment["model_name"]))
        if "*" not in called:
            found.setdefault(str(deployment["model_name"]), set()).add(called)
    return {model: frozenset(called) for model, called in found.items()}


def fallbacks(configuration: Configuration) -> dict[str, frozenset[str]]:
    """For each model, all that LiteLLM may have answer in its place: fallbacks of fallbacks, and targets of aliases."""
    direct, always = _direct_fallbacks(configuration)
    models = {str(deployment.get("model_name")) for deployment in configuration.get("model_list") or ()}
    return {model: frozenset(_reachable(model, direct, always)) for model in models | direct.keys()}


def thinking(configuration: Configuration, supports_reasoning: Callable[[str], bool]) -> Callable[[str], bool]:
    """Whether a model may think: LiteLLM knows that, or its `model_info` says `supports_reasoning`.

    A deployment for any name (`openai/*`) calls what is asked for.
    """
    deployments = configuration.get("model_list") or ()

    def thinks(model: str) -> bool:
        names = {str(one["model_name"]) for one in deployments}
        chosen = [one for one in deployments if one["model_name"] == model] or [
            one for one in deployments if model not in names and fnmatchcase(model, str(one["model_name"]))
        ]
        described = any((one.get("model_info") or {}).get("supports_reasoning") for one in chosen)
        return described or any(supports_reasoning(_called(one, model)) for one in chosen)

    return cache(thinks)


def _called(deployment: Mapping[str, Any], model: str) -> str:
    """What a deployment calls for a model that it answers: its base model, or its own with `*` replaced."""
    called = str((deployment.get("model_info") or {}).get("base_model") or deployment["litellm_params"]["model"])
    before, star, after = str(deployment["model_name"]).partition("*")
    return called.replace("*", model.removeprefix(before).removesuffix(after)) if star else called


def _direct_fallbacks(configuration: Configuration) -> tuple[dict[str, set[str]], set[str]]:
    direct: dict[str, set[str]] = {}
    always: set[str] = set()
    for section in ("router_settings", "litellm_settings"):
        settings = configuration.get(section) or {}
        for entry in (entry for name in FALLBACKS for entry in settings.get(name) or ()):
            for model, targets in (entry if isinstance(entry, dict) else {"*": [entry]}).items():
                (always if model == "*" else direct.setdefault(model, set())).update(map(_target, targets))
        for alias, target in (settings.get("model_group_alias") or {}).items():
            direct.setdefault(alias, set()).add(_target(target))
    return direct, always


def _target(given: Any) -> str:
    return str(given["model"] if isinstance(given, dict) else given)


def _reachable(model: str, direct: Mapping[str, set[str]], always: set[str]) -> set[str]:
    found: set[str] = set()
    ahead = [model]
    while ahead:
        new = (direct.get(ahead.pop(), set()) | always) - found - {model}
        found |= new
        ahead.extend(new)
    return found
