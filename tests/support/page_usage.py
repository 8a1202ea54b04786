"""The table of calls as somebody sees it change, by the browser's own clock."""

from dataclasses import dataclass
from typing import Any, Final, TypedDict

from playwright.sync_api import Page

STATES: Final = ("Pending", "Sealed", "Attested", "Settled")
WATCH: Final = """() => {
  const seen = (window.seenCalls = []);
  const look = () => {
    const rows = document.querySelectorAll('table[aria-label="All calls, the newest first"] tr[data-row]');
    const state = rows[0]?.querySelector(".stage")?.textContent ?? "";
    const last = seen.at(-1);
    if (last?.rows === rows.length && last?.state === state) return;
    const shown = { rows: rows.length, state, at: Infinity };
    seen.push(shown);
    requestAnimationFrame(() => (shown.at = performance.now()));
  };
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
CALL: Final = """async ({ key, model }) => {
  const { models_url: url } = await (await fetch("/v1/deployment")).json();
  const ask = () => fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] }),
  });
  let answer = await ask();
  for (let busy = 0; answer.status === 503 && busy < 100; busy++) answer = await ask();
  const text = await answer.text();
  return { status: answer.status, text, at: performance.now() };
}"""

MORE_ROWS: Final = "(before) => window.seenCalls.some(({ rows, at }) => rows > before && at < Infinity)"


class Shown(TypedDict):
    """How many calls the table showed, with the state of the newest, from a moment on."""

    rows: int
    state: str
    at: float


@dataclass(frozen=True)
class CallTable:
    """The table of calls of a view that is open, watched since `watch`."""

    page: Page

    @classmethod
    def watch(cls, page: Page) -> "CallTable":
        page.evaluate(WATCH)
        return cls(page)

    @property
    def seen(self) -> list[Shown]:
        """All that it has shown, in order."""
        seen: list[Shown] = self.page.evaluate("() => window.seenCalls")
        return seen

    def call(self, key: str, model: str = "gpt-4o") -> float:
        """Make a call in the browser; the milliseconds from the end of its answer until the table shows one more."""
        before = self.seen[-1]["rows"]
        answer: Any = self.page.evaluate(CALL, {"key": key, "model": model})
        assert answer["status"] == 200, answer["text"]
        self.page.wait_for_function(MORE_ROWS, arg=before)
        shown = next(one for one in self.seen if one["rows"] > before)
        return float(shown["at"] - answer["at"])

    def states_of_newest(self) -> list[str]:
        """The states that the newest call was shown in, each once, in order.

        A state is passed over where the next one is told in the same moment.
        """
        rows = self.seen[-1]["rows"]
        return list(dict.fromkeys(one["state"] for one in self.seen if one["rows"] == rows))
