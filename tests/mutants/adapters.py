"""Faults of the adapters: what the outside systems answer is read as they mean it."""

from typing import Final

from tests.mutants.fault import Fault

ADAPTERS: Final = "layers/common/flareflow/adapters"
HTTP: Final = f"{ADAPTERS}/http.py"
WEBSOCKET: Final = f"{ADAPTERS}/aws/websocket.py"
EVM_SIGNER: Final = f"{ADAPTERS}/flare/evm_signer.py"
FLARE: Final = f"{ADAPTERS}/flare/contracts.py"
DATA_AVAILABILITY: Final = f"{ADAPTERS}/flare/data_availability.py"
PROOF: Final = f"{ADAPTERS}/flow/account_proof.py"
REST: Final = f"{ADAPTERS}/flow/rest.py"
SIGNER: Final = f"{ADAPTERS}/flow/signer.py"
SUBSCRIPTIONS: Final = f"{ADAPTERS}/flow/subscriptions.py"
TRANSACTIONS: Final = f"{ADAPTERS}/flow/transactions.py"
KEYS: Final = f"{ADAPTERS}/litellm/keys.py"
SPEND_LOG: Final = f"{ADAPTERS}/litellm/spend_log.py"

TESTS: Final = "tests/unit/adapters"
TEST_SUBMITTED: Final = "tests/unit/adapters/flare/test_submitted_signatures.py"
TEST_FLARE: Final = f"{TESTS}/flare/test_contracts.py"
TEST_REST: Final = f"{TESTS}/flow/test_rest.py"
TEST_TRANSACTIONS: Final = f"{TESTS}/flow/test_transactions.py"
TEST_KEYS: Final = f"{TESTS}/litellm/test_keys.py"

