/**
 * The Cadence of the transactions and scripts, as it is in `infra/cadence`. Only a bundler can read it from here.
 */
import cancelExit from "../../infra/cadence/transactions/subscriptions/cancel_exit.cdc?raw";
import changePlan from "../../infra/cadence/transactions/subscriptions/change_plan.cdc?raw";
import claim from "../../infra/cadence/transactions/subscriptions/claim.cdc?raw";
import closeSubscription from "../../infra/cadence/transactions/subscriptions/close_subscription.cdc?raw";
import moveOwnership from "../../infra/cadence/transactions/subscriptions/move_ownership.cdc?raw";
import openSubscription from "../../infra/cadence/transactions/subscriptions/open_subscription.cdc?raw";
import publishHolder from "../../infra/cadence/transactions/subscriptions/publish_holder.cdc?raw";
import requestExit from "../../infra/cadence/transactions/subscriptions/request_exit.cdc?raw";
import setEpochLimit from "../../infra/cadence/transactions/subscriptions/set_epoch_limit.cdc?raw";
import setSpendCap from "../../infra/cadence/transactions/subscriptions/set_spend_cap.cdc?raw";
import topUp from "../../infra/cadence/transactions/subscriptions/top_up.cdc?raw";
import withdraw from "../../infra/cadence/transactions/subscriptions/withdraw.cdc?raw";

import getExit from "../../infra/cadence/scripts/subscriptions/get_exit.cdc?raw";
import getSubscription from "../../infra/cadence/scripts/subscriptions/get_subscription.cdc?raw";
import getSubscriptionIds from "../../infra/cadence/scripts/subscriptions/get_subscription_ids.cdc?raw";

import type { TransactionName } from "./transactions.ts";

export const TRANSACTIONS: Readonly<Record<TransactionName, string>> = {
  open_subscription: openSubscription,
  top_up: topUp,
  set_spend_cap: setSpendCap,
  set_epoch_limit: setEpochLimit,
  change_plan: changePlan,
  request_exit: requestExit,
  cancel_exit: cancelExit,
  withdraw,
  close_subscription: closeSubscription,
  publish_holder: publishHolder,
  move_ownership: moveOwnership,
  claim,
};

export const SCRIPTS = { getExit, getSubscription, getSubscriptionIds };
