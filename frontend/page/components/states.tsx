/** How a view looks while there is nothing to show yet, nothing at all, or no way to know. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import type { Loaded, Resource } from "../stores/resource.ts";
import type { Failure } from "../text/failures.ts";
import { Button } from "./Button.tsx";
import { Icon, type IconName } from "./Icon.tsx";

interface SkeletonProps {
  /** Height in rem of what will be there, so that nothing moves when it comes. */
  readonly height: number;
  /** The same on a narrow screen, where it differs much. */
  readonly narrow?: number | undefined;
}

export function Skeleton({ height, narrow = height }: SkeletonProps) {
  return <div class="skeleton" style={{ "--height": `${height}rem`, "--height-narrow": `${narrow}rem` }} />;
}

interface EmptyProps {
  readonly icon?: IconName;
  readonly title: string;
  readonly children: ComponentChildren;
  /** What to do about it: a Button or ButtonLink. */
  readonly action?: ComponentChildren;
  /** Of the heading: 1 where it is all that the view shows, 2 below the title of the view. */
  readonly level?: 1 | 2;
}

export function Empty({ icon = "info", title, children, action, level = 2 }: EmptyProps) {
  const Heading = `h${level}` as const;
  return (
    <div class="state">
      <span class="state-mark">
        <Icon name={icon} />
      </span>
      <Heading class="state-title">{title}</Heading>
      <p>{children}</p>
      {action}
    </div>
  );
}

interface FailedProps {
  readonly failure: Failure;
  readonly onRetry?: () => void;
  /** Of the heading, as with `Empty`. */
  readonly level?: 1 | 2 | undefined;
}

export function Failed({ failure, onRetry, level = 2 }: FailedProps) {
  const Heading = `h${level}` as const;
  return (
    <div class="state failed" role="alert">
      <span class="state-mark">
        <Icon name="alert" />
      </span>
      <Heading class="state-title">{failure.title}</Heading>
      <p>{failure.detail}</p>
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
      {failure.requestId !== null && <p class="faint small mono">Request {failure.requestId}</p>}
    </div>
  );
}

/** A line above or within a view: `tone` is how serious it is. */
export function Notice(props: {
  readonly tone: "info" | "good" | "warn" | "bad";
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  const icon = props.tone === "good" ? "check" : props.tone === "info" ? "info" : "alert";
  return (
    <div class={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : "status"}>
      <Icon name={icon} />
      <div class="notice-text">{props.children}</div>
      {props.action}
    </div>
  );
}

interface ShowProps<T> extends SkeletonProps, Pick<FailedProps, "level"> {
  readonly of: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
}

interface ShowAnyProps {
  /** All that the view asks for. */
  readonly of: readonly Resource<unknown>[];
  readonly children: ComponentChildren;
}

/** A view of several resources; one failure in place of all, where something failed and nothing is there to be shown. */
export function ShowAny({ of, children }: ShowAnyProps) {
  for (const one of of) one.want();
  useRetry(of);
  const states = of.map(({ state }) => state.value);
  const failed = states.find((state) => state.name === "failed");
  if (failed === undefined || states.some(({ name }) => name === "ready")) return <>{children}</>;
  return <Failed failure={failed.failure} onRetry={() => reloaded(of)} />;
}

function reloaded(of: readonly Resource<unknown>[]): void {
  for (const one of of) void one.reload();
}

/** Asks again for what failed as soon as the device is online again. */
function useRetry(of: readonly Resource<unknown>[]): void {
  useEffect(() => {
    const retry = () => reloaded(of.filter(({ state }) => hasFailed(state.peek())));
    addEventListener("online", retry);
    return () => removeEventListener("online", retry);
  }, of);
}

function hasFailed(state: Loaded<unknown>): boolean {
  return state.name === "failed" || (state.name === "ready" && state.failure !== null);
}

/** What a resource has: a skeleton of its height at first, then its view; a failure with a way to try again. */
export function Show<T>({ of, height, narrow, level, children }: ShowProps<T>) {
  of.want();
  useRetry([of]);
  const state: Loaded<T> = of.state.value;
  if (state.name === "loading") return <Skeleton height={height} narrow={narrow} />;
  if (state.name === "failed") return <Failed failure={state.failure} onRetry={() => void of.reload()} level={level} />;
  return (
    <>
      {state.failure !== null && (
        <Notice tone="warn" action={<Button size="small" onClick={() => void of.reload()}>Try again</Button>}>
          This may be out of date. {state.failure.title}.
        </Notice>
      )}
      {children(state.value)}
    </>
  );
}
