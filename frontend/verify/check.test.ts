import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { parseBundle } from "./bundle.ts";
import { fromHex } from "./bytes.ts";
import { check, worst } from "./check.ts";
import { parseCheckpoint } from "./log/notes.ts";
import { parseLogPolicy } from "./log/policy.ts";
import { FormError } from "./reading.ts";
import { LINKS, type Link, type Trust } from "./evidence.ts";

interface Manifest {
  readonly trusted_policy: string;
  readonly contract: string;
  readonly bundles: Expected;
  /** What is wrong with files that are no bundle. */
  readonly refused: Readonly<Record<string, string>>;
  /** Bundles with the log of statements, for a reader with a policy for it who has seen a checkpoint before. */
  readonly log: {
    readonly policy: string;
    readonly seen: string;
    readonly steps: readonly Link[];
    readonly bundles: Expected;
  };
}

type Expected = Readonly<
  Record<string, { readonly what: string; readonly differs: Link | null; readonly unchecked?: Link }>
>;

/** `npm test` runs in `frontend`. */
const FOLDER = "../tests/vectors/bundles";
const MANIFEST = JSON.parse(read("expected.json")) as Manifest;
const TRUST: Trust = { policyHash: fromHex(MANIFEST.trusted_policy.slice(2)), contract: MANIFEST.contract };

function read(name: string): string {
  return readFileSync(`${FOLDER}/${name}`, "utf8");
}

const OF_LOG = MANIFEST.log;
const TRUST_OF_LOG: Trust = {
  ...TRUST,
  logPolicy: parseLogPolicy(OF_LOG.policy),
  seen: parseCheckpoint(OF_LOG.seen).checkpoint,
};

for (const [name, { what, differs, unchecked }] of Object.entries({ ...MANIFEST.bundles, ...OF_LOG.bundles })) {
  test(`${name} (${what}): ${differs ?? "nothing"} differs, ${unchecked ?? "nothing"} is unchecked`, () => {
    const findings = [...check(parseBundle(read(name)), name in OF_LOG.bundles ? TRUST_OF_LOG : TRUST)];
    const first = findings.find(({ outcome }) => outcome === "differs");
    assert.equal(first?.link ?? null, differs, first?.said);
    if (differs === null) {
      const missing = findings.find(({ outcome }) => outcome === "unchecked");
      assert.equal(missing?.link, unchecked, missing?.said);
    }
    assert.equal(worst(findings), differs !== null ? "differs" : unchecked !== undefined ? "unchecked" : "verified");
  });
}

for (const [name, what] of Object.entries(MANIFEST.refused)) {
  test(`${name} (${what}) is refused`, () => {
    assert.throws(() => parseBundle(read(name)), FormError);
  });
}

test("every shipped bundle is in the list, and every link has a bad one", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "expected.json");
  const listed: Expected = { ...MANIFEST.bundles, ...OF_LOG.bundles };
  assert.deepEqual(files.toSorted(), Object.keys({ ...listed, ...MANIFEST.refused }).toSorted());
  const differing = new Set(Object.values(listed).map(({ differs }) => differs));
  assert.deepEqual([...differing].filter((link) => link !== null).toSorted(), LINKS.toSorted());
});

test("without a policy for the log its steps are left out", () => {
  const links = [...check(parseBundle(read("good-log.json")), TRUST)].map(({ link }) => link);
  assert.deepEqual(links.filter((link) => OF_LOG.steps.includes(link)), []);
});
