// The translation between the two languages of Prisma's engines, without a database: `node --test`.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Translator, answer } = require('./protocol');
const { databaseUrl, fieldTypes, forWasmEngine, readSchema } = require('./schema');

const SCHEMA = `
datasource client {
  provider = "postgresql"
  url      = env("OUR_DATABASE")
}

generator client {
  provider = "prisma-client-py"
  recursive_type_depth = -1
}

model Team {
  id       String @id
  settings Json?
  members  Member[]
}

model Member {
  id    String @id
  notes Json
  spend BigInt
}
`;

const translator = new Translator(fieldTypes(SCHEMA));
const translated = (text) => translator.query(text);

test('a query keeps its alias, action, model, arguments and selection', () => {
  const { alias, action, query } = translated('query { result: findManyTeam(take: 2, where: {id: "a"}) { id members { id } } }');
  assert.equal(alias, 'result');
  assert.equal(action, 'findMany');
  assert.deepEqual(query, {
    modelName: 'Team',
    action: 'findMany',
    query: {
      arguments: { take: 2, where: { id: 'a' } },
      selection: { id: true, members: { arguments: {}, selection: { id: true } } },
    },
  });
});

test('the longest action wins, and one that throws is told apart', () => {
  assert.equal(translated('query { result: findUniqueTeamOrThrow(where: {id: "a"}) { id } }').action, 'findUniqueOrThrow');
  assert.equal(translated('mutation { result: createManyTeam(data: []) { count } }').action, 'createMany');
  assert.equal(translated('query { result: queryRaw(query: "SELECT 1", parameters: "[]") }').query.modelName, undefined);
});

test('values are read with their types', () => {
  const text = 'query { result: findManyMember(where: {a: null, b: true, c: 1.5, d: [ASC], e: 12345678901234567890}) { id } }';
  const { where } = translated(text).query.query.arguments;
  assert.deepEqual(where, {
    a: null, b: true, c: 1.5, d: ['ASC'], e: { $type: 'BigInt', value: '12345678901234567890' },
  });
});

test('what is written into a JSON field is marked, in relations too', () => {
  const text = 'mutation { result: createOneTeam(data: {id: "a", settings: "{}", '
    + 'members: {create: [{id: "b", notes: "[1]"}]}}) { id } }';
  assert.deepEqual(translated(text).query.query.arguments.data, {
    id: 'a',
    settings: { $type: 'Json', value: '{}' },
    members: { create: [{ id: 'b', notes: { $type: 'Json', value: '[1]' } }] },
  });
});

test('operators on a JSON field are kept, and their values marked', () => {
  const text = 'query { result: findManyTeam(where: {settings: {path: ["x"], equals: "1"}}) { id } }';
  assert.deepEqual(translated(text).query.query.arguments.where.settings, {
    path: ['x'], equals: { $type: 'Json', value: '1' },
  });
});

test('an answer has the alias of its query, and plain values', () => {
  const result = { data: { findManyMember: [{ spend: { $type: 'BigInt', value: '7' }, notes: { $type: 'Json', value: { a: 1 } } }] } };
  const told = answer(result, { alias: 'result', action: 'findMany' });
  assert.deepEqual(told.data, { result: [{ spend: 7, notes: '{"a":1}' }] });
});

test('a number beyond what JavaScript counts exactly stays text', () => {
  const result = { data: { findFirstMember: { spend: { $type: 'BigInt', value: '9007199254740993' } } } };
  assert.deepEqual(answer(result, { alias: 'r', action: 'findFirst' }).data, { r: { spend: '9007199254740993' } });
});

test('rows of a raw query become typed cells', () => {
  const table = { columns: ['n', 'tags', 'gone'], types: ['int', 'string-array', 'string'], rows: [[1, ['a'], null]] };
  const told = answer({ data: { queryRaw: table } }, { alias: 'result', action: 'queryRaw' });
  assert.deepEqual(told.data.result, [{
    n: { prisma__type: 'int', prisma__value: 1 },
    tags: { prisma__type: 'array', prisma__value: [{ prisma__type: 'string', prisma__value: 'a' }] },
    gone: { prisma__type: 'null', prisma__value: null },
  }]);
});

test('errors are passed on as they are', () => {
  const result = { errors: [{ error: 'no' }] };
  assert.equal(answer(result, { alias: 'result', action: 'findMany' }), result);
});

test('the schema comes as text or as a file, and names its database', () => {
  assert.equal(readSchema({ PRISMA_DML: Buffer.from(SCHEMA).toString('base64') }), SCHEMA);
  assert.equal(databaseUrl(SCHEMA, { OUR_DATABASE: 'postgresql://one/db' }).href, 'postgresql://one/db');
  const override = JSON.stringify([{ name: 'client', url: 'postgresql://two/db' }]);
  assert.equal(databaseUrl(SCHEMA, { OVERWRITE_DATASOURCES: override }).href, 'postgresql://two/db');
});

test('the engine gets the only generator that it knows', () => {
  assert.match(forWasmEngine(SCHEMA), /provider = "prisma-client-js"/);
  assert.doesNotMatch(forWasmEngine(SCHEMA), /prisma-client-py/);
});
