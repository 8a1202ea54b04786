/** What can be decided of a case, and what is sent for it. */
import type { Case, CaseDecisionRequest, CaseKind } from "../../../api/operations.ts";

export type Choice = CaseDecisionRequest["verdict"];

export interface Option {
  readonly choice: Choice;
  readonly label: string;
  /** What it does, said before it is done. */
  readonly effect: string;
  /** What is said afterwards. */
  readonly done: string;
}

const WRITE_OFF: Option = {
  choice: "written_off",
  label: "Leave it",
  effect: "Nobody is billed for it, now or later, and the case is closed.",
  done: "The case is closed. Nobody is billed for it.",
};
const BILL: Option = {
  choice: "billed",
  label: "Bill it with corrections",
  effect: "The row is billed to the owner of its key with these fields, in the epoch that is open now. It cannot be taken back here.",
  done: "The row is billed, and the case is closed.",
};

const OPTIONS: Readonly<Record<CaseKind, readonly Option[]>> = {
  row: [
    {
      choice: "driven_again",
      label: "Try it again",
      effect: "The row is read once more as it is. It is billed if that works now; otherwise the case stays open.",
      done: "The row is billed, and the case is closed.",
    },
    BILL,
    WRITE_OFF,
  ],
  tally: [
    {
      choice: "driven_again",
      label: "Read them again",
      effect: "These five minutes of LiteLLM's log are read once more. Rows whose keys are known by now are billed; others open the case again.",
      done: "The five minutes are read again soon.",
    },
    WRITE_OFF,
  ],
  difference: [
    WRITE_OFF,
    {
      choice: "credited",
      label: "It was given back",
      effect: "The case is closed with the transaction on Flow by which the customer got it back. No money moves here.",
      done: "The case is closed with its credit.",
    },
    BILL,
  ],
};

export function optionsOf({ kind }: Pick<Case, "kind">): readonly Option[] {
  return OPTIONS[kind];
}

/** What somebody has filled in. */
export interface Filled {
  readonly choice: Choice;
  readonly why: string;
  /** Fields of the row to replace, as a JSON object. */
  readonly fields: string;
  readonly transaction: string;
}

/** What is wrong with what is filled in, by field; null where all is well. */
export interface Faults {
  readonly why: string | null;
  readonly fields: string | null;
  readonly transaction: string | null;
}

export function faultsOf({ choice, why, fields, transaction }: Filled): Faults {
  return {
    why: why.trim() === "" ? "Say why, for whoever reads it later." : null,
    fields: choice === "billed" && objectOf(fields) === null ? 'A JSON object, such as {"total_tokens": 30}.' : null,
    transaction:
      choice === "credited" && !/^[0-9a-f]{64}$/.test(transactionOf(transaction)) ? "The 64 hex digits of the transaction on Flow." : null,
  };
}

/** What is sent; only where there are no faults. */
export function requestOf({ id }: Pick<Case, "id">, { choice, why, fields, transaction }: Filled): CaseDecisionRequest {
  return {
    case: id,
    verdict: choice,
    why: why.trim(),
    ...(choice === "billed" ? { row: objectOf(fields) ?? {} } : {}),
    ...(choice === "credited" ? { transaction: transactionOf(transaction) } : {}),
  };
}

function transactionOf(text: string): string {
  return text.trim().toLowerCase().replace(/^0x/, "");
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
