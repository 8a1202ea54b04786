import { readFile } from "node:fs/promises";

const COMPILED = new URL("../../.local/frontend/", import.meta.url).href;
const SOURCES = new URL("../", import.meta.url).href;

/** A compiled module lies in another folder than its source, next to which its assets are. */
export async function resolve(specifier, context, next) {
  if (!/\.css$|\?raw$/.test(specifier)) return next(specifier, context);
  if (!specifier.startsWith(".")) return { url: `${SOURCES}node_modules/${specifier}`, shortCircuit: true };
  return { url: new URL(specifier, context.parentURL.replace(COMPILED, SOURCES)).href, shortCircuit: true };
}

export async function load(url, context, next) {
  if (url.endsWith(".css")) return { format: "module", source: "", shortCircuit: true };
  if (!url.endsWith("?raw")) return next(url, context);
  const text = await readFile(new URL(url.slice(0, -"?raw".length)), "utf8");
  return { format: "module", source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
}
