import type { System } from "../../../api/operations.ts";

/** The outside systems, by what they do here. */
export const SYSTEM_WORDS: Readonly<Record<System, { readonly title: string; readonly text: string }>> = {
  litellm: { title: "Metering", text: "LiteLLM answers calls, and its log of them is read." },
  flare: { title: "Attestation", text: "Flare's voters attest each statement." },
  flow: { title: "Settlement", text: "Flow proves statements and charges deposits." },
  price_oracle: { title: "Dollar rate", text: "Band's oracle tells what the token is worth. Plans in the token do not need it." },
};
