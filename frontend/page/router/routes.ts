/**
 * Every view: its address, its name in the navigation, and where its code is. A view's file is loaded when it is
 * opened. To add one, write `views/<name>.tsx` with a default export and add its line here.
 */
import type { ComponentType } from "preact";

/** What a view is given: the values in its address, and the query. */
export interface ViewProps {
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export interface Route {
  readonly path: string;
  /** The title of the browser's tab. */
  readonly title: string;
  /** `public` is in the top bar, `account` in the bar below it for whoever is signed in, `operator` for operators. */
  readonly section: "public" | "account" | "operator";
  /** Its name in the navigation; without one it is reached by links only. */
  readonly label?: string;
  readonly load: () => Promise<{ readonly default: ComponentType<ViewProps> }>;
}

export const ROUTES: readonly Route[] = [
  { path: "/", title: "Models by the token, proven on chain", section: "public", load: () => import("../views/home.tsx") },
  { path: "/pricing", title: "Prices", section: "public", label: "Prices", load: () => import("../views/pricing/pricing.tsx") },
  { path: "/start", title: "Get a key", section: "public", load: () => import("../views/start/start.tsx") },
  { path: "/epochs", title: "Epochs", section: "public", label: "Epochs", load: () => import("../views/epochs.tsx") },
  { path: "/epochs/:epoch", title: "An epoch", section: "public", load: () => import("../views/epoch.tsx") },
  { path: "/check", title: "Check it yourself", section: "public", label: "Check", load: () => import("../views/check.tsx") },
  { path: "/network", title: "Network", section: "public", label: "Network", load: () => import("../views/network.tsx") },
  { path: "/how", title: "How it works", section: "public", label: "How it works", load: () => import("../views/how.tsx") },
  { path: "/usage", title: "Usage", section: "account", label: "Usage", load: () => import("../views/usage/usage.tsx") },
  { path: "/keys", title: "Keys", section: "account", label: "Keys", load: () => import("../views/keys/keys.tsx") },
  { path: "/deposit", title: "Deposit", section: "account", label: "Deposit", load: () => import("../views/deposit/deposit.tsx") },
  { path: "/bills", title: "Bills", section: "account", label: "Bills", load: () => import("../views/bills/bills.tsx") },
  { path: "/operators", title: "Operators", section: "operator", label: "Operators", load: () => import("../views/operators/operators.tsx") },
  { path: "/account", title: "Account", section: "account", label: "Account", load: () => import("../views/account/account.tsx") },
];
