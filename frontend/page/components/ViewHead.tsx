import type { ComponentChildren } from "preact";

interface ViewHeadProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}

/** The heading of a view: its title, a sentence about it, and what there is to do. */
export function ViewHead({ title, children, action }: ViewHeadProps) {
  return (
    <div class="view-head">
      <div>
        <h1>{title}</h1>
        {children !== undefined && <p>{children}</p>}
      </div>
      {action}
    </div>
  );
}
