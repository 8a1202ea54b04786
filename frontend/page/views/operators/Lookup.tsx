import { useSignal } from "@preact/signals";

import type { OperatorSubscription } from "../../../api/operations.ts";
import { Money, Tokens } from "../../components/Amount.tsx";
import { Button } from "../../components/Button.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { useDoing } from "../../components/doing.ts";
import { Field } from "../../components/Field.tsx";
import { Form } from "../../components/Form.tsx";
import { Refused } from "../../components/Refused.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { now } from "../../stores/clock.ts";
import { call, tokenSymbol } from "../../stores/server.ts";
import { unitOf } from "../../text/money.ts";
import { agoText } from "../../text/time.ts";
import { STANDING_WORDS } from "./words.ts";

/** One subscription by its number, whoever owns it. */
export function Lookup() {
  const wanted = useSignal("");
  const found = useSignal<OperatorSubscription | null>(null);
  const doing = useDoing();
  const isNumber = /^\d{1,20}$/.test(wanted.value.trim());
  const look = () =>
    doing.run(async () => {
      found.value = null;
      found.value = await call("GET /v1/console/subscriptions/{subscription_id}", { path: { subscription_id: wanted.peek().trim() } });
    });
  return (
    <div class="stack tight">
      <Form onSubmit={() => isNumber && void look()}>
        <div class="lookup">
          <Field label="Number of the subscription" inputMode="numeric" value={wanted.value} onInput={(text) => (wanted.value = text)} />
          <Button type="submit" icon="search" disabled={!isNumber} isBusy={doing.isBusy}>
            Look it up
          </Button>
        </div>
      </Form>
      <Refused failure={doing.failure} />
      {found.value !== null && <Found {...found.value} />}
    </div>
  );
}

function Found({ subscription, standing }: OperatorSubscription) {
  const unit = tokenSymbol();
  return (
    <div class="card stack tight">
      <h3>Subscription {subscription.subscription_id}</h3>
      <p>
        {standing === null ? "Nothing is known of what its keys may do." : `${STANDING_WORDS[standing.standing]}, since ${agoText(standing.since, now.value)}.`}{" "}
        It is {subscription.status}.
      </p>
      <p>
        Owner <Copyable text={subscription.owner} label="Owner" />
      </p>
      <Stats>
        <Stat label="Balance" value={<Money ufix64={subscription.balance_ufix64} unit={unit} />} />
        <Stat label="Charged" value={<Money ufix64={subscription.charged_ufix64} unit={unit} />} />
        <Stat label="Owed" value={<Money ufix64={subscription.owed_ufix64} unit={unitOf(subscription.tariff, unit)} />} tone={subscription.owed_ufix64 === "0" ? undefined : "warn"} />
        <Stat label="Settled" value={<Tokens micro={subscription.settled_microtokens} unit={false} />} note="Rated tokens" />
      </Stats>
    </div>
  );
}
