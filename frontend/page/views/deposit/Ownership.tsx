import { useSignal } from "@preact/signals";

import type { Balances } from "../../../api/operations.ts";
import { moveOwnership } from "../../../flow/transactions.ts";
import { Action } from "../../components/Action.tsx";
import { Button } from "../../components/Button.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { Field } from "../../components/Field.tsx";
import { Form } from "../../components/Form.tsx";

export function Ownership({ balances }: { readonly balances: Balances }) {
  const text = useSignal("");
  const recipient = addressOf(text.value);
  const isOwn = recipient === balances.owner;
  return (
    <Action title="Ownership">
      {(review) => (
        <Form
          onSubmit={() => {
            if (recipient !== null && !isOwn) review(moveOwnership(balances.subscription_id, recipient));
          }}
        >
          <p class="row owner">
            <span class="soft">Owner</span> <Copyable text={balances.owner} label="Owner" />
          </p>
          <p class="soft">You can give the subscription away with its whole deposit, for example to another account of yours.</p>
          <Field
            label="New owner"
            value={text.value}
            placeholder="0x0123456789abcdef"
            hint={
              <>
                Its owner has to allow it first, on this page under <a href="#/account">Account</a>.
              </>
            }
            error={errorOf(text.value, recipient, isOwn)}
            onInput={(next) => (text.value = next)}
          />
          <div class="row action-end">
            <Button type="submit" disabled={recipient === null || isOwn}>
              Review
            </Button>
          </div>
        </Form>
      )}
    </Action>
  );
}

/** A Flow address with `0x` and 16 hex digits; null where the text is none. */
function addressOf(text: string): string | null {
  const match = /^(?:0x)?([0-9a-f]{16})$/i.exec(text.trim());
  return match === null ? null : `0x${match[1]!.toLowerCase()}`;
}

function errorOf(text: string, recipient: string | null, isOwn: boolean): string | null {
  if (text === "") return null;
  if (recipient === null) return "A Flow address has 0x and 16 hex digits.";
  return isOwn ? "That is the present owner." : null;
}
