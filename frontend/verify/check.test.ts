import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { parseBundle } from "./bundle.ts";
import { fromHex } from "./bytes.ts";
import { check, worst } from "./check.ts";
import { LINKS, type Link, type Trust } from "./evidence.ts";

interface Manifest {
  readonly trusted_policy: string;
  readonly contract: string;
  readonly bundles: Expected;
  /** Bundles with the log of statements, which the page does not check: the witnesses are for whoever names them. */
  readonly log: { readonly bundles: Expected };
}

type Expected = Readonly<Record<string, { readonly what: string; readonly differs: Link | null }>>;

/** `npm test` runs in `frontend`. */
const FOLDER = "../tests/vectors/bundles";
const MANIFEST = JSON.parse(read("expected.json")) as Manifest;
const TRUST: Trust = { policyHash: fromHex(MANIFEST.trusted_policy.slice(2)), contract: MANIFEST.contract };

function read(name: string): string {
  return readFileSync(`${FOLDER}/${name}`, "utf8");
}

for (const [name, { what, differs }] of Object.entries(MANIFEST.bundles)) {
  test(`${name} (${what}): ${differs ?? "nothing"} differs`, () => {
    const findings = [...check(parseBundle(read(name)), TRUST)];
    const first = findings.find(({ outcome }) => outcome === "differs");
    assert.equal(first?.link ?? null, differs, first?.said);
    assert.equal(worst(findings), differs === null ? "verified" : "differs");
  });
}

test("every shipped bundle is in the list, and every link has a bad one", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "expected.json");
  const listed = [...Object.keys(MANIFEST.bundles), ...Object.keys(MANIFEST.log.bundles)];
  assert.deepEqual(files.toSorted(), listed.toSorted());
  const differing = new Set(Object.values(MANIFEST.bundles).map(({ differs }) => differs));
  assert.deepEqual([...differing].filter((link) => link !== null).toSorted(), LINKS.toSorted());
});
