/** The way of an epoch, from metered usage to the charge: what each stage did, who vouches for it, where to look. */
import type { Deployment, Epoch, Progress, State } from "../../../api/operations.ts";
import { statementPath } from "../../../verify/sources/host.ts";

export type Keeper = "FlareFlow" | "Flare" | "Flow";
export type StageState = "done" | "current" | "waiting" | "skipped";

export interface Stage {
  readonly title: string;
  /** The system in which it happens. */
  readonly keeper: Keeper;
  readonly state: StageState;
  readonly text: string;
  readonly vouchedBy: string;
  readonly links: readonly { readonly label: string; readonly href: string }[];
}

/** How many of the seven stages are over in each state of an attestation. */
const STAGES_DONE: Readonly<Record<State, number>> = {
  SEALED: 2,
  REQUESTED: 3,
  FINALIZED: 5,
  PROVEN: 5,
  CONFIRMED_ON_FLOW: 6,
  SETTLED: 7,
  SKIPPED: 2,
};

export const STAGE_COUNT = 7;

export function stagesDone(state: State): number {
  return STAGES_DONE[state];
}

/** The state of an epoch in a few words. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  SEALED: "Sealed",
  REQUESTED: "Waiting for Flare",
  FINALIZED: "Signed by Flare",
  PROVEN: "Proof on its way to Flow",
  CONFIRMED_ON_FLOW: "Being charged",
  SETTLED: "Charged",
  SKIPPED: "Carried by a later epoch",
};

export function wayOf(epoch: Epoch, progress: Progress | null, deployment: Deployment): readonly Stage[] {
  const done = stagesDone(epoch.state);
  const stages = [metered(), sealed(epoch), requested(epoch), round(progress), signed(epoch, progress), proven(epoch), charged(epoch, deployment)];
  return stages.map((stage, place) => ({ ...stage, state: stateOf(place, done, epoch.state) }));
}

function stateOf(place: number, done: number, state: State): StageState {
  if (place < done) return "done";
  if (state === "SKIPPED") return "skipped";
  return place === done ? "current" : "waiting";
}

type Told = Omit<Stage, "state">;

function metered(): Told {
  return {
    title: "Metered",
    keeper: "FlareFlow",
    text: "The gate counts every call that it answers and signs a receipt, which the answer carries.",
    vouchedBy: "The gate's signature. Whether a call was counted right only its caller can tell, by receipt or log.",
    links: [],
  };
}

function sealed({ epoch }: Epoch): Told {
  const path = statementPath(epoch);
  return {
    title: "Sealed",
    keeper: "FlareFlow",
    text: "All usage is published in a statement that names the hash of the one before. It can never be changed.",
    vouchedBy: "Hashes that anybody can compute, and witnesses who sign the log of all statements.",
    links: [
      { label: "Statement", href: path },
      { label: "Usage pages", href: `${path}/usage-index` },
      { label: "Settlement pages", href: `${path}/settlement-index` },
    ],
  };
}

function requested({ links }: Epoch): Told {
  return {
    title: "Requested",
    keeper: "Flare",
    text: "Flare's Data Connector is paid to attest the statement at its public address.",
    vouchedBy: "The Flare blockchain, on which the request stands.",
    links: links.request === null ? [] : [{ label: "Request on Flare", href: links.request }],
  };
}

function round(progress: Progress | null): Told {
  const number = progress?.voting_round;
  return {
    title: "Voting round",
    keeper: "Flare",
    text: `Flare's voters, who are independent of each other, each fetch the statement${number ? ` in voting round ${number}` : ""}.`,
    vouchedBy: "Flare's voters, who lose rewards for votes that the others do not share.",
    links: [],
  };
}

function signed({ epoch, links, state }: Epoch, progress: Progress | null): Told {
  const policy = progress?.reward_epoch ? ` of reward epoch ${progress.reward_epoch}` : "";
  const finalization = links.finalization === null ? [] : [{ label: "Finalization on Flare", href: links.finalization }];
  const proof = { label: "Attestation", href: `${statementPath(epoch)}/attestation` };
  return {
    title: "Signed",
    keeper: "Flare",
    text: `Voters with more weight than the signing policy${policy} asks for sign one root over all that they saw.`,
    vouchedBy: "Their signatures, which anybody can check.",
    links: stagesDone(state) > 5 || state === "PROVEN" ? [...finalization, proof] : finalization,
  };
}

function proven({ links }: Epoch): Told {
  return {
    title: "Proven on Flow",
    keeper: "Flow",
    text: "A contract checks the signatures against Flare's signing policy, and that the root contains the statement.",
    vouchedBy: "The light client on Flow, whose code is public. It trusts nobody who brings a proof.",
    links: links.delivery === null ? [] : [{ label: "Delivery on Flow", href: links.delivery }],
  };
}

function charged({ epoch }: Epoch, { flow }: Deployment): Told {
  return {
    title: "Charged",
    keeper: "Flow",
    text: `The contract charges the price of what was attested, less what was paid before, in ${flow.token.symbol}.`,
    vouchedBy: "The contract on Flow. It takes no total from anybody, only from a proven statement.",
    links: [{ label: "Check a charge", href: `#/check?epoch=${epoch}` }],
  };
}
