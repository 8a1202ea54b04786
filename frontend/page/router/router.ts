import { computed, signal } from "@preact/signals";

import { match, placeOf } from "./address.ts";
import { ROUTES, type Route, type ViewProps } from "./routes.ts";

const place = signal(placeOf(location.hash));

addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** The view that the address names, with its values; null if it names none. */
export const current = computed<({ readonly route: Route } & ViewProps) | null>(() => {
  const { path, query } = place.value;
  for (const route of ROUTES) {
    const values = match(route.path, path);
    if (values !== null) return { route, values, query };
  }
  return null;
});

/** Opens a view: `open("/usage")`. */
export function open(path: string): void {
  location.hash = `#${path}`;
}
