import { useMemo } from "preact/hooks";

import type { Deployment, Session, Subscription } from "../../../api/operations.ts";
import { claim, publishHolder } from "../../../flow/transactions.ts";
import { Action } from "../../components/Action.tsx";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { useDoing } from "../../components/doing.ts";
import { NotSignedIn } from "../../components/OfSubscription.tsx";
import { Refused } from "../../components/Refused.tsx";
import { Show } from "../../components/states.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { open } from "../../router/router.ts";
import { now } from "../../stores/clock.ts";
import { signOut, unlistedOf } from "../../stores/flow.ts";
import { resource, type Resource } from "../../stores/resource.ts";
import { call, deployment, session, subscriptions } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { agoText, momentText } from "../../text/time.ts";
import { programOf } from "./programs.ts";
import { Webhooks } from "./Webhooks.tsx";
import "./account.css";

export default function Account() {
  const { value: address } = session.address;
  if (address === null) {
    return (
      <>
        <ViewHead title="Account" />
        <NotSignedIn>Your Flow account is your account here.</NotSignedIn>
      </>
    );
  }
  return (
    <>
      <ViewHead title="Account">
        You are signed in with <Copyable text={address} label="Address" />
      </ViewHead>
      <div class="stack">
        <Sessions key={address} />
        <Webhooks key={address} />
        <Show of={deployment} height={10}>
          {(known) => <Receive key={address} address={address} deployment={known} />}
        </Show>
      </div>
    </>
  );
}

function Sessions() {
  const sessions = useMemo(() => resource(() => call("GET /v1/auth/sessions", {}).then(({ items }) => items)), []);
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">Where you are signed in</h2>
      <Show of={sessions} height={13} narrow={20}>
        {(items) => <List items={items} sessions={sessions} />}
      </Show>
    </section>
  );
}

function List({ items, sessions }: { readonly items: readonly Session[]; readonly sessions: Resource<readonly Session[]> }) {
  const doing = useDoing();
  const end = (one: Session) =>
    doing.run(async () => {
      await call("DELETE /v1/auth/sessions/{session}", { path: { session: one.session_id } });
      say("good", "That device is signed out.");
      await sessions.reload();
    });
  const endAll = () =>
    doing.run(async () => {
      await call("DELETE /v1/auth/sessions", {});
      await signOut();
      say("info", "You are signed out everywhere.");
      open("/");
    });
  return (
    <div class="stack tight">
      <Refused failure={doing.failure} />
      <ul class="sessions">
        {items.map((one) => (
          <li class="row apart" key={one.session_id}>
            <div>
              <strong>{programOf(one.user_agent)}</strong> {one.is_current && <Badge tone="accent">This one</Badge>}
              <p class="soft small">
                From {one.source_ip}, used {agoText(one.refreshed_at, now.value)}
              </p>
              <p class="faint small">
                Since {momentText(one.created_at)}, until {momentText(one.expires_at)} at the latest
              </p>
            </div>
            {!one.is_current && (
              <Button
                size="small"
                isBusy={doing.isBusy}
                label={`Sign out ${programOf(one.user_agent)} from ${one.source_ip}`}
                onClick={() => void end(one)}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      <div class="row apart">
        <p class="faint small">A session that is not used for 7 days ends by itself.</p>
        <Button isBusy={doing.isBusy} onClick={() => void endAll()}>
          Sign out everywhere
        </Button>
      </div>
    </div>
  );
}

/** Subscriptions that others give to this account. */
function Receive({ address, deployment: { flow } }: { readonly address: string; readonly deployment: Deployment }) {
  const unlisted = useMemo(() => resource(() => unlistedOf(flow, address)), [flow, address]);
  return (
    <>
      <Action title="Receive subscriptions">
        {(review) => (
          <div class="stack tight">
            <p class="soft">
              Once you allow it, other accounts can give you their subscriptions. They can neither see into your account nor
              take anything from it.
            </p>
            <div class="row action-end">
              <Button onClick={() => review(publishHolder())}>Allow it</Button>
            </div>
          </div>
        )}
      </Action>
      <Show of={unlisted} height={0}>
        {({ unclaimed }) => <Show of={subscriptions} height={0}>{(owned) => <ToClaim unclaimed={unclaimed} owned={owned} />}</Show>}
      </Show>
    </>
  );
}

/**
 * Subscriptions whose rights lie in the account's storage while the contract has another owner recorded. What was to be
 * claimed when the view was opened stays, so that whoever claims it sees that it is done.
 */
function ToClaim({ unclaimed, owned }: { readonly unclaimed: readonly string[]; readonly owned: readonly Subscription[] }) {
  const known = new Set(owned.map(({ subscription }) => subscription.subscription_id));
  if (unclaimed.length === 0) return null;
  return (
    <Action title="Subscriptions to claim">
      {(review) => (
        <div class="stack tight">
          <p class="soft">
            Your account holds the rights to these subscriptions, but another owner is recorded. Claim them to use them.
          </p>
          {unclaimed.map((id) => (
            <div class="row apart" key={id}>
              <span>Subscription {id}</span>
              {known.has(id) ? <Badge tone="good">Yours</Badge> : <Button onClick={() => review(claim(id))}>Claim</Button>}
            </div>
          ))}
        </div>
      )}
    </Action>
  );
}
