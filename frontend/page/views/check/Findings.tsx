import { countText } from "../../../verify/amounts.ts";
import { worst } from "../../../verify/check.ts";
import { Button } from "../../components/Button.tsx";
import { CodeBlock } from "../../components/CodeBlock.tsx";
import { Icon } from "../../components/Icon.tsx";
import { Failed } from "../../components/states.tsx";
import { keepAsFile } from "../../stores/exports.ts";
import type { Progress } from "./run.ts";
import { GROUPS, OUTCOME_WORDS, TITLES, type Found } from "./words.ts";

const MARKS = { verified: "check", differs: "close", unchecked: "info" } as const;

/** What a check has found so far, step by step, and what it comes to. */
export function Findings({ progress, command }: { readonly progress: Progress; readonly command: string | null }) {
  const { found, failure, unreached, believed } = progress;
  const groups = GROUPS.map(({ title, links }) => ({ title, found: found.filter(({ link }) => links.includes(link)) }));
  return (
    <div class="stack">
      <Outcome progress={progress} />
      {failure !== null && <Failed failure={failure} />}
      {groups.map((group) => group.found.length > 0 && <Group key={group.title} {...group} all={found} />)}
      {unreached.length > 0 && (
        <Remarks title="What could not be reached from this browser" words={unreached}>
          The steps that need it are not checked. The command below asks from your own machine.
        </Remarks>
      )}
      {believed.length > 0 && (
        <Remarks title="What you still have to believe" words={believed}>
          No proof covers this. A check that comes from the operator's own page is one of these things: the same check is
          a command that you can install and read.
        </Remarks>
      )}
      {progress.doing === null && progress.text !== null && <KeepIt progress={progress} command={command} />}
    </div>
  );
}

function Outcome({ progress: { doing, found, failure } }: { readonly progress: Progress }) {
  const outcome = worst(found as Parameters<typeof worst>[0]);
  const count = found.filter((one) => one.outcome === "verified").length;
  const steps = `${count} of ${found.length} steps verified`;
  const words = {
    verified: { tone: "good", title: "Everything fits", icon: "check" },
    differs: { tone: "bad", title: "Something differs", icon: "alert" },
    unchecked: { tone: "warn", title: "Not everything could be checked", icon: "info" },
  } as const;
  if (doing !== null) {
    return (
      <div class="outcome" role="status">
        <span class="outcome-mark busy" aria-hidden="true" />
        <div>
          <h2>Checking…</h2>
          <p class="soft">{found.length > 0 ? steps : `${doing}.`}</p>
        </div>
      </div>
    );
  }
  if (found.length === 0 || failure !== null) return null;
  const { tone, title, icon } = words[outcome];
  const differing = found.find((one) => one.outcome === "differs");
  return (
    <div class={`outcome ${tone}`} role="status">
      <span class="outcome-mark">
        <Icon name={icon} size={24} />
      </span>
      <div>
        <h2>{title}</h2>
        <p class="soft">
          {steps}.{differing === undefined ? "" : ` The first that differs: ${TITLES[differing.link]}.`}
        </p>
      </div>
    </div>
  );
}

function Group({ title, found, all }: { readonly title: string; readonly found: readonly Found[]; readonly all: readonly Found[] }) {
  return (
    <section class="card check-group">
      <h3>{title}</h3>
      <ol>
        {found.map((one) => (
          <li key={one.link} class={`check-step ${one.outcome}`} value={all.indexOf(one) + 1}>
            <span class="check-mark" aria-hidden="true">
              <Icon name={MARKS[one.outcome]} size={16} />
            </span>
            <div>
              <h4>
                {TITLES[one.link]} <span class="unseen">: {OUTCOME_WORDS[one.outcome]}</span>
              </h4>
              <p>{one.said}</p>
            </div>
            <code class="check-name">{one.link}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Remarks(props: { readonly title: string; readonly words: readonly string[]; readonly children: string }) {
  return (
    <section class="card check-remarks">
      <h3>{props.title}</h3>
      <p class="soft small">{props.children}</p>
      <ul>
        {props.words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ul>
    </section>
  );
}

/** What was checked, as a file, and the same check elsewhere. */
function KeepIt({ progress: { text, bundle }, command }: { readonly progress: Progress; readonly command: string | null }) {
  const save = () => {
    const name = bundle === null ? "bundle.json" : `flareflow-${bundle.subscription_id}-${bundle.epoch}.json`;
    keepAsFile(name, text ?? "", "application/json");
  };
  const hasCalls = bundle?.events != null;
  return (
    <section class="card stack tight">
      <h3>Keep it, or check it elsewhere</h3>
      <p class="soft small">
        The bundle has every document that was compared, {countText((text ?? "").length)} characters. Anybody can check it
        without a network{hasCalls ? ". It contains your single calls, which nobody else can read otherwise" : ""}.
      </p>
      <div class="row">
        <Button onClick={save}>Download the bundle</Button>
      </div>
      {command !== null && <CodeBlock label="The same in a terminal" examples={[{ name: "Command", code: command }]} />}
    </section>
  );
}
