/** Stand-ins for tests: a deployment, a chain that answers as it is told, and FCL with a wallet that does as it is told. */
import type { Chain, TransactionResult } from "./chain.ts";
import type { FlowDeployment } from "./deployment.ts";
import { ChainUnavailableError } from "./errors.ts";
import type { Fcl, FclUser } from "./fcl.ts";

export const ADDRESS = "0x01cf0e2f2f715450";
export const TRANSACTION_ID = "ab".repeat(32);

export const FLOW: FlowDeployment = {
  network: "testnet",
  access_node: "https://rest-testnet.onflow.org",
  wallet_discovery: "https://fcl-discovery.onflow.org/testnet/authn",
  contracts: {
    SubscriptionCustody: "0x01cf0e2f2f715450",
    SubscriptionOwnership: "0x01cf0e2f2f715450",
    SubscriptionPlans: "0x01cf0e2f2f715450",
  },
  dependencies: { FungibleToken: "0x9a0766d93b6608b7" },
  token: { symbol: "FLOW", contract: "FlowToken", address: "0x7e60df042a9c0868" },
};

/** A chain that gives one answer after the other, the last one again and again; `silent` is no answer. */
export function chainThat(...answers: readonly (Partial<TransactionResult> | "silent")[]): Pick<Chain, "transaction"> {
  const left = [...answers];
  return {
    async transaction() {
      const answer = left.length > 1 ? left.shift()! : left[0]!;
      if (answer === "silent") throw new ChainUnavailableError("no answer");
      return { state: "unknown", error: null, fee: null, ...answer };
    },
  };
}

/** What FCL was configured with and asked to sign. */
export interface FakeFcl extends Fcl {
  readonly configured: Record<string, unknown>;
  readonly sent: { code: string; args: unknown[]; limit: number }[];
  readonly messages: string[];
}

export interface FakeWallet {
  /** What the wallet connects with, given the nonce of its proof; null where the person declines. */
  readonly connects: (nonce: string) => FclUser | null;
  /** What `signUserMessage` gives. */
  readonly signsMessage?: Awaited<ReturnType<Fcl["currentUser"]["signUserMessage"]>>;
  /** What signing or sending rejects with. */
  readonly refuses?: { readonly before?: unknown; readonly after?: unknown };
}

export function fakeFcl(wallet: FakeWallet): FakeFcl {
  let user: FclUser = { addr: null, loggedIn: null, services: [] };
  const configured: Record<string, unknown> = {};
  const sent: FakeFcl["sent"] = [];
  const messages: string[] = [];
  return {
    configured,
    sent,
    messages,
    config: (values) => Object.assign(configured, values),
    async authenticate() {
      if (user.loggedIn) return user;
      const resolver = configured["fcl.accountProof.resolver"] as (() => Promise<{ readonly nonce: string }>) | null;
      user = wallet.connects((await resolver?.())?.nonce ?? "") ?? user;
      return user;
    },
    unauthenticate: () => {
      user = { addr: null, loggedIn: null, services: [] };
    },
    currentUser: {
      snapshot: async () => user,
      signUserMessage: async (hex) => {
        messages.push(Buffer.from(hex, "hex").toString());
        return wallet.signsMessage ?? new Error("Declined: User declined");
      },
    },
    authz: "the current user",
    transaction: (code) => ({ code }),
    args: (args) => ({ args }),
    arg: (value, type) => ({ value, type }),
    t: { UInt64: "UInt64", UFix64: "UFix64", Address: "Address", Optional: (type) => `${String(type)}?` },
    limit: (limit) => ({ limit }),
    proposer: () => ({}),
    payer: () => ({}),
    authorizations: () => ({}),
    voucherIntercept: (seen) => ({ seen }),
    voucherToTxId: () => TRANSACTION_ID,
    async send(steps) {
      const built = Object.assign({}, ...(steps as object[])) as FakeFcl["sent"][number] & { seen(v: unknown): void };
      if (wallet.refuses?.before !== undefined) throw wallet.refuses.before;
      built.seen({});
      sent.push({ code: built.code, args: built.args, limit: built.limit });
      if (wallet.refuses?.after !== undefined) throw wallet.refuses.after;
      return {};
    },
  };
}
