import { useEffect, useMemo, useRef } from "preact/hooks";

import type { Delivery, Webhook } from "../../../api/operations.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Show } from "../../components/states.tsx";
import { useFresh } from "../../stores/fresh.ts";
import { after, pages } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";
import { shortMomentText } from "../../text/time.ts";
import { attemptText, DELIVERY_STATES, eventText } from "./webhook-words.ts";

/** How often the list is asked for: while something in it is under way, and otherwise. */
const UNDER_WAY_MS = 2_000;
const AT_REST_MS = 30_000;

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
  const known = deliveries.state.value;
  const underWay = known.name === "ready" ? known.value.items.filter((one) => one.state === "pending").length : 0;
  useFresh(deliveries, underWay > 0 ? UNDER_WAY_MS : AT_REST_MS);
  const before = useRef(underWay);
  useEffect(() => {
    if (underWay < before.current) onChanged(); // an attempt may have changed the state of the webhook
    before.current = underWay;
  }, [underWay]);
  const sendTest = () =>
    doing.run(async () => {
      const header = { "Idempotency-Key": crypto.randomUUID() };
      await call("POST /v1/webhooks/{webhook_id}/tests", { path: { webhook_id: id }, header });
      await deliveries.reload();
    });
  const replay = (deliveryId: string) =>
    doing.run(async () => {
      const path = { webhook_id: id, delivery_id: deliveryId };
      await call("POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replays", { path });
      await deliveries.reload();
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
