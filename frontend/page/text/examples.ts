import type { Example } from "../components/CodeBlock.tsx";

/** A first call in three languages. `key` is shown as it is, so give a placeholder where the key is not known. */
export function firstCall(modelsUrl: string, model: string, key: string): readonly Example[] {
  return [
    { name: "curl", code: curl(modelsUrl, model, key) },
    { name: "Python", code: python(modelsUrl, model, key) },
    { name: "JavaScript", code: javascript(modelsUrl, model, key) },
  ];
}

function curl(modelsUrl: string, model: string, key: string): string {
  return `curl ${modelsUrl}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Hello"}]
  }'`;
}

function python(modelsUrl: string, model: string, key: string): string {
  return `from openai import OpenAI

client = OpenAI(base_url="${modelsUrl}", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`;
}

function javascript(modelsUrl: string, model: string, key: string): string {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${modelsUrl}", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);`;
}
