import type { CreatedKey } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { CodeBlock } from "../../components/CodeBlock.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { Secret } from "../../components/Secret.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { deployment, priceBook } from "../../stores/server.ts";
import { firstCall } from "../../text/examples.ts";

interface NewKeyProps {
  readonly created: CreatedKey;
  readonly title: string;
  readonly onClose: () => void;
}

/** A new key's secret, which is shown this once. */
export function NewKey({ created, title, onClose }: NewKeyProps) {
  const actions = (
    <Button kind="primary" onClick={onClose}>
      I have kept it
    </Button>
  );
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      <Notice tone="warn">Copy it now. It is shown only now and stored nowhere. If you lose it, create another one.</Notice>
      <Secret text={created.key} label="Key" />
      <Show of={deployment} height={14}>
        {({ models_url: url }) => <CodeBlock label="A first call" examples={firstCall(url, firstModel(), created.key)} />}
      </Show>
    </Dialog>
  );
}

function firstModel(): string {
  const book = priceBook.state.value;
  return (book.name === "ready" ? Object.keys(book.value.models)[0] : undefined) ?? "gpt-4o";
}
