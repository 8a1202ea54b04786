/** Builds the page in memory, and looks at what a browser loads for the first view. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "vite";

const FIRST_VIEW_BYTES_MAX = 350 * 1024;
let files;

before(async () => {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const { output } = await build({ root, logLevel: "error", build: { write: false } });
  files = new Map(output.map((file) => [file.fileName, file]));
});

/** The file and all that it imports at once; what it imports later is not loaded for it. */
function loadedFor(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { viteMetadata, imports = [] } = files.get(name);
  for (const other of [...imports, ...(viteMetadata?.importedCss ?? []), ...(viteMetadata?.importedAssets ?? [])]) {
    loadedFor(other, seen);
  }
  return seen;
}

function firstView() {
  const chunks = [...files.values()].filter((file) => file.type === "chunk");
  const entry = chunks.find((chunk) => chunk.isEntry);
  const home = chunks.find((chunk) => chunk.facadeModuleId?.endsWith("/views/home.tsx"));
  const fonts = [...files.keys()].filter((name) => name.endsWith(".woff2"));
  return ["index.html", ...fonts, ...loadedFor(home.fileName, loadedFor(entry.fileName))];
}

test("the first view is at most 350 KB, compressed", () => {
  const sizes = firstView().map((name) => {
    const { code, source } = files.get(name);
    return gzipSync(code ?? source).length;
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(bytes <= FIRST_VIEW_BYTES_MAX, `${bytes} bytes`);
});

test("the first view is without the wallet's library and without charts", () => {
  const modules = firstView().flatMap((name) => Object.keys(files.get(name).modules ?? {}));
  assert.ok(modules.some((module) => module.includes("/preact/")));
  assert.deepEqual(modules.filter((module) => /@onflow|uplot/i.test(module)), []);
});

test("nothing is written into the page that its content security policy refuses", () => {
  const html = String(files.get("index.html").source);
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
});
