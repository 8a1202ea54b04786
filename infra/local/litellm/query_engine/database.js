// Prisma's own query engine as WebAssembly, over a pool of Postgres connections.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Pool } = require('pg');
const { PrismaPg } = require('@prisma/adapter-pg');
const { bindAdapter } = require('@prisma/driver-adapter-utils');

const runtime = path.join(path.dirname(require.resolve('@prisma/client/package.json')), 'runtime');
const wasmGlue = require(path.join(runtime, 'query_engine_bg.postgresql.js'));

const CONNECTIONS_DEFAULT = 10;
const PRISMA_ONLY_PARAMETERS = [
  'connection_limit', 'pool_timeout', 'schema', 'pgbouncer', 'connect_timeout', 'socket_timeout',
  'statement_cache_size', 'sslaccept',
];
const TEXT_TYPE = 25;
const FIRST_USER_TYPE = 10_000;
// Postgres types that the driver adapter has a name for.
const ADAPTER_TYPES = new Set([
  16, 17, 20, 21, 23, 25, 26, 114, 142, 143, 199, 650, 651, 700, 701, 790, 791, 869, 1000, 1001, 1002, 1005, 1007,
  1009, 1014, 1015, 1016, 1021, 1022, 1028, 1041, 1042, 1043, 1082, 1083, 1114, 1115, 1182, 1183, 1184, 1185, 1231,
  1266, 1560, 1561, 1562, 1563, 1700, 2950, 2951, 3802, 3807,
]);

function connectionPool(url) {
  const max = Number(url.searchParams.get('connection_limit') || CONNECTIONS_DEFAULT);
  for (const parameter of PRISMA_ONLY_PARAMETERS) url.searchParams.delete(parameter);
  const pool = new Pool({ connectionString: url.toString(), max });
  pool.on('error', (error) => console.error('a database connection was lost:', error.message));
  pool.on('connect', readSystemTypesAsText);
  // pg's own `pool.query` would not go through the `query` that is replaced below
  pool.query = async (...given) => {
    const client = await pool.connect();
    try {
      return await client.query(...given);
    } finally {
      client.release();
    }
  };
  return pool;
}

/** Declares columns of system types (name, regclass, interval, ...) as text, because the adapter refuses them. */
function readSystemTypesAsText(client) {
  const query = client.query.bind(client);
  client.query = async (...given) => {
    if (typeof given.at(-1) === 'function') return query(...given);
    const result = await query(...given);
    for (const field of result?.fields ?? []) {
      const isUnknown = field.dataTypeID < FIRST_USER_TYPE && !ADAPTER_TYPES.has(field.dataTypeID);
      if (isUnknown) field.dataTypeID = TEXT_TYPE;
    }
    return result;
  };
}

/** A connected engine: { engine, adapter, pool }. */
async function connect(datamodel, url) {
  const wasm = new WebAssembly.Module(fs.readFileSync(path.join(runtime, 'query_engine_bg.postgresql.wasm')));
  const instance = new WebAssembly.Instance(wasm, { './query_engine_bg.js': wasmGlue });
  wasmGlue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();

  const pool = connectionPool(url);
  const adapter = bindAdapter(new PrismaPg(pool));
  const settings = {
    datamodel, logLevel: 'error', logQueries: false, ignoreEnvVarErrors: true, datasourceOverrides: {},
    env: process.env, configDir: '.', engineProtocol: 'json',
  };
  const engine = new wasmGlue.QueryEngine(settings, () => {}, adapter);
  await engine.connect('{}');
  return { engine, adapter, pool };
}

module.exports = { connect };
