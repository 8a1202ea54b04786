import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren, ComponentType, RefObject } from "preact";
import { useEffect, useErrorBoundary, useRef } from "preact/hooks";

import { NotFound } from "../components/NotFound.tsx";
import { Failed, Notice, Skeleton } from "../components/states.tsx";
import { current } from "../router/router.ts";
import type { ViewProps } from "../router/routes.ts";
import { isOnline } from "../stores/online.ts";
import { AccountBar } from "./AccountBar.tsx";
import { Footer } from "./Footer.tsx";
import { Toasts } from "./Toasts.tsx";
import { TopBar } from "./TopBar.tsx";

export function App() {
  const main = useRef<HTMLElement>(null);
  const { value: shown } = current;
  useEffect(() => {
    document.title = shown === null ? "Not found – FlareFlow" : `${shown.route.title} – FlareFlow`;
  }, [shown?.route.path]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <TopBar />
      {shown?.route.section === "account" && <AccountBar />}
      {!isOnline.value && (
        <div class="wide banner">
          <Notice tone="warn">You are offline. What you see may be old; it is brought up to date when you are back.</Notice>
        </div>
      )}
      <main ref={main} tabIndex={-1} class="wide">
        <View main={main} />
      </main>
      <Footer />
      <Toasts />
    </>
  );
}

type Code = { readonly name: "loading" } | { readonly name: "failed" } | { readonly name: "ready"; readonly path: string; readonly View: ComponentType<ViewProps> };

/** The view that the address names. The one before stays until the code of the next is there. */
function View({ main }: { readonly main: RefObject<HTMLElement | null> }) {
  const code = useSignal<Code>({ name: "loading" });
  useSignalEffect(() => {
    const { value: wanted } = current;
    if (wanted === null) return;
    wanted.route.load().then(
      (module) => {
        if (current.peek()?.route === wanted.route) code.value = { name: "ready", path: wanted.route.path, View: module.default };
      },
      () => {
        if (current.peek()?.route === wanted.route) code.value = { name: "failed" };
      },
    );
  });
  const { value: shown } = current;
  const state = code.value;
  const isThere = shown === null || state.name === "failed" || (state.name === "ready" && state.path === shown.route.path);
  const place = shown === null ? "" : [shown.route.path, ...Object.values(shown.values)].join(" ");
  useArrival(main, isThere ? place : null);
  if (shown === null) return <NotFound />;
  if (state.name === "failed") return <NotLoaded />;
  if (state.name === "loading" || state.path !== shown.route.path) return <Skeleton height={30} />;
  return (
    <Guarded key={state.path}>
      <state.View values={shown.values} query={shown.query} />
    </Guarded>
  );
}

/**
 * Whoever goes to another view is at its top, with the focus on its heading, which screen readers say then; on the whole
 * while it has none. `place` names the view that is there now; null while it is loaded.
 */
function useArrival(main: RefObject<HTMLElement | null>, place: string | null): void {
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (place === null || place === last.current) return;
    const isFirst = last.current === null;
    last.current = place;
    if (isFirst) return;
    scrollTo(0, 0);
    const heading = main.current?.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    (heading ?? main.current)?.focus({ preventScroll: true });
  }, [place]);
}

/** What is shown in place of a view that throws while it is drawn: the page around it stays. */
function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [error, again] = useErrorBoundary((thrown) => console.error(thrown));
  if (error === undefined) return <>{children}</>;
  const failure = {
    title: "This view cannot be shown",
    detail: "Something in it is not as this page expects. Try again, or load the page again.",
    requestId: null,
  };
  return <Failed level={1} failure={failure} onRetry={again} />;
}

function NotLoaded() {
  const failure = {
    title: "This view could not be loaded",
    detail: "Check your connection and try again. If a new version was just published, reloading the page helps.",
    requestId: null,
  };
  return <Failed level={1} failure={failure} onRetry={() => location.reload()} />;
}