FAULTS: Final = (
    Fault(
        name="flow-key-of-another-hash-algorithm",
        rule="A key that is registered with another hash algorithm than the signer's does not propose.",
        file=TRANSACTIONS,
        text="for key in ours if key.hashing_algorithm == wanted]",
        replacement="for key in ours]",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="http-reads-past-the-limit",
        rule="Reading an answer stops at the limit.",
        file=HTTP,
        text="if received > bytes_max:",
        replacement="if received > bytes_max + 10:",
        tests=[f"{TESTS}/test_http.py"],
    ),
    Fault(
        name="aws-any-error-is-gone",
        rule="Only GoneException means that a WebSocket client has left.",
        file=WEBSOCKET,
        text='return isinstance(error, ClientError) and error.response["Error"]["Code"] == GONE',
        replacement="return isinstance(error, ClientError)",
        tests=[f"{TESTS}/aws/test_websocket.py"],
    ),
    Fault(
        name="websocket-slow-connection-kept",
        rule="A connection that takes no text is closed, so that nobody waits for it again.",
        file=WEBSOCKET,
        text="                self.close(connection_id)\n                return False\n",
        replacement="                return True\n",
        tests=[f"{TESTS}/aws/test_websocket.py"],
    ),
    Fault(
        name="websocket-waits-for-the-slowest",
        rule="Sending to all connections ends in time.",
        file=WEBSOCKET,
        text="pool.shutdown(wait=False, cancel_futures=True)",
        replacement="pool.shutdown(wait=True)",
        tests=[f"{TESTS}/aws/test_websocket.py"],
    ),
    Fault(
        name="flow-executed-is-done",
        rule="An executed transaction is pending until its block is sealed.",
        file=TRANSACTIONS,
        text='"Pending" | "Finalized" | "Executed":\n            return Progress(Stage.PENDING)',
        replacement='"Pending" | "Finalized":\n            return Progress(Stage.PENDING)\n'
        '        case "Executed":\n            return _sealed(result)',
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-expired-is-pending",
        rule="An expired transaction can have no effect any more, so another is made.",
        file=TRANSACTIONS,
        text='case "Pending" | "Finalized" | "Executed":',
        replacement='case "Pending" | "Finalized" | "Executed" | "Expired":',
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-error-code-ignored",
        rule="A sealed transaction with a status code other than 0 failed.",
        file=TRANSACTIONS,
        text="if result.status_code == 0 and not result.error_message:",
        replacement="if not result.error_message:",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-outage-is-unknown",
        rule="A node that cannot give a result now does not make a transaction void.",
        file=TRANSACTIONS,
        text="except FlowNotFoundError:",
        replacement="except (FlowNotFoundError, FlowUnavailableError):",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-expiry-by-final-height",
        rule="A transaction has expired when a block after its last one is sealed, not only finalized.",
        file=TRANSACTIONS,
        text="self.rest.latest_sealed_block().height > last_height",
        replacement="self.rest.latest_final_block().height > last_height",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-reference-sealed",
        rule="A transaction refers to the latest finalized block.",
        file=TRANSACTIONS,
        text="block = self.rest.latest_final_block()",
        replacement="block = self.rest.latest_sealed_block()",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-revoked-keys-propose",
        rule="A revoked key signs nothing.",
        file=REST,
        text="and self.weight >= FULL_WEIGHT and not self.revoked",
        replacement="and self.weight >= FULL_WEIGHT",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-foreign-keys-propose",
        rule="Only keys that our signer holds propose.",
        file=REST,
        text="return is_ours and self.weight",
        replacement="return self.weight",
        tests=[TEST_TRANSACTIONS],
    ),
    Fault(
        name="flow-outage-is-a-refusal",
        rule="A node that answers 503 has not refused the request.",
        file=REST,
        text="    HTTPStatus.BAD_REQUEST: FlowRefusedError,",
        replacement="    HTTPStatus.BAD_REQUEST: FlowRefusedError,\n    503: FlowRefusedError,",
        tests=[TEST_REST],
    ),
    Fault(
        name="flow-sealed-is-final",
        rule="The latest sealed block is asked for where results must be final.",
        file=REST,
        text='return self._block("sealed")',
        replacement='return self._block("final")',
        tests=[TEST_REST],
    ),
    Fault(
        name="flow-script-at-final-block",
        rule="Scripts run at the latest sealed block.",
        file=REST,
        text='at = "sealed" if height is None',
        replacement='at = "final" if height is None',
        tests=[TEST_REST],
    ),
    Fault(
        name="flow-signature-unpadded",
        rule="A signature for Flow is r and s of 32 bytes each.",
        file=SIGNER,
        text='number.to_bytes(INTEGER_BYTES, "big")',
        replacement='number.to_bytes((number.bit_length() + 7) // 8, "big")',
        tests=[f"{TESTS}/flow/test_signer.py"],
    ),
    Fault(
        name="flow-proof-signature-of-any-length",
        rule="The signature of an account proof has exactly 64 bytes.",
        file=PROOF,
        text="if len(signature) != 2 * INTEGER_BYTES:",
        replacement="if len(signature) < 2 * INTEGER_BYTES:",
        tests=[f"{TESTS}/flow/test_account_proof.py"],
    ),
    Fault(
        name="flow-suspended-is-open",
        rule="A suspended subscription gets no keys.",
        file=SUBSCRIPTIONS,
        text="found.status == OPEN",
        replacement='found.status in {OPEN, "suspended"}',
        tests=[f"{TESTS}/flow/test_subscriptions.py"],
    ),
    Fault(
        name="flare-no-fee-cap",
        rule="A fee above the cap is not paid.",
        file=FLARE,
        text="if fee_wei > FEE_WEI_MAX:",
        replacement="if fee_wei > 2 * FEE_WEI_MAX:",
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-reverted-is-mined",
        rule="A request that reverted was not made.",
        file=FLARE,
        text='if receipt["status"] != 1:',
        replacement='if receipt["status"] not in (0, 1):',
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-extra-data-refused",
        rule="Blocks of Flare are read, although their extra data are longer than Ethereum's.",
        file=FLARE,
        text="        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)\n",
        replacement="",
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-any-calldata-believed",
        rule="Only a call of the Relay itself tells how a round was finalized.",
        file=FLARE,
        text='if transaction.get("to") != relay.address:',
        replacement='if not transaction.get("to"):',
        tests=[TEST_SUBMITTED],
    ),
    Fault(
        name="flare-submission-to-anybody",
        rule="Only what was sent to the Submission contract is a submission.",
        file=FLARE,
        text='if call.get("to") == submission:',
        replacement='if call.get("to"):',
        tests=[TEST_SUBMITTED],
    ),
    Fault(
        name="flare-submissions-in-one-scheme",
        rule="Submitted signatures count in either hash scheme.",
        file=FLARE,
        text="for digest, quorum in schemes:",
        replacement="for digest, quorum in schemes[:1]:",
        tests=[TEST_SUBMITTED],
    ),
    Fault(
        name="flare-submissions-unbounded",
        rule="The submissions that are tried for a round are bounded.",
        file=FLARE,
        text="islice(self._submissions(relayed.message, from_block), SUBMISSIONS_MAX)",
        replacement="islice(self._submissions(relayed.message, from_block), 2 * SUBMISSIONS_MAX)",
        tests=[TEST_SUBMITTED],
    ),
    Fault(
        name="flare-stretch-skips-a-block",
        rule="Every block is searched for the finalization.",
        file=FLARE,
        text="for first in range(from_block, head + 1, LOG_BLOCKS_MAX)[:at_most]:",
        replacement="for first in range(from_block, head + 1, LOG_BLOCKS_MAX + 1)[:at_most]:",
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-stretch-too-long",
        rule="Logs are asked for in stretches that a public node answers.",
        file=FLARE,
        text="yield first, min(first + LOG_BLOCKS_MAX - 1, head)",
        replacement="yield first, min(first + LOG_BLOCKS_MAX, head)",
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-nonce-of-mined-only",
        rule="A request comes after those that still wait to be mined.",
        file=FLARE,
        text='Web3.to_checksum_address(self.signer.address), "pending")',
        replacement='Web3.to_checksum_address(self.signer.address), "latest")',
        tests=[TEST_FLARE],
    ),
    Fault(
        name="flare-malleable-signature",
        rule="The s of an EVM signature lies in the lower half of the order.",
        file=EVM_SIGNER,
        text="s = min(s, SECP256K1_ORDER - s)",
        replacement="s = max(s, SECP256K1_ORDER - s)",
        tests=[f"{TESTS}/flare/test_evm_signer.py"],
    ),
    Fault(
        name="flare-not-indexed-is-never",
        rule="A round that is not indexed yet may still have our proof.",
        file=DATA_AVAILABILITY,
        text="return Awaited.NEVER if was_indexed else Awaited.NOT_YET",
        replacement="return Awaited.NEVER",
        tests=[f"{TESTS}/flare/test_data_availability.py"],
    ),
    Fault(
        name="litellm-any-404-is-deleted",
        rule="A key is deleted when LiteLLM says so, not when a proxy answers 404.",
        file=KEYS,
        text="if error is not None and answer.status == HTTPStatus.NOT_FOUND and NO_KEYS in error.message:",
        replacement="if answer.status == HTTPStatus.NOT_FOUND:",
        tests=[TEST_KEYS],
    ),
    Fault(
        name="litellm-any-state-is-blocked",
        rule="A key is blocked when LiteLLM reports it blocked.",
        file=KEYS,
        text="if updated.token != key_hash or not is_done(updated):",
        replacement="if updated.token != key_hash:",
        tests=[TEST_KEYS],
    ),
    Fault(
        name="litellm-full-page-is-last",
        rule="A full page of the spend log is not the last one, whatever rows cannot be read.",
        file=SPEND_LOG,
        text="is_last=len(rows) < PAGE_ROWS_MAX or",
        replacement="is_last=len(calls) < PAGE_ROWS_MAX or",
        tests=[f"{TESTS}/litellm/test_spend_log.py"],
    ),
)
