import { ButtonLink } from "./Button.tsx";
import { Empty } from "./states.tsx";

/** In place of a view that is not there, or not for whoever is signed in. */
export function NotFound() {
  return (
    <Empty level={1} title="There is no such page" action={<ButtonLink href="#/">Go to the start</ButtonLink>}>
      The address may be mistyped, or the page has moved.
    </Empty>
  );
}
