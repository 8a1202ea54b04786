import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseBundle } from "./bundle.ts";
import { abiBytes, concat, fromHex, hex0x, keccak256, toHex, toNumber, utf8, word } from "./bytes.ts";
import { check, worst } from "./check.ts";
import { parsePageIndex, parseStatement } from "./documents.ts";
import { gather, type Wanted } from "./gather.ts";
import { decodePolicy, legacyHash } from "./policy.ts";
import { FlareNode } from "./sources/flare.ts";
import { policiesBackTo } from "./sources/flare_policies.ts";
import { FlowNode } from "./sources/flow.ts";
import { StatementHost } from "./sources/host.ts";
import { Requests } from "./sources/http.ts";

type Json = null | boolean | string | readonly Json[] | { readonly [name: string]: Json };
type Fields = { readonly [name: string]: Json };

const SCRIPTS = { getBill: "bill", getConfirmed: "confirmed", getTriggers: "triggers" };

/** The sources from which a shipped bundle could have been gathered. `down`: addresses that give no answer. */
class World {
  readonly down: string[] = [];
  /** So many blocks of Flare may be searched at once. */
  blocksAtOnce = Infinity;
  readonly bundle: Fields;
  readonly text: string;
  readonly documents = new Map<string, string>();

  constructor(name: string) {
    this.text = readFileSync(`../tests/vectors/bundles/${name}`, "utf8");
    this.bundle = JSON.parse(this.text) as Fields;
    const sealed = this.bundle["sealed"] as readonly Record<string, string | null>[];
    for (const one of sealed) this.#publish(one);
    const attested = this.bundle["attested"] as Fields;
    const policy = (this.bundle["policies"] as readonly Fields[]).at(-1)?.["policy"] ?? null;
    const proof = JSON.stringify({ ...attested, policy });
    this.documents.set(`${pathOf(sealed.at(-1)?.["statement"] as string)}/attestation`, proof);
    const statements = sealed.map((one) => ({ epoch: String(parseStatement(one["statement"] as string).epoch) }));
    this.documents.set("/v1/statements", JSON.stringify({ statements: statements.toReversed() }));
    const book = this.bundle["price_book"] as string;
    this.documents.set(`/v1/price-books/${toHex(keccak256(utf8(book)))}`, book);
  }

