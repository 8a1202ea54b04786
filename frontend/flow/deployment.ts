/**
 * What the transactions and the wallet need to know of a deployment.
 */
import type { Flow, FlowNetwork } from "../api/operations.ts";

/** The part `flow` of `GET /v1/deployment`: addresses begin with `0x`, and `access_node` has no slash at its end. */
export type FlowDeployment = Omit<Flow, "explorer">;

/** The name of a network in a sentence. */
export function networkName(network: FlowNetwork): string {
  return { emulator: "the local Flow network", testnet: "Flow testnet", mainnet: "Flow mainnet" }[network];
}

/** Cadence code as a network takes it: `import "Name"` becomes `import Name from 0x…`. Throws on an unknown name. */
export function withAddresses(code: string, flow: Pick<FlowDeployment, "contracts" | "dependencies">): string {
  return code.replace(/^import "(\w+)"$/gm, (_, name: string) => {
    const address = flow.contracts[name] ?? flow.dependencies[name];
    if (address === undefined) throw new Error(`The deployment names no address of the contract ${name}.`);
    return `import ${name} from ${address}`;
  });
}
