import type { Key } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { call } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { nameOf } from "./RotateKey.tsx";

interface RevokeKeyProps {
  readonly ofKey: Key;
  readonly onRevoked: () => void;
  readonly onClose: () => void;
}

export function RevokeKey({ ofKey, onRevoked, onClose }: RevokeKeyProps) {
  const doing = useDoing();
  const revoke = () =>
    doing.run(async () => {
      await call("DELETE /v1/keys/{key_hash}", { path: { key_hash: ofKey.key_hash } });
      say("good", `${nameOf(ofKey)} is revoked.`);
      onRevoked();
      onClose();
    });
  const actions = (
    <>
      <Button kind="quiet" onClick={onClose}>
        Keep it
      </Button>
      <Button kind="danger" isBusy={doing.isBusy} onClick={() => void revoke()}>
        Revoke it
      </Button>
    </>
  );
  return (
    <Dialog title={`Revoke ${nameOf(ofKey)}?`} onClose={onClose} actions={actions}>
      <Refused failure={doing.failure} />
      <p>It stops at once and for good: every program that still uses it is refused. Your other keys go on working.</p>
      <p class="soft">To change a key without a pause, rotate it instead.</p>
    </Dialog>
  );
}
