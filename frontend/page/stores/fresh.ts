import { useEffect, useRef } from "preact/hooks";

import type { Resource } from "./resource.ts";

/** Asks for a resource anew every so many milliseconds, while the view that shows it is in sight. */
export function useFresh(resource: Resource<unknown>, milliseconds: number): void {
  useEffect(() => {
    let last = Date.now();
    const timer = setInterval(() => {
      if (document.hidden || !navigator.onLine || Date.now() - last < milliseconds) return;
      last = Date.now();
      void resource.reload();
    }, 1_000);
    return () => clearInterval(timer);
  }, [resource, milliseconds]);
}

/** Asks for a resource when it is first shown, and anew whenever `changes` has another value. */
export function useAfter(resource: Resource<unknown>, changes: number): void {
  const last = useRef({ resource, changes });
  useEffect(() => {
    const { current: before } = last;
    last.current = { resource, changes };
    if (before.resource === resource && before.changes !== changes) void resource.reload();
    else resource.want();
  }, [resource, changes]);
}
