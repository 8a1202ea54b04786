/**
 * The wallet: it proves which account is the owner's, and signs transactions. FCL does the talking.
 */
import type { SessionRequest } from "../api/operations.ts";
import type { Argument, Chain } from "./chain.ts";
import type { FlowDeployment } from "./deployment.ts";
import { withAddresses } from "./deployment.ts";
import { WalletError } from "./errors.ts";
import { failureBeforeSending, otherAccount, wrongNetwork } from "./failures.ts";
import type { Fcl, FclSignature, FclUser } from "./fcl.ts";
import { COMPUTE_LIMIT } from "./transactions.ts";

/** A transaction as a wallet signs it. */
export interface Signing {
  /** The account that has to sign: the one that is signed in. */
  readonly signer: string;
  readonly code: string;
  readonly args: readonly Argument[];
  /** Called with the id when all is signed, before anything is sent. */
  readonly onSigned: (id: string) => void;
}

export interface Wallet {
  /** The address of the connected account; null where none is connected. FCL keeps it in this browser. */
  address(): Promise<string | null>;
  /**
   * Lets a person choose a wallet and prove an account; returns what `POST /v1/auth/sessions` takes.
   *
   * `nonce` asks the API for one: each proof needs its own. Throws WalletError.
   */
  signIn(nonce: () => Promise<string>): Promise<SessionRequest>;
  /** Lets the wallet sign and sends it. Rejects with WalletError, or with whatever FCL rejects with. */
  sign(signing: Signing): Promise<void>;
  /** Forgets the account in this browser, also one that was connected before the page was loaded. Throws WalletError. */
  disconnect(): Promise<void>;
}

export interface WalletOptions {
  readonly flow: FlowDeployment;
  readonly chain: Pick<Chain, "balance">;
  /** Loads FCL; called once, when a wallet is first wanted. */
  readonly load: () => Promise<Fcl>;
  /** The page's own origin, which account proofs name. */
  readonly origin: string;
}

/** What FCL calls the emulator is not what Flow calls it. */
const FCL_NETWORKS = { emulator: "local", testnet: "testnet", mainnet: "mainnet" } as const;

export function walletOf(options: WalletOptions): Wallet {
  const { flow, chain, origin } = options;
  let loading: Promise<Fcl> | null = null;

  async function fcl(): Promise<Fcl> {
    loading ??= options.load().then((library) => {
      library.config({
        "flow.network": FCL_NETWORKS[flow.network],
        "accessNode.api": flow.access_node,
        "discovery.wallet": flow.wallet_discovery,
        "fcl.limit": COMPUTE_LIMIT,
        "app.detail.title": "FlareFlow",
        // The page tells each failure itself; FCL would write it into the console again.
        "logger.level": 0,
        "fcl.accountProof.resolver": null,
      });
      return library;
    });
    try {
      return await loading;
    } catch (error) {
      loading = null;
      throw new WalletError(failureBeforeSending(error, flow));
    }
  }

  async function connected(library: Fcl, nonce: string): Promise<FclUser & { addr: string }> {
    // A second `authenticate` would return the old proof, and a declined one the old account.
    library.unauthenticate();
    library.config({ "fcl.accountProof.resolver": async () => ({ nonce }) });
    let user: FclUser | undefined;
    try {
      user = await library.authenticate();
    } catch (error) {
      throw new WalletError(failureBeforeSending(error, flow));
    } finally {
      library.config({ "fcl.accountProof.resolver": null });
    }
    return required(user);
  }

  /** The account that is connected. Throws WalletError where none is: the person declined. */
  function required(user: FclUser | undefined): FclUser & { addr: string } {
    if (!user?.loggedIn || !user.addr) throw new WalletError(failureBeforeSending("Declined", flow));
    return { ...user, addr: user.addr };
  }

  async function requireAccount(address: string): Promise<void> {
    let balance: bigint | null;
    try {
      balance = await chain.balance(address);
    } catch (error) {
      throw new WalletError(failureBeforeSending(`network error: ${String(error)}`, flow));
    }
    if (balance === null) throw new WalletError(wrongNetwork(flow));
  }

  /** Connects where nothing is connected, and refuses where another account is: that is forgotten then. */
  async function requireSigner(library: Fcl, signer: string): Promise<void> {
    const known = await library.currentUser.snapshot();
    const { addr } = required(known.loggedIn ? known : await library.authenticate());
    if (addr === signer) return;
    library.unauthenticate();
    throw new WalletError(otherAccount(addr, signer));
  }

  return {
    async address() {
      const user = await (await fcl()).currentUser.snapshot();
      return user.loggedIn ? (user.addr ?? null) : null;
    },

    async signIn(askNonce) {
      const library = await fcl();
      const nonce = await askNonce();
      const user = await connected(library, nonce);
      await requireAccount(user.addr);
      const proof = user.services?.find((service) => service.type === "account-proof")?.data;
      if (proof?.nonce === nonce && proof.signatures?.length) {
        return { address: user.addr, nonce, origin, signatures: signedBy(proof.signatures) };
      }
      const signatures = await userSignature(library, signInText(origin, user.addr, nonce), flow);
      return { address: user.addr, nonce, origin, signatures: signedBy(signatures), proof_type: "user-signature" };
    },

    async sign({ signer, code, args, onSigned }) {
      const library = await fcl();
      await requireSigner(library, signer);
      await library.send([
        library.transaction(withAddresses(code, flow)),
        library.args(args.map((argument) => fclArgument(library, argument))),
        library.limit(COMPUTE_LIMIT),
        library.proposer(library.authz),
        library.payer(library.authz),
        library.authorizations([library.authz]),
        library.voucherIntercept((voucher) => onSigned(library.voucherToTxId(voucher))),
      ]);
    },

    async disconnect() {
      (await fcl()).unauthenticate();
    },
  };
}

/** What a wallet without account proof signs. The API has the same text (docs/sign-in.md). */
export function signInText(origin: string, address: string, nonce: string): string {
  return `${origin} asks you to sign in to FlareFlow.

This proves that the account is yours. It sends no transaction and costs nothing.
It works once, within five minutes.

Account: ${address}
Nonce: ${nonce}`;
}

async function userSignature(fcl: Fcl, text: string, flow: FlowDeployment): Promise<readonly FclSignature[]> {
  const bytes = new TextEncoder().encode(text);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  let signed: readonly FclSignature[] | Error | string;
  try {
    signed = await fcl.currentUser.signUserMessage(hex);
  } catch (error) {
    signed = error instanceof Error ? error : String(error);
  }
  if (!Array.isArray(signed)) throw new WalletError(failureBeforeSending(signed, flow));
  return signed as readonly FclSignature[];
}

function signedBy(signatures: readonly FclSignature[]): SessionRequest["signatures"] {
  return signatures.map(({ keyId, signature }) => ({ key_index: keyId, signature }));
}

function fclArgument(fcl: Fcl, argument: Argument): unknown {
  if (argument.type === "UFix64?") return fcl.arg(argument.value, fcl.t.Optional(fcl.t.UFix64));
  return fcl.arg(argument.value, fcl.t[argument.type]);
}
