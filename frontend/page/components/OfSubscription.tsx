import type { ComponentChildren } from "preact";

import type { Subscription } from "../../api/operations.ts";
import { chosen } from "../stores/chosen.ts";
import { session, subscriptions } from "../stores/server.ts";
import { ButtonLink } from "./Button.tsx";
import { Empty, Show } from "./states.tsx";
import { ViewHead } from "./ViewHead.tsx";

interface OfSubscriptionProps {
  /** The title of the view, for as long as there is nothing else to show. */
  readonly title: string;
  /** Height in rem of what will be there. */
  readonly height: number;
  readonly children: (subscription: Subscription) => ComponentChildren;
}

/** What a view shows of the chosen subscription; and what to do where there is none. */
export function OfSubscription({ title, height, children }: OfSubscriptionProps) {
  const isShown = session.address.value !== null && chosen.value !== null;
  return (
    <>
      {!isShown && <ViewHead title={title} />}
      <Content height={height}>{children}</Content>
    </>
  );
}

function Content({ height, children }: Omit<OfSubscriptionProps, "title">) {
  if (session.address.value === null) {
    return <NotSignedIn>Your Flow account is your account here. Connect its wallet to see your subscription.</NotSignedIn>;
  }
  return (
    <Show of={subscriptions} height={height}>
      {() => (chosen.value === null ? <NoSubscription /> : children(chosen.value))}
    </Show>
  );
}

/** What a view shows to whoever is not signed in. */
export function NotSignedIn({ children }: { readonly children: ComponentChildren }) {
  const action = (
    <ButtonLink kind="primary" icon="wallet" href="#/start">
      Connect a wallet
    </ButtonLink>
  );
  return (
    <Empty level={2} icon="wallet" title="Sign in to see this" action={action}>
      {children}
    </Empty>
  );
}

function NoSubscription() {
  const action = (
    <ButtonLink kind="primary" href="#/start">
      Open a subscription
    </ButtonLink>
  );
  return (
    <Empty level={2} title="No subscription yet" action={action}>
      Choose a plan and put down a deposit. What you do not use stays yours.
    </Empty>
  );
}
