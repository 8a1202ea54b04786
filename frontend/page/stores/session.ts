/** Who is signed in on this device. All tabs share one session, and only one of them refreshes it at a time. */
import { computed, signal } from "@preact/signals";

import { ApiError, apiClient } from "../../api/client.ts";
import type { SignedIn } from "../../api/operations.ts";

const PLACE = "flareflow.session";
/** A token that ends sooner than this is exchanged before it is used. */
const REFRESH_BEFORE_MS = 60_000;

/** What the session needs of a browser. */
export interface Device {
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Runs `work` while no other tab runs its own. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => number;
  readonly fetch?: typeof fetch;
  /** The server has ended the session. */
  readonly onRefused?: () => void;
}

type Call = ReturnType<typeof apiClient>;

export interface Session {
  /** The Flow address that is signed in; null if there is none. */
  readonly address: { readonly value: string | null };
  /** Whether the account may use the operators' page, by the server's word at the last exchange of tokens. */
  readonly isOperator: { readonly value: boolean };
  /** Carries out an operation of the API as whoever is signed in. */
  readonly call: Call;
  readonly begin: (signedIn: SignedIn) => void;
  /** Signs out here and at the server. */
  readonly end: () => Promise<void>;
  /** Another tab has signed in, refreshed or signed out. */
  readonly readAgain: () => void;
}

export function sessionOn(device: Device): Session {
  const current = signal<SignedIn | null>(stored(device));
  /** A new token has ended already by this device's clock, which is wrong then: only the server can tell. */
  let isClockWrong = false;
  const request = { url: "", ...(device.fetch === undefined ? {} : { fetch: device.fetch }) };
  const asNobody = apiClient({ ...request, token: () => null });
  const asAccount = apiClient({ ...request, token: () => current.peek()?.access_token ?? null });

  function keep(signedIn: SignedIn | null): void {
    if (signedIn === null) device.storage.removeItem(PLACE);
    else device.storage.setItem(PLACE, JSON.stringify(signedIn));
    current.value = signedIn;
  }

  function endsSoon(signedIn: SignedIn): boolean {
    return Date.parse(signedIn.expires_at) - device.now() < REFRESH_BEFORE_MS;
  }

  /** Exchanges the tokens, unless another tab has done so since `used` was read. */
  async function refresh(used: SignedIn): Promise<void> {
    await device.alone(async () => {
      const newest = stored(device);
      if (newest === null || newest.refresh_token !== used.refresh_token) {
        current.value = newest;
        return;
      }
      try {
        const fresh = await asNobody("POST /v1/auth/tokens", { body: { refresh_token: used.refresh_token } });
        keep(fresh);
        isClockWrong = endsSoon(fresh);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) throw error;
        keep(null);
        device.onRefused?.();
      }
    });
  }

  const call: Call = async (operation, taken, seen) => {
    const before = current.peek();
    if (before === null) return asNobody(operation, taken, seen);
    if (!isClockWrong && endsSoon(before)) await refresh(before);
    const used = current.peek();
    try {
      return await asAccount(operation, taken, seen);
    } catch (error) {
      if (used === null || !(error instanceof ApiError) || error.status !== 401) throw error;
    }
    await refresh(used);
    return asAccount(operation, taken, seen);
  };

  return {
    address: computed(() => current.value?.address ?? null),
    // a session that was stored by an earlier version of the page does not have it
    isOperator: computed(() => current.value?.is_operator === true),
    call,
    begin: keep,
    end: async () => {
      const ended = current.peek();
      if (ended === null) return;
      const path = { session: ended.session_id };
      await call("DELETE /v1/auth/sessions/{session}", { path }).catch(() => undefined);
      keep(null);
    },
    readAgain: () => {
      current.value = stored(device);
    },
  };
}

function stored(device: Device): SignedIn | null {
  const text = device.storage.getItem(PLACE);
  if (text === null) return null;
  try {
    const signedIn = JSON.parse(text) as SignedIn;
    return Date.parse(signedIn.refresh_expires_at) > device.now() ? signedIn : null;
  } catch {
    return null;
  }
}
