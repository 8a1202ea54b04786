import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
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
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = shown === null ? "Not found – FlareFlow" : `${shown.route.title} – FlareFlow`;
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
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
        <View />
      </main>
      <Footer />
      <Toasts />
    </>
  );
}

type Code = { readonly name: "loading" } | { readonly name: "failed" } | { readonly name: "ready"; readonly path: string; readonly View: ComponentType<ViewProps> };

/** The view that the address names. The one before stays until the code of the next is there. */
function View() {
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
  if (shown === null) return <NotFound />;
  const state = code.value;
  if (state.name === "failed") return <NotLoaded />;
  if (state.name === "loading" || state.path !== shown.route.path) return <Skeleton height={30} />;
  return (
    <Guarded key={state.path}>
      <state.View values={shown.values} query={shown.query} />
    </Guarded>
  );
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
