/** The public documents of this deployment, which lie on the page's own host and never change once they are there. */
import { parseStatement, type Statement } from "../../verify/documents.ts";
import { StatementHost } from "../../verify/sources/host.ts";
import { NotThereError } from "../../verify/sources/errors.ts";
import { requests } from "./chains.ts";

export function statementHost(sent = requests()): StatementHost {
  return new StatementHost(sent, "");
}

/** A statement, and the one before it; null where it is the first. */
export async function statementWithPrevious(epoch: bigint): Promise<readonly [Statement, Statement | null]> {
  const host = statementHost();
  const [body, [before]] = await Promise.all([host.statement(epoch), host.epochsBefore(epoch)]);
  return [parseStatement(body), before === undefined ? null : parseStatement(await host.statement(before))];
}

const CHECKPOINT_CHARACTERS_MAX = 16_384;

/** How many statements the log has, by its signed checkpoint; null before it has one. */
export async function statementsInLog(): Promise<bigint | null> {
  try {
    const note = await requests().text("the statements' host", "/v1/log/checkpoint", {}, CHECKPOINT_CHARACTERS_MAX);
    const size = note.split("\n", 2)[1] ?? "";
    return /^\d{1,19}$/.test(size) ? BigInt(size) : null;
  } catch (error) {
    if (error instanceof NotThereError) return null;
    throw error;
  }
}
