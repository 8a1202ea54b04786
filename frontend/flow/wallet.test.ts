import assert from "node:assert/strict";
import { test } from "node:test";

import { WalletError } from "./errors.ts";
import type { FclUser } from "./fcl.ts";
import { ADDRESS, FLOW, TRANSACTION_ID, type FakeWallet, fakeFcl } from "./testing.ts";
import { signInText, walletOf } from "./wallet.ts";

const ORIGIN = "https://app.flareflow.example";
const NONCE = "5a".repeat(32);
const SIGNATURES = [{ addr: ADDRESS, keyId: 2, signature: "c0ffee" }];

function connectedWith(services: FclUser["services"]): FclUser {
  return { addr: ADDRESS, loggedIn: true, services: services ?? [] };
}

function withProof(nonce: string): FclUser {
  return connectedWith([{ type: "account-proof", data: { nonce, signatures: SIGNATURES } }]);
}

function opened(given: FakeWallet, balance: bigint | null | Error = 1n) {
  const fcl = fakeFcl(given);
  let loads = 0;
  const load = async () => {
    loads += 1;
    return fcl;
  };
  const chain = {
    balance: async () => {
      if (balance instanceof Error) throw balance;
      return balance;
    },
  };
  return { fcl, loads: () => loads, wallet: walletOf({ flow: FLOW, chain, load, origin: ORIGIN }) };
}

const failureOf = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof WalletError);
    return error.failure;
  }
  throw new assert.AssertionError({ message: "it succeeded" });
};

test("a wallet proves its account with the nonce of the API", async () => {
  const { wallet, fcl } = opened({ connects: withProof });
  assert.deepEqual(await wallet.signIn(async () => NONCE), {
    address: ADDRESS,
    nonce: NONCE,
    origin: ORIGIN,
    signatures: [{ key_index: 2, signature: "c0ffee" }],
  });
  assert.equal(fcl.configured["accessNode.api"], FLOW.access_node);
  assert.equal(fcl.configured["discovery.wallet"], FLOW.wallet_discovery);
  assert.equal(await wallet.address(), ADDRESS);
});

test("signing in again makes a new proof with a new nonce", async () => {
  const { wallet } = opened({ connects: withProof });
  await wallet.signIn(async () => NONCE);
  const second = await wallet.signIn(async () => "6b".repeat(32));
  assert.equal(second.nonce, "6b".repeat(32));
});

test("FCL is loaded once, and not before a wallet is wanted", async () => {
  const { wallet, loads } = opened({ connects: withProof });
  assert.equal(loads(), 0);
  await wallet.signIn(async () => NONCE);
  await wallet.address();
  assert.equal(loads(), 1);
});

test("a wallet without account proof signs the text of the API", async () => {
  const { wallet, fcl } = opened({ connects: () => connectedWith([]), signsMessage: SIGNATURES });
  const request = await wallet.signIn(async () => NONCE);
  assert.equal(request.proof_type, "user-signature");
  assert.deepEqual(request.signatures, [{ key_index: 2, signature: "c0ffee" }]);
  assert.deepEqual(fcl.messages, [signInText(ORIGIN, ADDRESS, NONCE)]);
});

test("a proof of another nonce is none", async () => {
  // Given a wallet that answers with a proof that it made before
  const { wallet } = opened({ connects: () => withProof("00".repeat(32)), signsMessage: SIGNATURES });
  // Then the text is signed instead
  assert.equal((await wallet.signIn(async () => NONCE)).proof_type, "user-signature");
});

test("a person who declines to connect, or to sign, is told so", async () => {
  const { wallet } = opened({ connects: () => null });
  assert.equal((await failureOf(wallet.signIn(async () => NONCE))).kind, "declined");
  const second = opened({ connects: () => connectedWith([]), signsMessage: new Error("Declined: User declined") });
  assert.equal((await failureOf(second.wallet.signIn(async () => NONCE))).kind, "declined");
});

test("declining a second time does not sign in the account of the first", async () => {
  let declines = false;
  const { wallet } = opened({ connects: (nonce) => (declines ? null : withProof(nonce)) });
  await wallet.signIn(async () => NONCE);
  declines = true;
  assert.equal((await failureOf(wallet.signIn(async () => NONCE))).kind, "declined");
  assert.equal(await wallet.address(), null);
});

test("a wallet of another network is told which network this is", async () => {
  const { wallet } = opened({ connects: withProof }, null);
  const failure = await failureOf(wallet.signIn(async () => NONCE));
  assert.equal(failure.kind, "wrong_network");
  assert.match(failure.whatToDo, /Flow testnet/);
});

test("where Flow cannot be asked, that is the failure", async () => {
  const { wallet } = opened({ connects: withProof }, new Error("no answer"));
  assert.equal((await failureOf(wallet.signIn(async () => NONCE))).kind, "no_network");
});

test("a transaction has the addresses of the deployment, and its id is told before it is sent", async () => {
  const { wallet, fcl } = opened({ connects: withProof });
  const ids: string[] = [];
  const code = 'import "SubscriptionOwnership"\ntransaction(id: UInt64, limit: UFix64?) {}';
  const args = [
    { type: "UInt64", value: "7" },
    { type: "UFix64?", value: null },
  ] as const;
  await wallet.sign({ signer: ADDRESS, code, args, onSigned: (id) => ids.push(`${id} after ${fcl.sent.length}`) });
  assert.deepEqual(ids, [`${TRANSACTION_ID} after 0`]);
  assert.equal(fcl.sent[0]?.code.split("\n")[0], `import SubscriptionOwnership from ${ADDRESS}`);
  assert.deepEqual(fcl.sent[0]?.args, [
    { value: "7", type: "UInt64" },
    { value: null, type: "UFix64?" },
  ]);
});

test("what another account would sign is not signed", async () => {
  const { wallet, fcl } = opened({ connects: withProof });
  await wallet.signIn(async () => NONCE);
  const signing = { signer: "0x179b6b1cb6755e31", code: "transaction {}", args: [], onSigned: () => undefined };
  const failure = await failureOf(wallet.sign(signing));
  assert.equal(failure.kind, "other_account");
  assert.equal(fcl.sent.length, 0);
  // Then the next attempt lets the person choose the account
  assert.equal(await wallet.address(), null);
});

test("disconnecting forgets an account that was connected before the page was loaded again", async () => {
  // Given a wallet that was connected, and a page that has not used it since it was loaded
  const { wallet, fcl, loads } = opened({ connects: withProof });
  await fcl.authenticate();
  assert.equal(loads(), 0);
  // When the owner signs out
  await wallet.disconnect();
  // Then no account is connected any more
  assert.equal(await wallet.address(), null);
});

test("a wallet that forgot its account connects before it signs", async () => {
  const { wallet, fcl } = opened({ connects: () => connectedWith([]) });
  await wallet.sign({ signer: ADDRESS, code: "transaction {}", args: [], onSigned: () => undefined });
  assert.equal(fcl.sent.length, 1);
});
