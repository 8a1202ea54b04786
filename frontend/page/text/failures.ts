import { ApiError } from "../../api/client.ts";
import { ChainUnavailableError, WalletError } from "../../flow/errors.ts";
import { NotThereError, SourceError } from "../../verify/sources/errors.ts";

/** A failure as people are told of it: what happened, and what to do. */
export interface Failure {
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
}

/** What to tell people of whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return ofApi(error);
  if (error instanceof WalletError) {
    const { title, detail, whatToDo } = error.failure;
    return { title, detail: `${detail} ${whatToDo}`, requestId: null };
  }
  if (error instanceof ChainUnavailableError) {
    return {
      title: "Flow cannot be reached",
      detail: "Its access node gave no answer. Check your connection, and try again in a minute.",
      requestId: null,
    };
  }
  if (error instanceof NotThereError) {
    return { title: "There is no such document", detail: "The address may be mistyped, or it is not published yet.", requestId: null };
  }
  if (error instanceof SourceError) {
    return { title: "A public source gave no answer", detail: `${sentence(error.message)} Try again in a minute.`, requestId: null };
  }
  if (isUnreachable(error)) {
    return {
      title: "The server cannot be reached",
      detail: "Check your connection. This page tries again when it is back.",
      requestId: null,
    };
  }
  const detail = error instanceof Error && error.message !== "" ? sentence(error.message) : "Try again, or reload the page.";
  return { title: "Something went wrong", detail, requestId: null };
}

/** There was no answer, or none in time. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

function ofApi(error: ApiError): Failure {
  const { problem } = error;
  if (problem === null) {
    return {
      title: error.status === 429 ? "Too many requests" : "The server gave no usable answer",
      detail: "Wait a moment, then try again.",
      requestId: null,
    };
  }
  const detail = problem.what_to_do === "" ? sentence(problem.detail) : `${sentence(problem.detail)} ${problem.what_to_do}`;
  return { title: problem.title, detail, requestId: problem.request_id };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
