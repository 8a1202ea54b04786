/** What somebody fills in for a key, as the API takes it. */
import type { KeyRequest } from "../../../api/operations.ts";

/** The fields of the form, as they stand there. */
export interface KeyForm {
  readonly alias: string;
  readonly cap: string;
  readonly models: readonly string[];
  readonly expires: string;
  readonly requests: string;
  readonly tokens: string;
}

export const EMPTY_FORM: KeyForm = { alias: "", cap: "", models: [], expires: "", requests: "", tokens: "" };

export type KeyErrors = Partial<Record<keyof KeyForm, string>>;

const ALIAS_MAX = 100;

/** What is wrong with the form; nothing is when it is empty. `now` is in milliseconds. */
export function errorsOf(form: KeyForm, now: number): KeyErrors {
  const errors: Record<string, string> = {};
  if (form.alias.trim().length > ALIAS_MAX) errors["alias"] = `At most ${ALIAS_MAX} characters.`;
  for (const name of ["cap", "requests", "tokens"] as const) {
    if (form[name].trim() !== "" && wholeNumber(form[name]) === null) errors[name] = "A whole number above zero.";
  }
  if (form.expires !== "" && !(Date.parse(form.expires) > now)) errors["expires"] = "A time that is still to come.";
  return errors;
}

/** The request that the form asks for; it has no errors. */
export function requestOf(subscriptionId: string, form: KeyForm): KeyRequest {
  return {
    subscription_id: subscriptionId,
    alias: form.alias.trim(),
    models: form.models,
    expires_at: form.expires === "" ? null : new Date(form.expires).toISOString(),
    requests_per_minute: wholeNumber(form.requests),
    tokens_per_minute: wholeNumber(form.tokens),
    cap_rated_tokens: wholeNumber(form.cap),
  };
}

/** A whole number above zero as text, as the API takes it: `1,000,000` is one; null where it is none. */
export function wholeNumber(text: string): string | null {
  const plain = text.trim().replace(/,/g, "");
  return /^[1-9]\d{0,14}$/.test(plain) ? plain : null;
}
