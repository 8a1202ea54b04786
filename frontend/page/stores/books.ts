/** What the contracts on Flow hold and promise, as an access node tells it. The server is not asked. */
import getBooks from "../../../infra/cadence/scripts/subscriptions/get_books.cdc?raw";
import { flowNode } from "./chains.ts";
import { resource } from "./resource.ts";
import { deploymentNow } from "./server.ts";

/** Money is in 1e-8 of the token of the deposits. */
export interface Books {
  readonly held: string;
  readonly balances: string;
  readonly unclaimedRevenue: string;
  readonly subscriptionsOpened: string;
  readonly exitNoticeSeconds: number;
  readonly settlementGraceSeconds: number;
  readonly planNoticeSeconds: number;
  readonly triggerNoticeSeconds: number;
  readonly revenueDelaySeconds: number;
  readonly policy: { readonly latestRewardEpoch: string; readonly voters: string; readonly threshold: string };
}

const UNITS = 10n ** 8n;

export const books = resource(async (): Promise<Books> => {
  const told = await flowNode(await deploymentNow()).run(getBooks);
  const fields = told as unknown as Readonly<Record<keyof Books, string>> & { readonly policy: Books["policy"] };
  const seconds = (name: keyof Books) => Number(BigInt(fields[name] as string) / UNITS);
  return {
    held: fields.held,
    balances: fields.balances,
    unclaimedRevenue: fields.unclaimedRevenue,
    subscriptionsOpened: fields.subscriptionsOpened,
    exitNoticeSeconds: seconds("exitNoticeSeconds"),
    settlementGraceSeconds: seconds("settlementGraceSeconds"),
    planNoticeSeconds: seconds("planNoticeSeconds"),
    triggerNoticeSeconds: seconds("triggerNoticeSeconds"),
    revenueDelaySeconds: seconds("revenueDelaySeconds"),
    policy: fields.policy,
  };
});
