import { useMemo } from "preact/hooks";

import type { Deployment, PolicyOnItsWay } from "../../../api/operations.ts";
import { countText, moneyText } from "../../../verify/amounts.ts";
import { Badge } from "../../components/Badge.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { resource } from "../../stores/resource.ts";
import { call, deployment } from "../../stores/server.ts";
import { explorerLink } from "../../text/explorers.ts";
import { coinOf, isSigned, weiText } from "./chains.ts";

/** The accounts that pay on both chains, and Flare's signing policies on their way to Flow. */
export function Chains() {
  const policies = useMemo(() => resource(() => call("GET /v1/console/signing-policies", {})), []);
  return (
    <div class="stack">
      <section class="stack tight" aria-labelledby="operators-payers">
        <h3 id="operators-payers">Accounts that pay for transactions</h3>
        <Show of={deployment} height={9}>
          {(known) => <PayersOf known={known} />}
        </Show>
      </section>
      <section class="stack tight" aria-labelledby="operators-policies">
        <h3 id="operators-policies">Flare's signing policies</h3>
        <Show of={policies} height={14}>
          {({ on_flow: onFlow, searched_to_block: block, policies: rows }) => (
            <>
              <Table label="Signing policies" columns={columnsOf(onFlow)} rows={rows} keyOf={({ reward_epoch: epoch }) => epoch} empty={NONE} />
              <p class="soft small">
                {onFlow === null ? "Flow does not answer now." : `Flow knows the voters up to reward epoch ${onFlow}.`}{" "}
                {block !== null && `Flare's blocks were read up to ${countText(block)}.`}
              </p>
            </>
          )}
        </Show>
      </section>
    </div>
  );
}

const NONE = <Empty title="No new policy yet">Flare's voters change every few days. A new policy appears here when it is announced.</Empty>;

function PayersOf({ known: { flow, flare } }: { readonly known: Deployment }) {
  const payers = useMemo(() => resource(() => call("GET /v1/console/payers", {})), []);
  return (
    <Show of={payers} height={9}>
      {(told) => (
        <div class="grid">
          <Payer
            title="On Flow, for settlements"
            address={told.flow.address}
            link={explorerLink(flow.explorer?.account, { address: told.flow.address })}
            balance={told.flow.balance_ufix64}
            textOf={(ufix64) => `${moneyText(ufix64)} FLOW`}
          />
          <Payer
            title="On Flare, for attestations"
            address={told.flare.address}
            link={explorerLink(flare.explorer?.address, { address: told.flare.address })}
            balance={told.flare.balance_wei}
            textOf={(wei) => `${weiText(wei)} ${coinOf(flare.network)}`}
          />
        </div>
      )}
    </Show>
  );
}

interface PayerProps {
  readonly title: string;
  readonly address: string;
  readonly link: string | null;
  /** Null while the chain does not answer. */
  readonly balance: string | null;
  readonly textOf: (balance: string) => string;
}

function Payer({ title, address, link, balance, textOf }: PayerProps) {
  return (
    <div class="card stack tight">
      <div class="row apart">
        <h4>{title}</h4>
        {balance === "0" && <Badge tone="bad">Empty</Badge>}
        {balance === null && <Badge tone="warn">No answer</Badge>}
      </div>
      <p class="payer-balance numbers">{balance === null ? "–" : textOf(balance)}</p>
      <Copyable text={address} label="Address" />
      {link !== null && (
        <a class="small" href={link} target="_blank" rel="noreferrer">
          See its transactions
        </a>
      )}
    </div>
  );
}

function columnsOf(onFlow: string | null): readonly Column<PolicyOnItsWay>[] {
  return [
    { head: "Reward epoch", cell: ({ reward_epoch: epoch }) => epoch },
    { head: "Signs from round", align: "end", cell: ({ start_voting_round: round }) => round },
    { head: "Voters", align: "end", cell: ({ voters }) => countText(voters) },
    {
      head: "Signed weight",
      align: "end",
      cell: ({ signed_weight: signed, needed_weight: needed }) => `${countText(signed)}, needs more than ${countText(needed)}`,
    },
    { head: "Where it is", cell: (one) => <Where one={one} onFlow={onFlow} /> },
  ];
}

function Where({ one, onFlow }: { readonly one: PolicyOnItsWay; readonly onFlow: string | null }) {
  if (onFlow !== null && BigInt(one.reward_epoch) <= BigInt(onFlow)) return <Badge tone="good">On Flow</Badge>;
  return isSigned(one) ? <Badge tone="accent">Signed, not on Flow</Badge> : <Badge>Being signed</Badge>;
}
