import type { Case, CaseKind, QueueName, Standing } from "../../../api/operations.ts";

/** What kinds of cases there are, and what a person is asked. */
export const KIND_WORDS: Readonly<Record<CaseKind, { readonly title: string; readonly question: string }>> = {
  row: { title: "Row", question: "Nobody was billed for this row of LiteLLM's log. Should somebody be?" },
  tally: { title: "Rows, counted", question: "Nobody was billed for these rows of five minutes. Should they be read again?" },
  difference: { title: "Difference", question: "Two sources that should agree do not. Was anybody billed wrongly?" },
};

/** Why a case was opened, by the reasons of `metering`; a reason that is missing here is shown as it is. */
const REASONS: Readonly<Record<string, string>> = {
  identity_unreadable: "The row has no usable id",
  time_unreadable: "The row has no usable time",
  tokens_unreadable: "The row's tokens cannot be read",
  total_differs: "The row's total is not the sum of its tokens",
  metadata_unreadable: "The row's metadata cannot be read",
  status_unknown: "The row has an unknown status",
  form_unknown: "The row has an unknown form",
  call_type_unknown: "It is not known whether such calls are billed",
  reading_cost: "A call that only reads has cost something",
  unpriced: "The price book has no price for what was used",
  usage_unreadable: "What is stored of the subscription's usage cannot be read",
  double: "LiteLLM's second row for one answer",
  key_unknown: "Of a key that was not made here",
  key_hashed_twice: "The key's hash was hashed again",
  key_missing: "Without a key",
  key_of_litellm: "Of LiteLLM itself",
  key_session: "Of a session, not of a key",
  key_name: "Of a name that is no key's hash",
  not_billed: "Calls that only read or manage",
  answered_nothing: "Calls that failed and cost nothing",
  negative_amount: "An amount below zero",
  too_many_unconfirmed: "Too many calls wait for their rows",
  tokens_differ: "The gate and LiteLLM tell other tokens",
  second_row: "A second row of a call that is billed",
  late_row: "The row came after its call was billed without it",
  row_without_record: "The gate has told nothing of this call",
  record_without_row: "LiteLLM has told nothing of this call",
  unknown_ending: "It is not known how the call ended",
  billed_twice: "One call was billed twice",
  billed_less: "LiteLLM has counted more than was billed",
  billed_more: "More was billed than LiteLLM has counted",
  statement_differs: "A statement and its calls disagree",
  statement_unreadable: "A statement cannot be read",
  events_unreadable: "The calls of an epoch cannot be read",
  journal_differs: "The journal and the contract disagree",
  model_not_in_book: "The price book does not name a model",
};

export function reasonText({ reason }: Pick<Case, "reason">): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}

/** The queues, by what waits in them. */
export const QUEUE_WORDS: Readonly<Record<QueueName, { readonly title: string; readonly text: string }>> = {
  usage_slices: { title: "Parts of the spend log", text: "They are read one after the other." },
  usage_slices_dead_letters: { title: "Parts that could not be read", text: "Each was tried five times." },
  push_failures: { title: "Live messages, once more", text: "Changes that could not be told to watchers at first." },
  enforcement_failures: { title: "Keys to look at, once more", text: "Changes after which keys could not be set at first." },
  stream_dead_letters: { title: "Changes that were given up", text: "Each was tried for half an hour." },
  webhooks: { title: "Messages to webhooks", text: "Each waits here until its next attempt is due." },
  webhooks_dead_letters: {
    title: "Messages to webhooks that were given up",
    text: "Each failed ten times for a reason of ours, not of its receiver.",
  },
};

/** What the keys of a subscription may do. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  active: "Keys work",
  warned: "Keys work; the deposit is low",
  overdrawn: "Keys are blocked: the deposit is used up",
  capped: "Keys are blocked: the spend cap is reached",
  exiting: "Keys are blocked: it is ending",
  unknown: "Not known now",
};
