import { Select } from "../components/Field.tsx";
import { current } from "../router/router.ts";
import { ROUTES } from "../router/routes.ts";
import { choose, chosen } from "../stores/chosen.ts";
import { session, subscriptions } from "../stores/server.ts";
import { NavLink } from "./TopBar.tsx";

const VIEWS = ROUTES.filter((route) => route.section === "account" && route.label !== undefined);

/** The views of an account, and the subscription that they show. */
export function AccountBar() {
  if (session.address.value === null) return null;
  const path = current.value?.route.path;
  return (
    <section class="account-bar" aria-label="Account">
      <div class="wide account-line">
        <nav class="account-nav" aria-label="Your account">
          {VIEWS.map((route) => (
            <NavLink key={route.path} path={route.path} label={route.label ?? ""} isIn={route.path === path} />
          ))}
        </nav>
        <SubscriptionChoice />
      </div>
    </section>
  );
}

function SubscriptionChoice() {
  subscriptions.want();
  const state = subscriptions.state.value;
  if (state.name !== "ready" || chosen.value === null || state.value.length < 2) return null;
  const options = state.value.map(({ subscription: { subscription_id: id, status } }) => ({
    value: id,
    label: status === "active" ? `Subscription ${id}` : `Subscription ${id} (${status})`,
  }));
  return (
    <Select
      label="Subscription"
      hideLabel
      value={chosen.value.subscription.subscription_id}
      options={options}
      onChange={choose}
    />
  );
}
