import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { countText, tokensText } from "../../../verify/amounts.ts";
import { Button } from "../../components/Button.tsx";
import { Area, Field, Select } from "../../components/Field.tsx";
import { Notice } from "../../components/states.tsx";
import { live, useLive } from "../../stores/live.ts";
import { ask, modelsOf, type Answering, NOT_ASKED } from "./asking.ts";

interface TryItProps {
  readonly subscriptionId: string;
  readonly modelsUrl: string;
  readonly freshKey: string | null;
  readonly model: Signal<string>;
}

/** A box that asks a model with the key, and shows the answer as it comes and what becomes of the call. */
export function TryIt({ subscriptionId, modelsUrl, freshKey, model }: TryItProps) {
  const typedKey = useSignal("");
  const prompt = useSignal("In one sentence: why is the sky blue?");
  const models = useSignal<readonly string[]>([model.value]);
  const answer = useSignal<Answering>(NOT_ASKED);
  const stop = useRef<AbortController | null>(null);
  const key = freshKey ?? typedKey.value.trim();
  useLive(subscriptionId);
  useEffect(() => {
    if (!key.startsWith("sk-")) return;
    void modelsOf(modelsUrl, key).then((names) => {
      if (names.length === 0) return;
      models.value = names;
      if (!names.includes(model.value)) model.value = names[0]!;
    });
  }, [key, modelsUrl]);
  useEffect(() => () => stop.current?.abort(), []);
  const isRunning = answer.value.state === "running";
  const send = () => {
    stop.current = new AbortController();
    const asked = { modelsUrl, key, model: model.value, prompt: prompt.value, signal: stop.current.signal };
    void ask(asked, (next) => (answer.value = next));
  };
  return (
    <section class="card try" aria-label="Try it">
      <div class="row apart">
        <h3>Try it</h3>
        <span class="faint small">A real call. It costs what it uses.</span>
      </div>
      {freshKey === null && (
        <Field label="Your key" placeholder="sk-…" value={typedKey.value} onInput={(text) => (typedKey.value = text)} />
      )}
      <Select
        label="Model"
        value={model.value}
        options={models.value.map((name) => ({ value: name, label: name }))}
        onChange={(name) => (model.value = name)}
      />
      <Area label="Question" text={prompt} />
      <div class="row">
        <Button kind="primary" isBusy={isRunning} disabled={key === "" || prompt.value.trim() === ""} onClick={send}>
          Send
        </Button>
        {isRunning && <Button onClick={() => stop.current?.abort()}>Stop</Button>}
      </div>
      {answer.value.state !== "not_asked" && <Answer answer={answer.value} />}
    </section>
  );
}

function Answer({ answer }: { readonly answer: Answering }) {
  return (
    <>
      <div class="try-answer" role="log" aria-label="The answer" aria-busy={answer.state === "running"}>
        {answer.text}
      </div>
      {answer.failure !== null && <Notice tone="bad">{answer.failure}</Notice>}
      <div class="try-facts numbers" role="status">
        {answer.usage !== null && (
          <span>
            {countText(answer.usage.promptTokens)} tokens in, {countText(answer.usage.completionTokens)} out
          </span>
        )}
        {answer.ratedTokens !== null && <span>{answer.ratedTokens} rated tokens</span>}
        <Metered eventId={answer.eventId} />
      </div>
    </>
  );
}

/** Whether the call has arrived in the live usage. */
function Metered({ eventId }: { readonly eventId: string | null }) {
  const call = eventId === null ? undefined : live.value.calls.find((one) => one.event_id === eventId);
  if (call === undefined) return null;
  return <span>Metered: {tokensText(call.rated_microtokens)} rated tokens, pending</span>;
}
