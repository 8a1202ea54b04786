import type { ComponentChildren } from "preact";

import type { Deployment } from "../../../api/operations.ts";
import { CodeBlock } from "../../components/CodeBlock.tsx";
import { Tabs } from "../../components/Tabs.tsx";
import { firstCall } from "../../text/examples.ts";

/** What to know before one uses it, for people and for programs. */
export function Guides({ about }: { readonly about: Deployment }) {
  const tabs = [
    { name: "For users", content: <ForUsers about={about} /> },
    { name: "For developers", content: <ForDevelopers about={about} /> },
  ];
  return <Tabs label="Guides" tabs={tabs} />;
}

function ForUsers({ about: { flow } }: { readonly about: Deployment }) {
  const { symbol } = flow.token;
  return (
    <dl class="how-guide">
      <Topic title="Begin">
        <a href="#/start">Connect a wallet</a>, choose a plan and open a subscription with a deposit. Its first key is
        shown once: keep it where nobody else can read it.
      </Topic>
      <Topic title="What it costs">
        A token is rated by the <a href="#/pricing">price book</a>: a token of an expensive model weighs more than one of
        a cheap model. Your plan prices rated tokens, in tiers that fall with use. A charge is in {symbol} and never more
        than the price of what was attested.
      </Topic>
      <Topic title="Stay in control">
        Set the most that a key may use, and the most that may be charged in 30 days. A call is admitted only if the most
        that it can cost still fits into what is left.
      </Topic>
      <Topic title="See what happens">
        A call shows as pending within a second. It is sealed, attested and charged some minutes later; each stage has
        its <a href="#/epochs">own page</a>.
      </Topic>
      <Topic title="Check it">
        Keep the receipts of your calls, and <a href="#/check">check a bill</a> now and then. A call that you did not make,
        or one that is billed for more than was signed, can be shown to anybody.
      </Topic>
      <Topic title="Leave">
        Request the exit, wait for its notice, take out what is left. Nobody has to agree, and nobody can stop it.
      </Topic>
    </dl>
  );
}

function ForDevelopers({ about: { models_url: url } }: { readonly about: Deployment }) {
  const key = "$FLAREFLOW_KEY";
  const itself = `curl ${url}/credits -H "Authorization: Bearer ${key}"\ncurl ${url}/usage -H "Authorization: Bearer ${key}"`;
  return (
    <div class="stack">
      <CodeBlock label="A first call" examples={firstCall(url, "gpt-4o", "sk-…")} />
      <dl class="how-guide">
        <Topic title="Any client of OpenAI's API">
          Give it the base URL <code>{url}</code> and your key. Chat completions, responses, embeddings and Anthropic's
          messages work, streams too.
        </Topic>
        <Topic title="What a call cost">
          Each answer has <code>x-flareflow-event-id</code>, <code>x-flareflow-cost</code> in rated tokens and{" "}
          <code>x-flareflow-receipt</code>. A stream has them as comments in its last event, which clients skip.
        </Topic>
        <Topic title="Models and their weights">
          <code>GET {url}/models</code> lists them, each with what a token of each kind weighs.
        </Topic>
        <Topic title="When it refuses">
          401: no such key. 402: what is left does not cover the call, or a cap is reached. 429: calls under way have
          reserved the rest, try again soon. 503 has <code>Retry-After</code>. Errors have OpenAI's form.
        </Topic>
      </dl>
      <CodeBlock label="What a key may ask of itself" examples={[{ name: "What is left, and what was used", code: itself }]} />
    </div>
  );
}

function Topic({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
