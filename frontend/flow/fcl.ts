/**
 * What the page uses of `@onflow/fcl`, so that tests need no browser and only one file names the library.
 */

/** The library. It is large, so it is loaded when a wallet is wanted. */
export interface Fcl {
  config(values: Readonly<Record<string, unknown>>): unknown;
  authenticate(): Promise<FclUser | undefined>;
  unauthenticate(): void;
  readonly currentUser: {
    snapshot(): Promise<FclUser>;
    /** The signatures of a message in hex. FCL returns an error instead of throwing it. */
    signUserMessage(hex: string): Promise<readonly FclSignature[] | Error | string>;
  };
  readonly authz: unknown;
  transaction(code: string): Step;
  args(args: readonly unknown[]): Step;
  arg(value: unknown, type: unknown): unknown;
  readonly t: FclTypes;
  limit(units: number): Step;
  proposer(authorization: unknown): Step;
  payer(authorization: unknown): Step;
  authorizations(authorizations: readonly unknown[]): Step;
  /** Calls back with what will be sent, after all signatures and before it is sent. */
  voucherIntercept(seen: (voucher: unknown) => void): Step;
  voucherToTxId(voucher: unknown): string;
  send(steps: readonly Step[]): Promise<unknown>;
}

/** A part of a transaction, made by FCL and only handed back to it. */
export type Step = unknown;

export interface FclTypes {
  readonly UInt64: unknown;
  readonly UFix64: unknown;
  readonly Address: unknown;
  readonly Optional: (type: unknown) => unknown;
}

export interface FclUser {
  readonly addr?: string | null;
  readonly loggedIn?: boolean | null;
  readonly services?: readonly FclService[];
}

export interface FclService {
  readonly type: string;
  readonly data?: { readonly nonce?: string; readonly signatures?: readonly FclSignature[] };
}

export interface FclSignature {
  readonly addr: string;
  readonly keyId: number;
  readonly signature: string;
}
