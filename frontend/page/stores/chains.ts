/** Nodes of Flow and Flare and the host of the statements, as the deployment names them. */
import getConfirmed from "../../../infra/cadence/scripts/fdc/get_confirmed.cdc?raw";
import getTriggers from "../../../infra/cadence/scripts/fdc/get_triggers.cdc?raw";
import getBill from "../../../infra/cadence/scripts/subscriptions/get_bill.cdc?raw";
import type { Deployment } from "../../api/operations.ts";
import { FlareNode } from "../../verify/sources/flare.ts";
import { FlowNode } from "../../verify/sources/flow.ts";
import { Requests } from "../../verify/sources/http.ts";

const CONTRACT = "UsageBasedSubscriptions";
const SCRIPTS = { getBill, getConfirmed, getTriggers };

/** Requests from this page; `stop` ends them. */
export function requests(stop?: AbortSignal): Requests {
  return new Requests(fetch.bind(globalThis), stop);
}

export function flowNode({ flow }: Deployment, sent = requests()): FlowNode {
  return new FlowNode(sent, flow.access_node, (flow.contracts[CONTRACT] ?? "").slice(2), SCRIPTS);
}

export function flareNode({ flare }: Deployment, sent = requests()): FlareNode {
  return new FlareNode(sent, flare.rpc, flare.registry);
}

/** The contract that holds the deposits, as pages of statements name it. */
export function contractOf({ flow }: Deployment): string {
  return `A.${(flow.contracts[CONTRACT] ?? "").slice(2)}.${CONTRACT}`;
}
