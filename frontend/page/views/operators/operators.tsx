import { NotFound } from "../../components/NotFound.tsx";
import { NotSignedIn } from "../../components/OfSubscription.tsx";
import { Tabs } from "../../components/Tabs.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { session } from "../../stores/server.ts";
import { Cases } from "./Cases.tsx";
import { Chains } from "./Chains.tsx";
import { Keys } from "./Keys.tsx";
import { Lookup } from "./Lookup.tsx";
import { Margins } from "./Margins.tsx";
import { Pipeline } from "./Pipeline.tsx";
import { Queues } from "./Queues.tsx";
import "./operators.css";

/** What operators see and decide. For every other account there is no such page. */
export default function Operators() {
  const { value: address } = session.address;
  if (address === null) {
    return (
      <>
        <ViewHead title="Operators" />
        <NotSignedIn>This page is for those who run this deployment.</NotSignedIn>
      </>
    );
  }
  if (!session.isOperator.value) return <NotFound />;
  const tabs = [
    { name: "Cases", content: <Cases /> },
    { name: "Margins", content: <Margins /> },
    { name: "Chains", content: <Chains /> },
    { name: "Queues", content: <Queues /> },
    { name: "Keys", content: <Keys /> },
    { name: "Subscriptions", content: <Lookup /> },
  ];
  return (
    <div key={address}>
      <ViewHead title="Operators">How far usage has come, what waits for a decision, and what keeps it all running.</ViewHead>
      <div class="stack loose">
        <Pipeline />
        <Tabs label="What to look at" tabs={tabs} />
      </div>
    </div>
  );
}
