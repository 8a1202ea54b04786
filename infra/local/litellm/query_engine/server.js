// The HTTP interface of Prisma's native query engine, over the same engine as WebAssembly from npm (see README.md).
'use strict';

const http = require('node:http');
const { readSchema, fieldTypes, forWasmEngine, databaseUrl } = require('./schema');
const { Translator, answer } = require('./protocol');
const { connect } = require('./database');

const ORPHAN_CHECK_MS = 2000;
const STOP_MS = 1500;
const KEEP_ALIVE_MS = 600_000;
const DRIVER_ERROR = 'P2036';
const TRANSACTION_END = /^\/transaction\/([^/]+)\/(commit|rollback)$/;

function option(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
}

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Answers one request of Prisma's Python client. */
class Engine {
  constructor({ engine, adapter }, translator) {
    this.engine = engine;
    this.adapter = adapter;
    this.translator = translator;
  }

  async reply(request) {
    const { pathname } = new URL(request.url, 'http://engine');
    const ending = pathname.match(TRANSACTION_END);
    if (pathname === '/status') return { status: 'ok' };
    if (pathname.startsWith('/metrics')) return { counters: [], gauges: [], histograms: [] };
    if (pathname === '/transaction/start') {
      return transactionResult(await this.engine.startTransaction((await textOf(request)) || '{}', '{}'));
    }
    if (ending) return transactionResult(await this.engine[`${ending[2]}Transaction`](ending[1], '{}'));
    const asked = JSON.parse(await textOf(request));
    const transaction = request.headers['x-transaction-id'];
    return asked.batch ? this.batch(asked, transaction) : this.single(asked, transaction);
  }

  async single(asked, transaction) {
    const translated = this.translator.query(asked.query);
    return answer(this.withDriverErrors(await this.run(translated.query, transaction)), translated);
  }

  async batch(asked, transaction) {
    const translated = asked.batch.map((one) => this.translator.query(one.query));
    const isolation = asked.transaction ? { isolationLevel: asked.isolation_level || null } : undefined;
    const result = await this.run({ batch: translated.map((one) => one.query), transaction: isolation }, transaction);
    const batchResult = result.batchResult?.map((one, i) => answer(one, translated[i]));
    return batchResult ? { ...result, batchResult } : result;
  }

  async run(query, transaction) {
    return JSON.parse(await this.engine.query(JSON.stringify(query), '{}', transaction));
  }

  /** Adds the text of errors that the Postgres driver raised; the engine gives only their numbers. */
  withDriverErrors(result) {
    for (const error of result.errors ?? []) {
      const facing = error.user_facing_error;
      if (facing?.error_code !== DRIVER_ERROR) continue;
      const raised = this.adapter.errorRegistry.consumeError(facing.meta.id)?.error;
      error.error = facing.message = String(raised?.stack ?? raised);
    }
    return result;
  }
}

function transactionResult(text) {
  const result = JSON.parse(text || '{}');
  const failed = result.error_code || result.is_panic;
  return failed ? { errors: [{ error: result.message, user_facing_error: result }] } : result;
}

function failure(error) {
  const message = String(error?.message ?? error);
  return { errors: [{ error: message, user_facing_error: { is_panic: false, message, backtrace: null } }] };
}

function serve(engine, pool) {
  const server = http.createServer(async (request, response) => {
    const result = await engine.reply(request).catch((error) => {
      console.error('query engine:', error?.stack ?? error);
      return failure(error);
    });
    const body = JSON.stringify(result);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const host = option('--host', '127.0.0.1');
  server.listen(Number(option('-p', option('--port', '4466'))), host === '127.0.0.1' ? 'localhost' : host);

  const stop = () => {
    server.close();
    pool.end().finally(() => process.exit(0));
    setTimeout(() => process.exit(0), STOP_MS).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // without a parent, it would keep its database connections forever
  setInterval(() => process.ppid === 1 && stop(), ORPHAN_CHECK_MS).unref();
}

async function main() {
  const schema = readSchema(process.env);
  const connected = await connect(forWasmEngine(schema), databaseUrl(schema, process.env));
  serve(new Engine(connected, new Translator(fieldTypes(schema))), connected.pool);
}

main().catch((error) => {
  console.error('query engine:', error);
  process.exit(1);
});
