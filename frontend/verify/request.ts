/**
 * The response that Flare's Data Connector must have for one statement, byte for byte: `abi.encode(IWeb2Json.Response)`.
 */
import { abiBytes, concat, utf8, word, WORD_BYTES, type Bytes } from "./bytes.ts";
import { STATEMENT_FIELDS } from "./documents.ts";

const ATTESTATION_TYPE = "Web2Json";
const EPOCH_DIGITS = 10;
const URL_CHARACTERS_MAX = 2000;

const FIELDS = STATEMENT_FIELDS.map(([field, type]) => ({ name: camelCase(field), field, type }));

/** The filter that takes the fields out of the statement. */
export const POST_PROCESS_JQ = `{${FIELDS.map(({ name, field }) => `${name}: .${field}`).join(", ")}}`;

/** How the fields are encoded. */
export const ABI_SIGNATURE = JSON.stringify({
  type: "tuple",
  components: FIELDS.map(({ name, type }) => ({ name, type })),
});

/** The bytes of the values that are attested. */
export const DATA_BYTES = WORD_BYTES * FIELDS.length;

function camelCase(field: string): string {
  return field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The address of a statement below a prefix. Throws for a prefix that Flare does not fetch. */
export function statementUrl(prefix: string, epoch: bigint): string {
  const isPlain = prefix.startsWith("https://") && !/[?#:]/.test(prefix.slice("https://".length));
  if (!isPlain || prefix.length > URL_CHARACTERS_MAX) throw new Error(`Flare does not fetch ${prefix.slice(0, 80)}`);
  return prefix + String(epoch).padStart(EPOCH_DIGITS, "0");
}

/** The response to the request for the statement at `url` whose attested values are `data`. */
export function encodeResponse(source: string, url: string, data: Bytes, round: bigint, timestamp: bigint): Bytes {
  const body = encodeBody([url, "GET", "", "", "", POST_PROCESS_JQ, ABI_SIGNATURE]);
  const headBytes = 6 * WORD_BYTES;
  return concat(
    word(WORD_BYTES),
    identifier(ATTESTATION_TYPE),
    identifier(source),
    word(round),
    word(timestamp),
    word(headBytes),
    word(headBytes + body.length),
    body,
    word(WORD_BYTES),
    abiBytes(data),
  );
}

/** The offset of each text from the beginning, then the texts. */
function encodeBody(texts: readonly string[]): Bytes {
  const fields = texts.map((text) => abiBytes(utf8(text)));
  let offset = WORD_BYTES * fields.length;
  const offsets = fields.map((field) => {
    const own = word(offset);
    offset += field.length;
    return own;
  });
  return concat(...offsets, ...fields);
}

/** A name in ASCII, padded with zeros to a word. Throws for one that does not fit. */
function identifier(name: string): Bytes {
  if (!/^[\x00-\x7f]{1,32}$/.test(name)) throw new Error(`${name.slice(0, 40)} is no identifier of 1 to 32 characters`);
  return concat(utf8(name), new Uint8Array(WORD_BYTES - name.length));
}
