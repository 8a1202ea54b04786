import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { CreatedKey, Key } from "../../../api/operations.ts";
import { Choices } from "../../components/Choices.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { call } from "../../stores/server.ts";
import { momentText } from "../../text/time.ts";
import { NewKey } from "./NewKey.tsx";

interface RotateKeyProps {
  readonly ofKey: Key;
  readonly onRotated: () => void;
  readonly onClose: () => void;
}

const OVERLAPS = [
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
] as const;

type Overlap = (typeof OVERLAPS)[number]["value"];

/** A new key in place of another, which goes on for a while. */
export function RotateKey({ ofKey, onRotated, onClose }: RotateKeyProps) {
  const overlap = useSignal<Overlap>("86400");
  const created = useSignal<CreatedKey | null>(null);
  const request = useRef({ id: crypto.randomUUID(), at: Date.now() });
  const until = new Date(request.current.at + Number(overlap.value) * 1_000).toISOString();
  const rotate = async () => {
    created.value = await call("POST /v1/keys/{key_hash}/rotations", {
      path: { key_hash: ofKey.key_hash },
      header: { "Idempotency-Key": request.current.id },
      body: { old_key_until: until },
    });
    onRotated();
  };
  if (created.value !== null) return <NewKey created={created.value} title="The new key" onClose={onClose} />;
  return (
    <RequestDialog title={`Rotate ${nameOf(ofKey)}`} yes="Make the new key" act={rotate} onClose={onClose}>
      <p>
        You get a new key with the same name and limits. Both work for a while, so that you can change your programs
        without a pause. Then the old one ends by itself.
      </p>
      <div class="field">
        <span class="field-label">The old key goes on for</span>
        <Choices
          label="The old key goes on for"
          value={overlap.value}
          options={OVERLAPS}
          onChange={(value) => {
            overlap.value = value;
            request.current = { id: crypto.randomUUID(), at: Date.now() };
          }}
        />
        <p class="field-hint">It ends on {momentText(until)}{ofKey.limits.expires_at === null ? "" : ", or earlier at its own end"}.</p>
      </div>
    </RequestDialog>
  );
}

/** What a key is called in a sentence. */
export function nameOf(key: Pick<Key, "alias" | "key_hash">): string {
  return key.alias === "" ? `key ${key.key_hash.slice(0, 8)}` : key.alias;
}
