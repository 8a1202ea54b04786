import type { Deployment } from "../../api/operations.ts";
import { explorerLink } from "../text/explorers.ts";
import { NETWORKS } from "../text/networks.ts";
import { deployment } from "../stores/server.ts";

/** The networks and the contract that this deployment uses. */
export function Footer() {
  deployment.want();
  const state = deployment.state.value;
  return (
    <footer class="footer">
      <div class="wide footer-line">
        <p>Usage is metered by the token, attested by Flare and charged on Flow.</p>
        {state.name === "ready" && <Networks {...state.value} />}
      </div>
    </footer>
  );
}

const CONTRACT = "UsageBasedSubscriptions";

function Networks({ flow, flare, source_url: source }: Deployment) {
  const address = flow.contracts[CONTRACT];
  const link = address === undefined ? null : explorerLink(flow.explorer?.contract, { address, name: CONTRACT });
  return (
    <ul class="footer-facts">
      <li>
        {NETWORKS[flow.network]}, {NETWORKS[flare.network]}
      </li>
      {address !== undefined && (
        <li>
          Contract {link === null ? <code>{address}</code> : <a href={link}>{address}</a>}
        </li>
      )}
      {source !== null && (
        <li>
          <a href={source}>Source code</a>
        </li>
      )}
    </ul>
  );
}
