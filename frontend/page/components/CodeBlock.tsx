import { CopyButton } from "./Copyable.tsx";
import { Tabs } from "./Tabs.tsx";

export interface Example {
  /** `curl`, `Python`, `JavaScript` */
  readonly name: string;
  readonly code: string;
}

/** Code to copy, in one or several languages. */
export function CodeBlock({ examples, label }: { readonly examples: readonly Example[]; readonly label: string }) {
  const [only] = examples;
  if (examples.length === 1 && only !== undefined) return <Code {...only} />;
  const tabs = examples.map((example) => ({ name: example.name, content: <Code {...example} /> }));
  return <Tabs label={label} tabs={tabs} />;
}

function Code({ name, code }: Example) {
  return (
    <div class="code">
      <pre tabIndex={0} aria-label={`${name} example`}>
        <code>{code}</code>
      </pre>
      <CopyButton text={code} label={name} />
    </div>
  );
}
