import { useSignal } from "@preact/signals";

import type { Flow } from "../../../api/operations.ts";
import { loadFcl } from "../../../flow/load.ts";
import { Button } from "../../components/Button.tsx";
import { Notice } from "../../components/states.tsx";
import { signIn } from "../../stores/flow.ts";
import { failureOf, type Failure } from "../../text/failures.ts";

/** Signs in with a wallet: it proves that the account is its owner's, by a signature that sends and costs nothing. */
export function Connect({ flow }: { readonly flow: Flow }) {
  const isBusy = useSignal(false);
  const failure = useSignal<Failure | null>(null);
  const connect = async () => {
    isBusy.value = true;
    failure.value = null;
    try {
      await signIn(flow);
    } catch (error) {
      failure.value = failureOf(error);
    } finally {
      isBusy.value = false;
    }
  };
  // The wallet's library is fetched while the pointer is on its way to the button.
  const fetchEarly = () => void loadFcl().catch(() => undefined);
  return (
    <>
      <p class="soft prose">
        Choose Flow Wallet or another one. It signs a sentence that proves that the account is yours. This
        sends no transaction and costs nothing.
      </p>
      <div class="row" onPointerEnter={fetchEarly} onFocusCapture={fetchEarly}>
        <Button kind="primary" icon="wallet" isBusy={isBusy.value} onClick={() => void connect()}>
          Connect wallet
        </Button>
      </div>
      {failure.value !== null && (
        <Notice tone="bad">
          <strong>{failure.value.title}.</strong> {failure.value.detail}
        </Notice>
      )}
    </>
  );
}