  #publish(sealed: Readonly<Record<string, string | null>>): void {
    const path = pathOf(sealed["statement"] as string);
    this.documents.set(path, sealed["statement"] as string);
    for (const kind of ["usage", "settlement"]) {
      const index = sealed[`${kind}_index`];
      const page = sealed[`${kind}_page`];
      if (index) this.documents.set(`${path}/${kind}-index`, index);
      if (page) this.documents.set(`/v1/pages/${toHex(keccak256(utf8(page)))}`, page);
      for (const digest of index ? parsePageIndex(index).hashes.values() : []) {
        const other = `/v1/pages/${toHex(digest)}`;
        this.documents.set(other, this.documents.get(other) ?? "another page");
      }
    }
  }

  readonly fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const { host, pathname, search } = new URL(String(input));
    if (this.down.includes(host)) throw new TypeError("fetch failed");
    const body = String(init?.body);
    const answer = { host: () => this.documents.get(pathname), flow: () => this.#flow(pathname, search, body), flare: () => this.#flare(body) };
    const text = answer[host as keyof typeof answer]();
    return new Response(text ?? "", { status: text === undefined ? 404 : 200 });
  }) as typeof fetch;

  #flow(pathname: string, search: string, body: string): string {
    const onFlow = this.bundle["on_flow"] as Fields;
    const charge = onFlow["charge"] as Fields;
    const query = new URLSearchParams(search);
    if (pathname === "/v1/blocks") {
      const height = query.get("height") === "sealed" ? String(onFlow["height"]) : String(query.get("height"));
      return JSON.stringify([{ header: { height, timestamp: "2025-04-03T18:15:00Z" } }]);
    }
    if (pathname === "/v1/events") {
      assert.equal(query.get("type"), "A.f8d6e0586b0a20c7.SubscriptionAccounts.Settled");
      const payload = btoa(JSON.stringify(this.#settled(charge)));
      const events = [{ transaction_id: String(charge["transaction_id"]), payload }];
      return JSON.stringify([{ block_height: "1" }, { block_height: String(charge["height"]), events }]);
    }
    const script = atob(String((JSON.parse(body) as Fields)["script"]));
    const before = query.get("block_height") !== String(charge["height"]);
    const bill = (before ? charge["before"] : onFlow["bill"]) as Fields;
    const values: Record<string, unknown> = {
      bill: optional(struct(bill)),
      triggers: { type: "Array", value: (onFlow["triggers"] as readonly Fields[]).map(struct) },
      confirmed: this.#confirmed(onFlow),
    };
    return JSON.stringify(btoa(JSON.stringify(values[script])));
  }

  #settled(charge: Fields): unknown {
    const { epoch, rated_microtokens, charged_ufix64, owed_ufix64, rate_ufix64 } = charge;
    const id = this.bundle["subscription_id"] as string;
    const told = { subscription_id: id, epoch, rated_microtokens, charged_ufix64, owed_ufix64, rate_ufix64 } as Fields;
    const { value } = struct(told) as { value: unknown };
    return { type: "Event", value };
  }

  #confirmed(onFlow: Fields): unknown {
    const text = (name: string) => optional({ type: "String", value: String(onFlow[name]).slice(2) });
    const number = (name: string) => ({ type: "UInt256", value: onFlow[name] });
    const fields = {
      root: text("root"),
      settlementRoot: text("settlement_root"),
      totalMicrotokens: optional(number("total_microtokens")),
      roundsPerRewardEpoch: number("rounds_per_reward_epoch"),
      sourceChainId: number("source_chain_id"),
    };
    return { type: "Struct", value: { fields: Object.entries(fields).map(([name, value]) => ({ name, value })) } };
  }

  #flare(body: string): string {
    const { method, params } = JSON.parse(body) as { method: string; params: readonly [never] };
    const [first] = params;
    const answers: Readonly<Record<string, () => unknown>> = {
      eth_call: () => this.#view(first),
      eth_getLogs: () => this.#logs(first),
      eth_getBlockByNumber: () => this.#block(first),
      eth_getTransactionByHash: () => this.#signing(first),
    };
    const answer = answers[method]?.();
    const refusal = { error: { code: -32005, message: "block range too wide" } };
    return JSON.stringify({ jsonrpc: "2.0", id: 1, ...(answer === undefined ? refusal : { result: answer }) });
  }

  #view({ data }: { readonly data: string }): string {
    const onFlare = this.bundle["on_flare"] as Fields;
    const answers: Record<string, string> = {
      "getContractAddressByName(string)": `0x${"00".repeat(31)}07`,
      "merkleRoots(uint256,uint256)": String(onFlare["root"]),
      "toSigningPolicyHash(uint256)": String(onFlare["policy_hash"]),
      "startingVotingRoundIds(uint256)": hex0x(word(10)),
      "firstVotingRoundStartTs()": hex0x(word(1_000)),
      "votingEpochDurationSeconds()": hex0x(word(90)),
    };
    return answers[Object.keys(answers).find((one) => data.startsWith(selector(one))) as string] as string;
  }

  /** A chain with a block each second; the policies' events are in block 1,880, shortly before they start. */
  #block(number: string): object {
    return { number: number === "latest" ? "0x2000" : number, timestamp: number === "latest" ? "0x2000" : number };
  }

  #logs(wanted: { readonly topics: readonly [readonly string[], string]; readonly fromBlock: string; readonly toBlock: string }): readonly object[] | undefined {
    const [from, to] = [Number(wanted.fromBlock), Number(wanted.toBlock)];
    if (to - from >= this.blocksAtOnce) return undefined;
    const policies = this.bundle["policies"] as readonly Record<string, string>[];
    const place = policies.findIndex(({ policy }) => BigInt(decodePolicy(fromHex(policy!.slice(2))).rewardEpoch) === BigInt(wanted.topics[1]));
    if (place < 0 || from > 1_880 || to < 1_880) return [];
    const policy = fromHex(policies[place]!["policy"]!.slice(2));
    const [initialized, signed] = wanted.topics[0];
    const data = hex0x(concat(...[0, 0, 0, 0, 0, 6 * 32].map(word), abiBytes(policy)));
    const signings = this.#signatures(place).map((one, index) => {
      const voter = this.#voterOf(place, one);
      return { topics: [signed, wanted.topics[1], hex0x(concat(new Uint8Array(12), voter))], data: "0x", transactionHash: hex0x(word(place * 1_000 + index)) };
    });
    return [{ topics: [initialized, wanted.topics[1]], data, transactionHash: hex0x(word(0)) }, ...signings.toReversed()];
  }

  #signatures(place: number): readonly Uint8Array[] {
    const all = fromHex((this.bundle["policies"] as readonly Record<string, string>[])[place]!["signatures"]!.slice(2));
    return Array.from({ length: all.length / 67 }, (_, index) => all.subarray(67 * index, 67 * index + 67));
  }

  #voterOf(place: number, signature: Uint8Array): Uint8Array {
    const before = (this.bundle["policies"] as readonly Record<string, string>[])[place - 1]!["policy"]!;
    return decodePolicy(fromHex(before.slice(2))).voters[toNumber(signature.subarray(65))]!.address;
  }

  #signing(transactionHash: string): object {
    const number = Number(BigInt(transactionHash));
    const signature = this.#signatures(Math.floor(number / 1_000))[number % 1_000]!;
    const call = "signNewSigningPolicy(uint24,bytes32,(uint8,bytes32,bytes32))";
    return { input: `${selector(call)}${toHex(concat(word(0), word(0), word(signature[0]!), signature.subarray(1, 65)))}` };
  }

  /** What is gathered, with the policies since the one that is `trusted`. */
  gathered(more: Partial<Wanted> = {}, trusted: Uint8Array | null = null) {
    const requests = new Requests(this.fetch);
    const flare = new FlareNode(requests, "http://flare", `0x${"ad".repeat(20)}`);
    const isTrusted = (policy: Uint8Array) => toHex(legacyHash(policy)) === toHex(trusted!);
    const sources = {
      host: new StatementHost(requests, "http://host"),
      flow: new FlowNode(requests, "http://flow", "f8d6e0586b0a20c7", SCRIPTS),
      flare,
      policies: trusted === null ? null : (newest: Uint8Array) => policiesBackTo(flare, newest, isTrusted),
      log: null,
    };
    const wanted: Wanted = {
      subscriptionId: BigInt(this.bundle["subscription_id"] as string),
      epoch: BigInt(this.bundle["epoch"] as string),
      contract: (this.bundle["on_flow"] as Fields)["contract"] as string,
      calls: null,
      eventId: null,
      ...more,
    };
    return gather(wanted, sources, () => undefined);
  }

  /** The shipped bundle as it would be gathered: its newest policy is the first that is known. */
  get wanted(): string {
    const newest = (this.bundle["policies"] as readonly Fields[]).at(-1)?.["policy"] as Json;
    return `${JSON.stringify({ ...this.bundle, policies: [{ policy: newest, signatures: "0x" }] }, null, 2)}\n`;
  }
}

