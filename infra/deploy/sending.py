"""Sends the transactions of one Flow account and waits until each is sealed."""

import time
from dataclasses import dataclass
from typing import Final

from tenacity import stop_after_attempt

from flareflow.adapters.flow.json_cdc import Argument
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.adapters.flow.transactions import FlowTransactions
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.transactions import Progress, SignedTransaction, Stage
from infra.waiting import Pause, despite, until

SIGNATURES_MAX: Final = 3
SENDINGS_MAX: Final = 60
SEAL_SECONDS_MAX: Final = 180.0


class TransactionFailedError(Exception):
    """A transaction was refused, was not sealed in time, or failed on chain and changed nothing."""


@dataclass(frozen=True, slots=True)
class AccountSender:
    """One account that proposes, authorizes and pays for its transactions with the key at `key_index`."""

    flow: FlowTransactions
    key_index: int = 0
    pause: Pause = time.sleep

    def run(self, code: str, *arguments: Argument) -> tuple[str, TransactionResult]:
        """Id and result of a transaction that succeeded; `code` has its imports resolved.

        Raises TransactionFailedError with the node's whole message, FlowUnavailableError when no node answers.
        """
        sent, progress = self._ended(code, arguments)
        result = self.flow.rest.transaction_result(sent.id)
        if progress.stage is not Stage.SUCCEEDED:
            raise TransactionFailedError(f"transaction {sent.id}: {result.error_message or progress.reason}")
        return sent.id, result

    def _ended(self, code: str, arguments: tuple[Argument, ...]) -> tuple[SignedTransaction, Progress]:
        """Send until a transaction succeeds or fails; a void one had no effect, so it is signed and sent anew."""
        is_authorizer = "prepare(" in code  # a transaction without this block must name no authorizer
        for _ in range(SIGNATURES_MAX):
            sent = self.flow.sign_code(code, arguments, self.key_index, is_authorizer=is_authorizer)
            self._send(sent)
            progress = self._followed(sent)
            if progress.stage is not Stage.VOID:
                break
        return sent, progress

    def _send(self, sent: SignedTransaction) -> None:
        """Send the same bytes again while the node does not take them: it may be busy with a block."""
        enough = stop_after_attempt(SENDINGS_MAX)
        refusal = despite(FlowUnavailableError, lambda: self.flow.send(sent), enough, self.pause)
        if refusal:
            raise TransactionFailedError(f"the access node refused transaction {sent.id}: {refusal}")

    def _followed(self, sent: SignedTransaction) -> Progress:
        def ended() -> Progress | None:
            progress = self.flow.progress(sent)
            return None if progress.stage in {Stage.UNKNOWN, Stage.PENDING} else progress

        try:
            return until(ended, SEAL_SECONDS_MAX, self.pause)
        except TimeoutError as error:
            message = f"transaction {sent.id} was not sealed in {SEAL_SECONDS_MAX:.0f} s"
            raise TransactionFailedError(message) from error
