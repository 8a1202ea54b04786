import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { ButtonLink } from "../components/Button.tsx";
import { Icon } from "../components/Icon.tsx";
import { current } from "../router/router.ts";
import { ROUTES } from "../router/routes.ts";
import { session } from "../stores/server.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { ThemeSwitch } from "./ThemeSwitch.tsx";

const PUBLIC = ROUTES.filter((route) => route.section === "public" && route.label !== undefined);
const ACCOUNT = ROUTES.filter((route) => route.section === "account" && route.label !== undefined);
const OPERATOR = ROUTES.filter((route) => route.section === "operator");

export function TopBar() {
  const isOpen = useSignal(false);
  const path = current.value?.route.path;
  useEffect(() => {
    isOpen.value = false;
  }, [path]);
  const isSignedIn = session.address.value !== null;
  const [entry] = ACCOUNT;
  return (
    <header class="top">
      <div class="wide top-line">
        <a class="brand" href="#/" aria-label="FlareFlow: start">
          <Logo />
          FlareFlow
        </a>
        <button
          type="button"
          class="icon-button top-toggle"
          aria-label={isOpen.value ? "Close the menu" : "Open the menu"}
          aria-expanded={isOpen.value}
          aria-controls="top-nav"
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          <Icon name={isOpen.value ? "close" : "menu"} />
        </button>
        <nav id="top-nav" class={isOpen.value ? "top-nav open" : "top-nav"} aria-label="FlareFlow">
          {isSignedIn && entry !== undefined && <NavLink path={entry.path} label="Your account" isIn={isAccount()} />}
          {[...(session.isOperator.value ? OPERATOR : []), ...PUBLIC].map((route) => (
            <NavLink key={route.path} path={route.path} label={route.label ?? ""} isIn={route.path === path} />
          ))}
        </nav>
        <div class="top-end">
          <ThemeSwitch />
          {isSignedIn ? (
            <AccountMenu />
          ) : (
            <ButtonLink kind="primary" size="small" href="#/start">
              Get a key
            </ButtonLink>
          )}
        </div>
      </div>
    </header>
  );
}

function isAccount(): boolean {
  return current.value?.route.section === "account";
}

export function NavLink({ path, label, isIn }: { readonly path: string; readonly label: string; readonly isIn: boolean }) {
  return (
    <a href={`#${path}`} class="nav-link" aria-current={isIn ? "page" : undefined}>
      {label}
    </a>
  );
}

function Logo() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M9 23V9h14M9 16h10"
        fill="none"
        stroke="var(--accent-ink)"
        stroke-width="3"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <circle cx="22.5" cy="22.5" r="2.5" fill="var(--accent-ink)" />
    </svg>
  );
}