function pathOf(statement: string): string {
  return `/v1/statements/${String(parseStatement(statement).epoch).padStart(10, "0")}`;
}

function selector(signature: string): string {
  return `0x${toHex(keccak256(utf8(signature))).slice(0, 8)}`;
}

function optional(value: unknown): unknown {
  return { type: "Optional", value };
}

const FIXED = /ufix64$/;
const CADENCE_NAMES: Readonly<Record<string, string>> = { needs_rate: "isInDollars", balance_ufix64: "balance" };

/** A struct whose fields have the names of the contracts and the types of the values. */
function struct(fields: Fields): unknown {
  const named = Object.entries(fields).map(([name, value]) => ({ name: inCadence(name), value: encoded(name, value) }));
  return { type: "Struct", value: { fields: named } };
}

function inCadence(name: string): string {
  const plain = name.replace(/_ufix64$/, "").replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return CADENCE_NAMES[name] ?? plain;
}

function encoded(name: string, value: Json): unknown {
  if (value === null) return optional(null);
  if (typeof value === "boolean") return { type: "Bool", value };
  if (Array.isArray(value)) return { type: "Array", value: value.map((one) => struct(one as Fields)) };
  const text = value as string;
  if (FIXED.test(name)) {
    const digits = text.padStart(9, "0");
    return { type: "UFix64", value: `${digits.slice(0, -8)}.${digits.slice(-8)}` };
  }
  return { type: /^-?\d+$/.test(text) ? "Int128" : "String", value: text };
}

