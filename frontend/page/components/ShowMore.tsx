import type { Pages } from "../stores/pages.ts";
import { Button } from "./Button.tsx";
import { useDoing } from "./doing.ts";

/** Asks for the next part of a list, where there is one. That it failed is said where the list is shown. */
export function ShowMore<T>({ of, label = "Show more" }: { readonly of: Pages<T>; readonly label?: string }) {
  const doing = useDoing();
  const state = of.state.value;
  if (state.name !== "ready" || !state.value.hasMore) return null;
  return (
    <div class="row">
      <Button size="small" isBusy={doing.isBusy} onClick={() => void doing.run(of.more)}>
        {label}
      </Button>
    </div>
  );
}
