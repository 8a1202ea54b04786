import type { Deployment } from "../../../api/operations.ts";
import { Copyable } from "../../components/Copyable.tsx";
import { explorerLink } from "../../text/explorers.ts";
import { NETWORKS } from "../../text/networks.ts";
import { CONTRACT_WORDS, inOrder } from "./contracts.ts";

const OF_FLARE = "FlareContractRegistry";

/** The contracts of this deployment on Flow, and where it meets Flare, each with its address and its explorer. */
export function Contracts({ flow, flare }: Deployment) {
  const own = inOrder(Object.keys(flow.contracts)).map((name) => ({
    name,
    address: flow.contracts[name] ?? "",
    text: CONTRACT_WORDS[name] ?? "",
    href: explorerLink(flow.explorer?.contract, { address: flow.contracts[name] ?? "", name }),
  }));
  const registry = {
    name: OF_FLARE,
    address: flare.registry,
    text: "Names Flare's Relay, where roots and signing policies are, and the hub that takes requests.",
    href: explorerLink(flare.explorer?.address, { address: flare.registry }),
  };
  return (
    <>
      <ContractList title={`On ${NETWORKS[flow.network]}`} contracts={own} />
      <ContractList title={`On ${NETWORKS[flare.network]}, chain ${flare.chain_id}`} contracts={[registry]} />
    </>
  );
}

interface Contract {
  readonly name: string;
  readonly address: string;
  readonly text: string;
  readonly href: string | null;
}

function ContractList({ title, contracts }: { readonly title: string; readonly contracts: readonly Contract[] }) {
  return (
    <div class="card how-contracts">
      <h3>{title}</h3>
      <ul>
        {contracts.map(({ name, address, text, href }) => (
          <li key={name}>
            <div>
              <h4>{href === null ? name : <a href={href}>{name}</a>}</h4>
              <p>{text}</p>
            </div>
            <Copyable text={address} label={`Address of ${name}`} />
          </li>
        ))}
      </ul>
    </div>
  );
}