for (const name of ["good-public.json", "good-dollars.json"]) {
  test(`${name} is gathered from public sources as it was shipped`, async () => {
    // Given the documents and chains that the bundle was made from
    const world = new World(name);
    // When a stranger gathers the same bill
    const { text, unreached } = await world.gathered();
    // Then it is the same bundle, but for what only its owner has
    const { events: _events, event: _event, ...wanted } = JSON.parse(world.wanted) as Record<string, unknown>;
    const { events, event, ...found } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(found, wanted);
    assert.deepEqual([events, event, unreached], [null, null, []]);
    assert.equal(worst([...check(parseBundle(text))]), "verified");
  });
}

for (const blocksAtOnce of [Infinity, 30]) {
  test(`from an older policy that is trusted, the later ones are followed, with ${blocksAtOnce} blocks at once`, async () => {
    // Given a reader who trusts the policy of the reward epoch before, and nobody else
    const world = new World("good-public.json");
    world.blocksAtOnce = blocksAtOnce;
    const [older] = world.bundle["policies"] as readonly Record<string, string>[];
    const trusted = legacyHash(fromHex(older!["policy"]!.slice(2)));
    // When the bill is gathered
    const { text, unreached } = await world.gathered({}, trusted);
    // Then it has the shipped policies with their signatures, and leads from the trusted one to the charge
    assert.deepEqual((JSON.parse(text) as Fields)["policies"], world.bundle["policies"]);
    assert.deepEqual(unreached, []);
    const findings = [...check(parseBundle(text), { policyHash: trusted, contract: null })];
    assert.equal(worst(findings), "verified");
    assert.match(findings[0]?.said ?? "", /rolled from the trusted one/);
  });
}

test("where Flare does not tell the policies since the trusted one, the signatures are not checked", async () => {
  const world = new World("good-public.json");
  world.down.push("flare");
  const trusted = keccak256(utf8("a policy of long ago"));
  const { text, unreached } = await world.gathered({}, trusted);
  assert.deepEqual(unreached.map((one) => one.split(":")[0]), ["Flare", "Flare's signing policies"]);
  const findings = [...check(parseBundle(text), { policyHash: trusted, contract: null })];
  assert.equal(findings.find(({ link }) => link === "policy")?.outcome, "unchecked");
  assert.equal(worst(findings), "unchecked");
});

test("a statement that was not attested is gathered with those up to the next that was", async () => {
  const world = new World("good-public.json");
  const { contract } = world.bundle["on_flow"] as Fields;
  const index = `flareflow-index/1 ${contract} epoch 5812345 settlement`;
  world.documents.set("/v1/statements/0005812345/settlement-index", index);
  const bundle = parseBundle((await world.gathered({ epoch: 5812345n })).text);
  assert.equal(bundle.sealed.length, 2);
  assert.equal(worst([...check(bundle)]), "verified");
});

test("the owner gathers all calls of an epoch, or one with its path", async () => {
  const world = new World("good-token.json");
  const texts = world.bundle["events"] as readonly string[];
  const calls = async () => texts;
  const all = await world.gathered({ calls });
  assert.deepEqual((JSON.parse(all.text) as Fields)["events"], texts);
  const eventId = (JSON.parse(texts[0] as string) as Fields)["event_id"] as string;
  const one = await world.gathered({ calls, eventId });
  const findings = [...check(parseBundle(one.text))];
  assert.equal(findings.find(({ link }) => link === "event")?.outcome, "verified");
  assert.equal(worst(findings), "verified");
});

test("chains that cannot be reached are told, and the rest is still checked", async () => {
  const world = new World("good-public.json");
  world.down.push("flow", "flare");
  const { text, unreached } = await world.gathered();
  assert.deepEqual(unreached.map((one) => one.split(":")[0]), ["Flow", "Flare"]);
  const findings = [...check(parseBundle(text))];
  assert.equal(worst(findings), "unchecked");
  assert.equal(findings.find(({ link }) => link === "usage-page")?.outcome, "verified");
  assert.equal(findings.find(({ link }) => link === "charge")?.outcome, "unchecked");
});

test("a statement that is not there is an error that says so", async () => {
  await assert.rejects(new World("good-public.json").gathered({ epoch: 1n }), /does not have .*0000000001/);
});

test("an answer without an end is cut off", async () => {
  const endless = new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(1 << 20)) });
  const requests = new Requests((async () => new Response(endless)) as typeof fetch);
  await assert.rejects(new StatementHost(requests, "http://host").statement(1n), /more than/);
});
