/** What is thrown where a wallet or Flow does not do as it was asked. */
import type { Failure } from "./failures.ts";

/** A failure of the wallet: connecting, signing in, signing. */
export class WalletError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/** The access node did not answer, or not in the form of its API. */
export class ChainUnavailableError extends Error {}
