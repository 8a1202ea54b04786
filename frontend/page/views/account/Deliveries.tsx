import { useMemo } from "preact/hooks";

import type { Delivery, Webhook } from "../../../api/operations.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Show } from "../../components/states.tsx";
import { after, pages } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";
import { shortMomentText } from "../../text/time.ts";
import { attemptText, DELIVERY_STATES, eventText } from "./webhook-words.ts";

const ASKED_MAX = 15;
const ASKED_EVERY_MS = 1_000;

interface DeliveriesProps {
  readonly webhook: Webhook;
  readonly onChanged: () => void;
}

/** What was sent to a webhook, newest first; with a test, and a way to send anything again. */
export function Deliveries({ webhook: { webhook_id: id, state }, onChanged }: DeliveriesProps) {
  const deliveries = useMemo(
    () =>
      pages<Delivery>((cursor) =>
        call("GET /v1/webhooks/{webhook_id}/deliveries", { path: { webhook_id: id }, query: after(cursor) }),
      ),
    [id],
  );
  const doing = useDoing();
  /** Asks for the list until the attempt is over, or for as long as one may take. */
  const untilAttempted = async (deliveryId: string) => {
    for (let asked = 0; asked < ASKED_MAX; asked += 1) {
      await deliveries.reload();
      const known = deliveries.state.peek();
      const found = known.name === "ready" && known.value.items.find((one) => one.delivery_id === deliveryId);
      if (!found || found.state !== "pending") break;
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
    }
    onChanged();
  };
  const sendTest = () =>
    doing.run(async () => {
      const header = { "Idempotency-Key": crypto.randomUUID() };
      const sent = await call("POST /v1/webhooks/{webhook_id}/tests", { path: { webhook_id: id }, header });
      await untilAttempted(sent.delivery_id);
    });
  const replay = (deliveryId: string) =>
    doing.run(async () => {
      const path = { webhook_id: id, delivery_id: deliveryId };
      await call("POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replays", { path });
      await untilAttempted(deliveryId);
    });
  const isEnabled = state === "enabled";
  return (
    <div class="deliveries stack tight">
      <div class="row apart">
        <h3>Deliveries of the last 30 days</h3>
        <Button size="small" isBusy={doing.isBusy} disabled={!isEnabled} onClick={() => void sendTest()}>
          Send a test
        </Button>
      </div>
      <Refused failure={doing.failure} />
      <Show of={deliveries} height={6}>
        {({ items }) => (
          <>
            {items.length === 0 && <p class="faint">Nothing was sent yet.</p>}
            <ul>
              {items.map((one) => (
                <li key={one.delivery_id}>
                  <div>
                    <strong>{eventText(one.type)}</strong>{" "}
                    <Badge tone={DELIVERY_STATES[one.state].tone}>{DELIVERY_STATES[one.state].label}</Badge>
                    <p class="soft small">{attemptText(one)}</p>
                    <p class="faint small">
                      {shortMomentText(one.at)}
                      {one.next_attempt_at !== null && one.attempts.length > 0 && (
                        <>, next attempt {shortMomentText(one.next_attempt_at)}</>
                      )}
                    </p>
                  </div>
                  <Button
                    size="small"
                    disabled={!isEnabled || one.state === "pending"}
                    isBusy={doing.isBusy}
                    label={`Send again: ${eventText(one.type)} of ${shortMomentText(one.at)}`}
                    onClick={() => void replay(one.delivery_id)}
                  >
                    Send again
                  </Button>
                </li>
              ))}
            </ul>
            <ShowMore of={deliveries} />
          </>
        )}
      </Show>
    </div>
  );
}
