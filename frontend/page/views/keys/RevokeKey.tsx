import type { Key } from "../../../api/operations.ts";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { call } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { nameOf } from "./RotateKey.tsx";

interface RevokeKeyProps {
  readonly ofKey: Key;
  readonly onRevoked: () => void;
  readonly onClose: () => void;
}

export function RevokeKey({ ofKey, onRevoked, onClose }: RevokeKeyProps) {
  const revoke = async () => {
    await call("DELETE /v1/keys/{key_hash}", { path: { key_hash: ofKey.key_hash } });
    say("good", `${nameOf(ofKey)} is revoked.`);
    onRevoked();
    onClose();
  };
  return (
    <RequestDialog title={`Revoke ${nameOf(ofKey)}?`} yes="Revoke it" no="Keep it" kind="danger" act={revoke} onClose={onClose}>
      <p>It stops at once and for good: every program that still uses it is refused. Your other keys go on working.</p>
      <p class="soft">To change a key without a pause, rotate it instead.</p>
    </RequestDialog>
  );
}
