"""Faults of the gate: what a caller may not choose, what is refused, and that every answer leaves its record."""

from typing import Final

from tests.mutants.fault import Fault

GATE: Final = "proxy/flareflow_gate"

TEST_REQUESTS: Final = "tests/unit/proxy/test_requests.py"
TEST_ANSWERS: Final = "tests/unit/proxy/test_answers.py"
TEST_SHIPPING: Final = "tests/unit/proxy/test_shipping.py"
TEST_ADMIN: Final = "tests/unit/proxy/test_admin.py"
TEST_CONFIGURATION: Final = "tests/unit/proxy/test_configuration.py"
TEST_PRICES: Final = "tests/unit/proxy/test_price_book.py"

FAULTS: Final = (
    Fault(
        "gate-id-of-the-caller",
        "Every call has an id that the gate made.",
        f"{GATE}/requests.py",
        '(b"x-litellm-call-id", event_id.encode()),',
        '(b"x-litellm-call-id", b"same"),',
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-headers-of-the-caller",
        "No header of the caller reaches LiteLLM but the key.",
        f"{GATE}/gate.py",
        "call.headers(caller, record.event_id))",
        'call.headers(caller, record.event_id) + scope["headers"])',
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-query-of-the-caller",
        "LiteLLM gets no query.",
        f"{GATE}/asgi.py",
        '"query_string": b"", ',
        "",
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-unknown-parameter",
        "A parameter that a route does not name is refused.",
        f"{GATE}/parameters.py",
        'it does not name is refused, and values are not converted."""\n\n    model_config = ConfigDict(extra="forbid"',
        'it does not name is refused, and values are not converted."""\n\n    model_config = ConfigDict(extra="ignore"',
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-search-by-name",
        "A tool that LiteLLM takes for web search is refused.",
        f"{GATE}/parameters.py",
        'if name == "web_search":',
        'if name == "":',
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-key-that-litellm-reads-differently",
        "A key is only letters, digits, - and _.",
        f"{GATE}/callers.py",
        "sk-[A-Za-z0-9_-]{1,253}",
        "sk-.{1,253}",
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-master-key-calls-models",
        "The master key calls no models.",
        f"{GATE}/gate.py",
        "if self.is_management_key(caller.key_hash):",
        "if not caller.key_hash:",
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-fallback-without-price",
        "A model is refused as long as one of its fallbacks has no price.",
        f"{GATE}/models.py",
        "return {model}.union(*(self.fallbacks[name] for name in names)) if names else set()",
        "return {model} if names else set()",
        [TEST_REQUESTS],
    ),
    Fault(
        "gate-name-of-a-deployment",
        "Only models that are configured may be called, not what their deployments call.",
        f"{GATE}/models.py",
        "if names else set()",
        "if names else {model}",
        [TEST_PRICES],
    ),
    Fault(
        "gate-administration-for-everybody",
        "Only the master key uses the second door.",
        f"{GATE}/admin.py",
        "if not self.is_management_key(",
        "if not str(",
        [TEST_ADMIN],
    ),
    Fault(
        "gate-no-log-switch-as-text",
        "LiteLLM's switch against no-log is set.",
        f"{GATE}/configuration.py",
        '"global_disable_no_log_param", _is_true,',
        '"global_disable_no_log_param", _is_given,',
        [TEST_CONFIGURATION],
    ),
    Fault(
        "gate-answer-before-its-record",
        "The record is stored before the answer is passed on.",
        f"{GATE}/answers.py",
        "        self._store()\n        await self._send_start()\n",
        "        await self._send_start()\n        self._store()\n",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-end-of-a-stream-before-its-record",
        "The record is stored before the end of a stream is passed on.",
        f"{GATE}/answers.py",
        "            self.is_complete = not self._has_failed\n            self._store()\n",
        "            self.is_complete = not self._has_failed\n",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-refusal-is-billed",
        "A call that LiteLLM refuses leaves no record.",
        f"{GATE}/bookkeeping.py",
        "if not answer.costs:",
        "if not record.event_id:",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-usage-not-asked-for",
        "Every stream is asked to tell its usage.",
        f"{GATE}/requests.py",
        "asks_for_usage = parameters.streams and route.protocol.has_stream_options",
        "asks_for_usage = parameters.wants_usage and route.protocol.has_stream_options",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-thinking-for-nothing",
        "A stream whose model may think unseen is read to its end.",
        f"{GATE}/requests.py",
        "return self.parameters.streams and not self.may_think",
        "return self.parameters.streams",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-fallback-thinks-for-nothing",
        "A model may think when one that may answer for it may.",
        f"{GATE}/models.py",
        "return not self.thinking.isdisjoint(self._answering(model))",
        "return model in self.thinking",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-hanging-up-ends-a-call-at-once",
        "A caller who hangs up saves nothing that was about to come.",
        f"{GATE}/hanging_up.py",
        "            await self._may_be_told()\n",
        "            pass\n",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-negative-usage",
        "Usage that cannot be is not believed.",
        f"{GATE}/usage.py",
        "Field(ge=0, le=TOKENS_MAX)",
        "Field(le=TOKENS_MAX)",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-cache-counted-twice",
        "Kinds of tokens do not overlap.",
        f"{GATE}/usage.py",
        "given + read + write if cache_is_apart else given",
        "given",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-costs-are-told",
        "Callers do not learn what a call costs the operator.",
        f"{GATE}/streams.py",
        ' if name != "cost"',
        "",
        [TEST_ANSWERS],
    ),
    Fault(
        "gate-records-lost-in-an-outage",
        "A record is forgotten only once it has been taken.",
        f"{GATE}/shipping.py",
        "if outcome is Outcome.TAKEN:",
        "if outcome is not Outcome.UNREADABLE:",
        [TEST_SHIPPING],
    ),
    Fault(
        "gate-unreadable-record-lost",
        "A record that is never taken is kept.",
        f"{GATE}/shipping.py",
        "self.outbox.reject(batch[0].event_id)",
        "self.outbox.forget([batch[0].event_id])",
        [TEST_SHIPPING],
    ),
    Fault(
        "gate-calls-of-living-gates-adopted",
        "Only calls whose gate has died are released without an ending.",
        f"{GATE}/outbox.py",
        "AND gate NOT IN (SELECT value FROM json_each(?))",
        "AND ? IS NOT NULL",
        [TEST_ANSWERS],
    ),
)
