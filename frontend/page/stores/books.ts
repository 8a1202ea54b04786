/** What the contracts on Flow hold and promise, as an access node tells it. The server is not asked. */
import getBooks from "../../../infra/cadence/scripts/subscriptions/get_books.cdc?raw";
import { count, having, type Read, type Reader } from "../../verify/reading.ts";
import { resource } from "./resource.ts";
import { deploymentNow } from "./server.ts";

const whole: Reader<string> = (given, at) => count()(given, at).toString();
/** A time of the contracts, which comes in units of 1e-8 seconds. */
const seconds: Reader<number> = (given, at) => Number(count()(given, at)) / 1e8;

const told = having({
  held: whole,
  balances: whole,
  unclaimedRevenue: whole,
  subscriptionsOpened: whole,
  exitNoticeSeconds: seconds,
  planNoticeSeconds: seconds,
  triggerNoticeSeconds: seconds,
  revenueDelaySeconds: seconds,
  policy: having({ latestRewardEpoch: whole, voters: whole, threshold: whole }),
});

/** Money is in 1e-8 of the token of the deposits. */
export type Books = Read<typeof told>;

/** How a node is asked is loaded with the first question: a view shows the rest of itself meanwhile. */
export const books = resource(async (): Promise<Books> => {
  const { flowNode } = await import("./chains.ts");
  return told(await flowNode(await deploymentNow()).run(getBooks), "get_books");
});
