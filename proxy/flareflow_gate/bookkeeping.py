"""Record and credit of each call: both begin when the call is admitted, and are settled when its answer ends."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from flareflow.metering.calls import Ending, Tokens
from flareflow_gate.answers import Answer
from flareflow_gate.bounds import Bounds
from flareflow_gate.callers import Caller
from flareflow_gate.counting import TokenCounter, prompt_ids, prompt_texts
from flareflow_gate.credit import CreditDesk
from flareflow_gate.outbox import Outbox
from flareflow_gate.receipts import Receipts
from flareflow_gate.records import CallRecord, Settled
from flareflow_gate.refusals import RefusedError
from flareflow_gate.requests import ModelCall


@dataclass(frozen=True, slots=True)
class Bookkeeping:
    """Keeps the records of calls in `outbox`, their credit and their receipts.

    `on_record` is called for each record that is complete. `base_models`: what the deployments of each model call.
    """

    outbox: Outbox
    counter: TokenCounter
    credit: CreditDesk
    bounds: Bounds
    receipts: Receipts
    new_event_id: Callable[[], str]
    clock: Callable[[], datetime]
    on_record: Callable[[], None]
    base_models: Mapping[str, frozenset[str]] = field(default_factory=dict)

    async def admit(self, caller: Caller, call: ModelCall) -> CallRecord:
        """Reserve credit for a call, and store what is known of it before it is made.

        Raises RefusedError where its upper bound does not fit into what is left, or where it cannot be stored.
        """
        reservation = await self.credit.reserve(caller.key_hash, self.bounds.most(call))
        try:
            record = self._stored(caller, call)
        except RefusedError:
            self.credit.cancel(reservation)
            raise
        self.credit.track(record.event_id, reservation)
        return record

    def _stored(self, caller: Caller, call: ModelCall) -> CallRecord:
        now = self.clock()
        record = CallRecord(
            event_id=self.new_event_id(),
            key_hash=caller.key_hash,
            call_type=call.route.protocol.value,
            model=call.parameters.model,
            ending=Ending.UNKNOWN,
            started_at=now,
            ended_at=now,
        )
        try:
            self.outbox.admit(record.event_id, record.encode())
        except sqlite3.Error as error:
            message = "This call cannot be recorded now. Try again later."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "cannot_record", message) from error
        return record

    def settle(self, record: CallRecord, call: ModelCall, answer: Answer) -> Settled:
        """Store the record of an answer that has ended; what it tells of its usage is believed."""
        told = answer.told
        ending = Ending.COMPLETE if answer.is_complete else Ending.BROKEN_OFF
        return self._store(record, ending, answer, told or self._counted(call, answer), estimated=told is None)

    def cost(self, record: CallRecord, answer: Answer) -> int:
        """What the tokens that an answer has told so far cost by the book in force now, in rated micro-tokens."""
        base_model = self._base_model(answer.answered_by, record.model)
        return self.bounds.pricing.billed(
            answer.answered_by or record.model, base_model, answer.usage.tokens or Tokens()
        )

    async def settle_unended(self, record: CallRecord, call: ModelCall, answer: Answer) -> None:
        """LiteLLM has returned, failed or was cancelled before the answer ended, or refused the call."""
        if not answer.costs:
            self.outbox.forget([record.event_id])
            self.credit.release(record.event_id)
            return
        tokens = await asyncio.to_thread(self._counted, call, answer)
        settled = self._store(record, Ending.BROKEN_OFF, answer, tokens, estimated=True)
        self.receipt(settled, call, answer.hash)

    def receipt(self, settled: Settled, call: ModelCall, answer_hash: str) -> str:
        """The signed receipt of a call that has ended."""
        return self.receipts.issue(settled, call.request_hash, answer_hash)

    def _store(self, record: CallRecord, ending: Ending, answer: Answer, tokens: Tokens, *, estimated: bool) -> Settled:
        at = max(self.clock(), record.started_at)  # the machine's clock may have been set back
        ended = record.ended(ending, tokens, estimated=estimated, at=at)
        ended = ended.answered(answer.answered_by, self._base_model(answer.answered_by, record.model))
        self.credit.settle(record.event_id, self.bounds.pricing.rated(record.model, answer.answered_by, tokens))
        self.outbox.answer(record.event_id, ended.encode())
        self.on_record()
        return Settled(ended, self.bounds.pricing.billed(ended.answering_model, ended.base_model, tokens))

    def _base_model(self, answered_by: str | None, asked: str) -> str | None:
        """What the deployments of the model that answered call, if it is only one thing."""
        called = self.base_models.get(answered_by or "") or self.base_models.get(asked) or ()
        return next(iter(called)) if len(called) == 1 else None

    def _counted(self, call: ModelCall, answer: Answer) -> Tokens:
        """The tokens of what was sent, counted from the text; of the input as the stream told them, if it did."""
        model = call.parameters.model
        told = answer.usage.tokens or Tokens(prompt=self._counted_prompt(call))
        completion = self.counter.count(model, [answer.sent_text])
        return replace(told, completion=max(told.completion, completion - told.reasoning - told.audio_output))

    def _counted_prompt(self, call: ModelCall) -> int:
        texts = prompt_texts(call.document)
        return self.counter.count(call.parameters.model, texts) + prompt_ids(call.document)


@dataclass(frozen=True, slots=True)
class OpenCall:
    """The `Books` of one call that was admitted."""

    bookkeeping: Bookkeeping
    record: CallRecord
    call: ModelCall

    def store(self, answer: Answer) -> Settled:
        return self.bookkeeping.settle(self.record, self.call, answer)

    def receipt(self, settled: Settled, answer_hash: str) -> str:
        return self.bookkeeping.receipt(settled, self.call, answer_hash)

    def cost(self, answer: Answer) -> int:
        return self.bookkeeping.cost(self.record, answer)
