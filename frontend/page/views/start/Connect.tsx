import type { Flow } from "../../../api/operations.ts";
import { loadFcl } from "../../../flow/load.ts";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { signIn } from "../../stores/flow.ts";

/** Signs in with a wallet: it proves that the account is its owner's, by a signature that sends and costs nothing. */
export function Connect({ flow }: { readonly flow: Flow }) {
  const doing = useDoing();
  // The wallet's library is fetched while the pointer is on its way to the button.
  const fetchEarly = () => void loadFcl().catch(() => undefined);
  return (
    <>
      <p class="soft prose">
        Choose Flow Wallet or another one. It signs a sentence that proves that the account is yours. This
        sends no transaction and costs nothing.
      </p>
      <div class="row" onPointerEnter={fetchEarly} onFocusCapture={fetchEarly}>
        <Button kind="primary" icon="wallet" isBusy={doing.isBusy} onClick={() => void doing.run(() => signIn(flow))}>
          Connect wallet
        </Button>
      </div>
      <Refused failure={doing.failure} />
    </>
  );
}
