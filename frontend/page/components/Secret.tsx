import { CopyButton } from "./Copyable.tsx";
import "./secret.css";

/** A secret that is shown this once, to be copied. */
export function Secret({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="secret">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
