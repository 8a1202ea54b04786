import { useSignal } from "@preact/signals";

import type { Key } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Field } from "../../components/Field.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { call } from "../../stores/server.ts";
import { wholeNumber } from "./limits.ts";

interface ChangeKeyProps {
  readonly ofKey: Key;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Another name and another cap for a key. */
export function ChangeKey({ ofKey, onChanged, onClose }: ChangeKeyProps) {
  const before = ofKey.cap_microtokens === null ? "" : countText(BigInt(ofKey.cap_microtokens) / 1_000_000n);
  const alias = useSignal(ofKey.alias);
  const cap = useSignal(before);
  const isWrong = cap.value.trim() !== "" && wholeNumber(cap.value) === null;
  const change = async () => {
    const body = {
      alias: alias.peek().trim(),
      ...(cap.peek() === before ? {} : { cap_rated_tokens: wholeNumber(cap.peek()) }),
    };
    await call("PATCH /v1/keys/{key_hash}", { path: { key_hash: ofKey.key_hash }, body });
    onChanged();
    onClose();
  };
  return (
    <RequestDialog title="Name and cap" yes="Save" isBlocked={isWrong} act={change} onClose={onClose}>
      <Field label="Name" value={alias.value} onInput={(text) => (alias.value = text)} />
      <Field
        label="Cap"
        hint="What it may use in all, with what it has used already. Empty: no cap."
        error={isWrong ? "A whole number above zero." : null}
        value={cap.value}
        inputMode="numeric"
        unit="rated tokens"
        onInput={(text) => (cap.value = text)}
      />
    </RequestDialog>
  );
}
