"""Faults of pairing and counting: of a row and a record of one call, one is billed, once, to whom the key belongs."""

from typing import Final

from tests.mutants.fault import Fault

METERING: Final = "layers/common/flareflow/metering"
WITNESSES: Final = f"{METERING}/witnesses.py"
OUTCOMES: Final = f"{METERING}/outcomes.py"
EVENTS: Final = f"{METERING}/usage_events.py"
WING: Final = "layers/common/flareflow/adapters/dynamodb"
ITEMS: Final = f"{WING}/usage_items.py"
PACKS: Final = f"{WING}/usage_packs.py"
WRITER: Final = f"{WING}/usage_writer.py"
USAGE: Final = f"{WING}/usage.py"
VIEWS: Final = f"{WING}/usage_reader.py"
EPOCHS: Final = f"{WING}/epoch_usage.py"
RECORDS: Final = "layers/common/flareflow/entrypoints/gate_records.py"

RULES: Final = "tests/unit/metering/test_witnesses.py"
STORAGE: Final = "tests/unit/adapters/dynamodb/test_usage_storage.py"
USAGE_OF_EPOCHS: Final = "tests/unit/adapters/dynamodb/test_usage_of_epochs.py"
RETRIES: Final = "tests/unit/adapters/dynamodb/test_retries.py"
PARSING: Final = "tests/unit/entrypoints/test_gate_records.py"

