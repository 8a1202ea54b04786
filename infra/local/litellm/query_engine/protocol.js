// Translates between Prisma's two protocols: the Python client sends GraphQL, the WebAssembly engine takes JSON.
'use strict';

const { parse } = require('graphql');

const ACTIONS = [
  'findUniqueOrThrow', 'findFirstOrThrow', 'findUnique', 'findFirst', 'findMany', 'createOne', 'createManyAndReturn',
  'createMany', 'updateOne', 'updateMany', 'deleteOne', 'deleteMany', 'upsertOne', 'aggregate', 'groupBy',
  'executeRaw', 'queryRaw',
];
const JSON_OPERATORS = new Set([
  'set', 'equals', 'not', 'array_contains', 'array_starts_with', 'array_ends_with', 'gt', 'gte', 'lt', 'lte', 'push',
]);

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

/** Translates the queries of one schema (`models`: model name -> field name -> type name). */
class Translator {
  constructor(models) {
    this.models = models;
  }

  /** A GraphQL query -> { alias, action, query }, where `query` is the JSON protocol's. */
  query(text) {
    const field = parse(text, { noLocation: true }).definitions[0].selectionSet.selections[0];
    const { action, modelName } = actionOf(field.name.value);
    const given = argumentsOf(field.arguments);
    const tagged = modelName ? mapValues(given, (value) => this.tagged(value, modelName)) : given;
    return {
      alias: (field.alias || field.name).value,
      action,
      query: { modelName, action, query: { arguments: tagged, selection: selectionOf(field.selectionSet) } },
    };
  }

  /** Marks the values of Json fields, because GraphQL has only strings for them. */
  tagged(value, model) {
    if (Array.isArray(value)) return value.map((item) => this.tagged(item, model));
    if (!isObject(value) || value.$type) return value;
    const fields = this.models[model] || {};
    return mapValues(value, (inner, name) => {
      if (fields[name] === 'Json') return taggedJson(inner);
      if (this.models[fields[name]]) return this.taggedRelation(inner, fields[name]);
      return this.tagged(inner, model);
    });
  }

  /** A relation holds operators (`create`, `connect`, ...), and in them fields of the related model. */
  taggedRelation(value, model) {
    if (Array.isArray(value)) return value.map((item) => this.taggedRelation(item, model));
    if (!isObject(value)) return value;
    return mapValues(value, (inner, name) =>
      this.models[model][name] ? this.tagged({ [name]: inner }, model)[name] : this.taggedRelation(inner, model));
  }
}

function taggedJson(value) {
  if (typeof value === 'string') return { $type: 'Json', value };
  if (Array.isArray(value)) return value.map(taggedJson);
  if (!isObject(value)) return value;
  return mapValues(value, (inner, name) => (JSON_OPERATORS.has(name) ? taggedJson(inner) : inner));
}

function actionOf(name) {
  const throwing = name.match(/^(findUnique|findFirst)(.+)OrThrow$/);
  if (throwing) return { action: `${throwing[1]}OrThrow`, modelName: throwing[2] };
  const action = ACTIONS.find((known) => name.startsWith(known));
  return { action, modelName: name.slice(action.length) || undefined };
}

function argumentsOf(nodes) {
  return Object.fromEntries((nodes || []).map((node) => [node.name.value, literal(node.value)]));
}

function selectionOf(set) {
  const fields = set ? set.selections : [];
  return Object.fromEntries(fields.map((field) => {
    const isPlain = !(field.arguments && field.arguments.length) && !field.selectionSet;
    const nested = () => ({ arguments: argumentsOf(field.arguments), selection: selectionOf(field.selectionSet) });
    return [field.name.value, isPlain ? true : nested()];
  }));
}

function literal(node) {
  switch (node.kind) {
    case 'StringValue': case 'EnumValue': case 'BooleanValue': return node.value;
    case 'NullValue': return null;
    case 'IntValue': return integer(node.value);
    case 'FloatValue': return Number(node.value);
    case 'ListValue': return node.values.map(literal);
    case 'ObjectValue': return argumentsOf(node.fields);
    default: throw new Error(`GraphQL value of kind ${node.kind}`);
  }
}

function integer(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : { $type: 'BigInt', value: text };
}

/** The engine's answer under the alias of the query, with plain values in place of tagged ones. */
function answer(result, { alias, action }) {
  if (result.errors) return result;
  const [value] = Object.values(result.data);
  return { ...result, data: { [alias]: action.endsWith('Raw') ? rawRows(value) : plain(value) } };
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (!('$type' in value)) return mapValues(value, plain);
  if (value.$type === 'BigInt') return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
  if (value.$type === 'Json' && typeof value.value !== 'string') return JSON.stringify(value.value);
  return value.value;
}

/** The rows of a raw query as lists of typed cells, the form that version 0.11 of Prisma's Python client reads. */
function rawRows(table) {
  if (!table || !Array.isArray(table.columns)) return table;
  return table.rows.map((row) =>
    Object.fromEntries(table.columns.map((column, i) => [column, rawCell(row[i], table.types[i])])));
}

function rawCell(value, type) {
  if (value === null) return { prisma__type: 'null', prisma__value: null };
  if (!type.endsWith('-array')) return { prisma__type: type, prisma__value: value };
  return { prisma__type: 'array', prisma__value: value.map((item) => rawCell(item, type.slice(0, -'-array'.length))) };
}

module.exports = { Translator, answer };
