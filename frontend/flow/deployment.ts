/**
 * What the transactions and the wallet need to know of a deployment: the part `flow` of `GET /v1/deployment`.
 */
export interface FlowDeployment {
  readonly network: FlowNetwork;
  /** The REST API of an access node, without a slash at its end. */
  readonly access_node: string;
  /** Where FCL finds wallets. */
  readonly wallet_discovery: string;
  /** The addresses of this deployment's contracts by name, each with `0x`. */
  readonly contracts: Readonly<Record<string, string>>;
  /** The addresses of other contracts that transactions import. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly token: { readonly symbol: string; readonly contract: string; readonly address: string };
}

export type FlowNetwork = "emulator" | "testnet" | "mainnet";

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
