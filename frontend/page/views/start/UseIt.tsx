import { useSignal } from "@preact/signals";

import { ButtonLink } from "../../components/Button.tsx";
import { CodeBlock } from "../../components/CodeBlock.tsx";
import { freshKeys } from "../../stores/fresh-keys.ts";
import { firstCall } from "../../text/examples.ts";
import { TryIt } from "./TryIt.tsx";

const EXAMPLE_MODEL = "gpt-4o";

interface UseItProps {
  readonly subscriptionId: string;
  readonly modelsUrl: string;
}

/** How the key is used: code to copy, and a box to try it at once. */
export function UseIt({ subscriptionId, modelsUrl }: UseItProps) {
  const model = useSignal(EXAMPLE_MODEL);
  const fresh = freshKeys.value.find((key) => key.subscription_id === subscriptionId)?.key;
  return (
    <div class="stack">
      <CodeBlock label="A first call" examples={firstCall(modelsUrl, model.value, fresh ?? "sk-…")} />
      <TryIt subscriptionId={subscriptionId} modelsUrl={modelsUrl} freshKey={fresh ?? null} model={model} />
      <div class="row">
        <ButtonLink icon="arrow" href="#/usage">
          Watch your usage
        </ButtonLink>
      </div>
    </div>
  );
}
