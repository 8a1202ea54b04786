import assert from "node:assert/strict";
import { test } from "node:test";

import { exported, type CallExport } from "./exports.ts";

const WINDOW = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const USAGE = "GET /v1/subscriptions/{subscription_id}/exports/usage";

test("the parts of a table become one, with the names of the columns once", async () => {
  const asked: (string | undefined)[] = [];
  const call: CallExport = async (_, { query }, seen) => {
    asked.push(query.cursor);
    const isFirst = query.cursor === undefined;
    seen(new Headers(isFirst ? { link: '</v1/subscriptions/7/exports/usage?from=x&cursor=a%2Fb>; rel="next"' } : {}));
    return isFirst ? "event_id,model\r\n1,gpt\r\n" : "event_id,model\r\n2,claude\r\n";
  };
  const { text, isCut } = await exported(call, USAGE, "7", WINDOW);
  assert.equal(text, "event_id,model\r\n1,gpt\r\n2,claude\r\n");
  assert.equal(isCut, false);
  assert.deepEqual(asked, [undefined, "a/b"]);
});
