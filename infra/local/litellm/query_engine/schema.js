// Reads LiteLLM's Prisma schema: the type of each field of each model, and the address of the database.
'use strict';

const MODEL = /^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm;
const FIELD = /^\s*(\w+)\s+(\w+)/;
const GENERATOR = /generator\s+\w+\s*\{[\s\S]*?\n\}/g;
const URL_VARIABLE = /url\s*=\s*env\("([^"]+)"\)/;

/** The schema text that Prisma's Python client hands to its engine. */
function readSchema(env) {
  if (env.PRISMA_DML_PATH) return require('node:fs').readFileSync(env.PRISMA_DML_PATH, 'utf8');
  return Buffer.from(env.PRISMA_DML || '', 'base64').toString();
}

/** Model name -> field name -> type name. */
function fieldTypes(schema) {
  const models = {};
  for (const [, model, body] of schema.matchAll(MODEL)) {
    const fields = body.split('\n').map((line) => line.match(FIELD)).filter(Boolean);
    models[model] = Object.fromEntries(fields.map(([, name, type]) => [name, type]));
  }
  return models;
}

/** The same schema with the only generator that the WASM engine knows. */
function forWasmEngine(schema) {
  const generator = 'generator client {\n  provider = "prisma-client-js"\n  previewFeatures = ["driverAdapters"]\n}';
  return schema.replace(GENERATOR, generator);
}

/** The database's URL: Prisma's override, or the variable that the schema names. */
function databaseUrl(schema, env) {
  const overrides = JSON.parse(env.OVERWRITE_DATASOURCES || '[]');
  const variable = (schema.match(URL_VARIABLE) || [])[1] || 'DATABASE_URL';
  return new URL((overrides[0] && overrides[0].url) || env[variable]);
}

module.exports = { readSchema, fieldTypes, forWasmEngine, databaseUrl };