FAULTS: Final = (
    Fault(
        "witnesses-estimate-billed",
        "Where the gate only estimated, the row's tokens are billed.",
        WITNESSES,
        "if record.call.tokens_are_estimated and tells_all:",
        "if not record.call.tokens_are_estimated and tells_all:",
        [RULES],
    ),
    Fault(
        "witnesses-difference-silent",
        "Tokens that differ are listed.",
        WITNESSES,
        "return self._billed(replace(row, call=replace(row.call, tokens=recorded)), other_tokens=logged)",
        "return self._billed(replace(row, call=replace(row.call, tokens=recorded)))",
        [RULES],
    ),
    Fault(
        "witnesses-only-the-sum-compared",
        "Tokens differ also when only their kinds do.",
        WITNESSES,
        "if one.with_reasoning_as_text != other.with_reasoning_as_text:",
        "if one.total != other.total:",
        [RULES],
    ),
    Fault(
        "witnesses-second-row-billed",
        "A second row of a call that has a record is not billed.",
        WITNESSES,
        "return Entry(call, rated, self.book.hash, is_recorded=True, is_billed=False, difference=kind)",
        "return Entry(call, rated, self.book.hash, is_recorded=True, difference=kind)",
        [RULES],
    ),
    Fault(
        "witnesses-row-without-record-free",
        "A row without a record is billed at once.",
        WITNESSES,
        "            return Entry(call, rated, self.book.hash)\n",
        "            return Entry(call, rated, self.book.hash, is_billed=False)\n",
        [RULES],
    ),
    Fault(
        "witnesses-unknown-ending-billed",
        "A record whose ending is unknown bills nothing.",
        WITNESSES,
        "is_billed = is_known and rated is not None",
        "is_billed = rated is not None",
        [RULES],
    ),
    Fault(
        "witnesses-row-after-unknown-ending-free",
        "The row of a call whose ending the gate does not know is billed, however late it comes.",
        WITNESSES,
        "if not any(entry.is_billed for entry in of_call):",
        "if not of_call:",
        [RULES],
    ),
    Fault(
        "witnesses-record-of-any-key",
        "A record is a witness only of rows of its own key.",
        WITNESSES,
        "    return call.key_hash, call.event_id",
        '    return "", call.event_id',
        [RULES],
    ),
    Fault(
        "witnesses-late-record-waits",
        "A record whose row is billed already adds nothing.",
        WITNESSES,
        "        elif of_call:\n",
        "        elif len(of_call) > 5:\n",
        [RULES],
    ),
    Fault(
        "witnesses-record-that-came-is-missed",
        "A row whose record came after it is not listed.",
        WITNESSES,
        " and not calls.have_record(entry)",
        "",
        [RULES],
    ),
    Fault(
        "witnesses-rows-alone-forgotten",
        "Rows that are counted without their records are looked at after the grace.",
        WRITER,
        "    if step.packs_of_calls_alone:\n",
        "    if step.packs_of_calls_alone and not step.outcome.entries:\n",
        [STORAGE],
    ),
    Fault(
        "witnesses-records-alone-forgotten",
        "Records that are billed alone are told of after a sweep that was broken off.",
        WRITER,
        "if not any(entry.is_row_alone or entry.is_record_alone for entry in self.outcome.entries):",
        "if not any(entry.is_row_alone for entry in self.outcome.entries):",
        [STORAGE],
    ),
    Fault(
        "witnesses-swept-before-it-was-told",
        "What a sweep found is told before its markers count as swept.",
        USAGE,
        "        tell(report + CountReport(differences=alone))\n        self._sweep_after(UNCONFIRMED, waiting)\n",
        "        self._sweep_after(UNCONFIRMED, waiting)\n        self._sweep_after(COUNTED_ALONE, counted)\n"
        "        tell(report + CountReport(differences=alone))\n",
        [STORAGE],
    ),
    Fault(
        "storage-new-records-spilled",
        "Records that begin to wait are in the live totals, where watchers see them.",
        WRITER,
        "if len(outcome.added) > usage_items.WAITING_IN_LIVE_MAX:",
        "if False:",
        [STORAGE],
    ),
    Fault(
        "witnesses-long-name-of-a-difference",
        "A difference has a name that fits into a key.",
        EVENTS,
        "if name.isascii() and len(name) <= NAME_CHARACTERS_MAX:",
        "if name.isascii():",
        [RULES],
    ),
    Fault(
        "witnesses-record-waits-for-ever",
        "A record ends to wait when its row comes.",
        WITNESSES,
        "            if entry is not None:\n                self._end(record)\n",
        "            if entry is None:\n                self._end(record)\n",
        [RULES],
    ),
    Fault(
        "witnesses-same-id-at-another-time-is-one-row",
        "Rows with the same request id and another start are two rows.",
        WITNESSES,
        "            self.rows[call.request_id, call.started_at] = entry\n",
        "            self.rows[call.request_id, datetime.min] = entry\n",
        ["tests/ports/dynamodb/test_usage_events.py"],
    ),
    Fault(
        "witnesses-negative-row-counted",
        "What would make a total smaller is set aside.",
        WITNESSES,
        "min(counts(call.tokens)) < 0 or ",
        "",
        [RULES],
    ),
    Fault(
        "witnesses-unbounded",
        "Only so many records of a subscription wait at the same time.",
        WITNESSES,
        "elif len(self.waiting) >= WAITING_MAX:",
        "elif len(self.waiting) < 0:",
        [RULES],
    ),
    Fault(
        "witnesses-cache-reads-free",
        "Tokens of every kind are counted.",
        EVENTS,
        "cache_read_tokens=tokens.cache_read,",
        "cache_read_tokens=0,",
        [f"{RULES}::test_tokens_of_every_kind_are_in_the_totals_and_in_the_event"],
    ),
    Fault(
        "witnesses-not-billed-entry-counted",
        "Only what is billed adds to the totals.",
        OUTCOMES,
        "tuple(entry for entry in self.entries if entry.is_billed)",
        "self.entries",
        [RULES],
    ),
    Fault(
        "storage-changes-without-version",
        "Live totals are written only while they are as they were read.",
        ITEMS,
        """return {"Put": {"Item": item, "ConditionExpression": "version = :was", "ExpressionAttributeValues": was}}""",
        """return {"Put": {"Item": item}}""",
        [f"{STORAGE}::test_a_row_does_not_overwrite_what_was_counted_between_reading_and_writing"],
    ),
    Fault(
        "storage-first-version-overwrites",
        "The first live totals are written only where there are none.",
        ITEMS,
        """return {"Put": {"Item": item, "ConditionExpression": ABSENT}}""",
        """return {"Put": {"Item": item}}""",
        [STORAGE],
    ),
    Fault(
        "storage-spilled-records-forgotten",
        "Records that do not fit into the live totals wait in items of their own.",
        ITEMS,
        "spilled += puts",
        "spilled += []",
        [STORAGE],
    ),
    Fault(
        "storage-ended-record-stays-spilled",
        "A record that waits no more leaves its item.",
        ITEMS,
        "left = [record for record in records if record not in ended]",
        "left = list(records)",
        [STORAGE],
    ),
    Fault(
        "storage-packs-looked-up-too-late",
        "A range of start times finds every pack that can hold one of them.",
        ITEMS,
        "_second(first - PACK_SPAN_MAX), _second(last) + 1",
        "_second(first), _second(last) + 1",
        [STORAGE],
    ),
    Fault(
        "storage-packs-of-any-span",
        "The start times in a pack are at most ten minutes apart.",
        PACKS,
        "entry.call.started_at - first.call.started_at <= span_max",
        "True",
        [STORAGE],
    ),
    Fault(
        "storage-pack-too-large",
        "A pack stays below DynamoDB's largest item.",
        PACKS,
        "size + added > PACK_BYTES_MAX or ",
        "",
        [STORAGE],
    ),
    Fault(
        "storage-closed-epoch-gets-events",
        "Usage is counted only under an epoch that is open at the moment of writing.",
        WRITER,
        "actions.append(check_open(steps[0].work.shard, epoch))",
        "actions += []",
        [
            "tests/ports/dynamodb/test_usage_events.py::test_an_epoch_that_closes_between_reading_and_writing_moves_its_events_on"
        ],
    ),
    Fault(
        "storage-packs-named-after-they-are-written",
        "A pack is listed under its epoch before it is written, so that none is missed when an invocation ends there.",
        WRITER,
        "            self._announce(transactions, now)\n"
        "            for steps, epoch in transactions:\n"
        "                is_done = self._write(steps, epoch)\n",
        "            for steps, epoch in transactions:\n"
        "                is_done = self._write(steps, epoch)\n"
        "                self._announce([(steps, epoch)], now)\n",
        [USAGE_OF_EPOCHS],
    ),
    Fault(
        "storage-lost-race-counts-as-done",
        "A step that lost its race is done again.",
        WRITER,
        "        except RaceLostError:\n            return False\n",
        "        except RaceLostError:\n            return True\n",
        [RETRIES],
    ),
    Fault(
        "storage-group-loses-again-together",
        "After a lost race each subscription is tried alone.",
        WRITER,
        "if group and (not fits or step.work.attempts or group[-1].work.attempts):",
        "if group and not fits:",
        [RETRIES],
    ),
    Fault(
        "storage-transaction-of-101-actions",
        "A transaction has at most 100 actions, the check of the epoch included.",
        WRITER,
        "actions < ACTIONS_MAX and",
        "actions <= ACTIONS_MAX + 1 and",
        [STORAGE],
    ),
    Fault(
        "storage-rest-of-a-step-lost",
        "What a step leaves is done by the next.",
        WRITER,
        "return Work(self.subscription_id, self.calls[step.calls :])",
        "return Work(self.subscription_id, ())",
        [STORAGE],
    ),
    Fault(
        "storage-waiting-not-marked",
        "Whose records wait is found by a sweep.",
        WRITER,
        "    if step.begins_to_wait:\n",
        "    if step.begins_to_wait and not step.outcome.added:\n",
        [STORAGE],
    ),
    Fault(
        "storage-sweep-stands-still",
        "A sweep goes on after the last marker that was looked at.",
        USAGE,
        """"marker": markers[-1]["sk"]""",
        """"marker": markers[0]["sk"]""",
        [STORAGE],
    ),
    Fault(
        "storage-early-records-billed-alone",
        "A record whose grace is not over waits on.",
        USAGE,
        "[one for one in waiting if one.call.ended_at < before]",
        "waiting",
        [STORAGE],
    ),
    Fault(
        "storage-waits-unmarked-after-a-sweep",
        "What a sweep leaves waiting is marked again.",
        USAGE,
        "            self._writer.mark(subscription_id, now)\n",
        "            self._writer.live([subscription_id])\n",
        [STORAGE],
    ),
    Fault(
        "storage-one-shard-of-deltas",
        "What an epoch added is read from all shards.",
        EPOCHS,
        "        for shard in range(EPOCH_SHARDS):\n            yield from",
        "        for shard in range(1):\n            yield from",
        [USAGE_OF_EPOCHS],
    ),
    Fault(
        "storage-one-shard-closed",
        "Closing an epoch moves all shards.",
        EPOCHS,
        "                for number in range(EPOCH_SHARDS)\n            ),\n        ]\n        self",
        "                for number in range(1)\n            ),\n        ]\n        self",
        [USAGE_OF_EPOCHS],
    ),
    Fault(
        "storage-unbilled-entries-shown",
        "An owner is shown only what was billed.",
        VIEWS,
        " for entry in entries if entry.is_billed]",
        " for entry in entries]",
        [USAGE_OF_EPOCHS],
    ),
    Fault(
        "storage-last-packs-not-listed",
        "The events of an epoch are listed to the last pack.",
        VIEWS,
        "if pack < len(keys) else None",
        "if pack + 1 < len(keys) else None",
        [USAGE_OF_EPOCHS],
    ),
    Fault(
        "records-bad-record-stops-the-post",
        "One record that cannot be read holds up no other.",
        RECORDS,
        '        return _aside(element, "record_unreadable")\n',
        "        raise\n",
        [PARSING],
    ),
    Fault(
        "records-from-the-future-taken",
        "A record of a time that cannot be is set aside.",
        RECORDS,
        "if not call.started_at <= call.ended_at <= now + CLOCKS_DIFFER_MAX:",
        "if not call.started_at <= call.ended_at:",
        [PARSING],
    ),
    Fault(
        "records-any-number-of-records",
        "A post has a limited number of records.",
        RECORDS,
        "len(given) > RECORDS_MAX:",
        "len(given) > RECORDS_MAX + 1:",
        [PARSING],
    ),
)
