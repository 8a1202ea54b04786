import type { Failure } from "../text/failures.ts";
import { Notice } from "./states.tsx";

/** Why the server did not do it. */
export function Refused({ failure }: { readonly failure: Failure | null }) {
  if (failure === null) return null;
  return (
    <Notice tone="bad">
      <strong>{failure.title}.</strong> {failure.detail}
    </Notice>
  );
}
