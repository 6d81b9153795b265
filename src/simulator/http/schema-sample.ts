import { isObject, type JsonObject } from './json-object.ts';

/** Deeper schemas, recursive ones above all, end in `null`. */
const DEEPEST = 12;
const DEFAULT_TEXT = 'the and for';

function typeOf(schema: JsonObject): unknown {
  const { type } = schema;
  return Array.isArray(type) ? type[0] : (type ?? (isObject(schema['properties']) ? 'object' : undefined));
}

function referred(schema: JsonObject, root: JsonObject): JsonObject {
  const { $ref: ref } = schema;
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return schema;
  let at: unknown = root;
  for (const step of ref.slice(2).split('/')) at = isObject(at) ? at[step] : undefined;
  return isObject(at) ? at : {};
}

function numberOf({ minimum, exclusiveMinimum, maximum }: JsonObject): number {
  const least = typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : 1;
  return typeof maximum === 'number' ? Math.min(least, maximum) : least;
}

function textOf({ minLength, maxLength }: JsonObject): string {
  const least = typeof minLength === 'number' ? DEFAULT_TEXT.padEnd(minLength, ' and') : DEFAULT_TEXT;
  return typeof maxLength === 'number' ? least.slice(0, maxLength) : least;
}

/** A value that fits a JSON schema: every property is there, lists have as few items as they may but one, texts are filler. */
function sample(given: unknown, root: JsonObject, depth: number): unknown {
  if (!isObject(given) || depth > DEEPEST) return null;
  const schema = referred(given, root);
  const { enum: choices, const: fixed, anyOf, oneOf, allOf, properties, items, minItems } = schema;
  if (fixed !== undefined) return fixed;
  if (Array.isArray(choices)) return choices[0];
  for (const alternatives of [anyOf, oneOf, allOf]) if (Array.isArray(alternatives)) return sample(alternatives[0], root, depth + 1);
  switch (typeOf(schema)) {
    case 'object': {
      const entries = isObject(properties) ? Object.entries(properties) : [];
      return Object.fromEntries(entries.map(([name, property]) => [name, sample(property, root, depth + 1)]));
    }
    case 'array':
      return Array.from({ length: typeof minItems === 'number' ? Math.max(1, minItems) : 1 }, () => sample(items ?? {}, root, depth + 1));
    case 'number':
    case 'integer':
      return numberOf(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return textOf(schema);
  }
}

/** JSON text that fits a schema; undefined: there is none, or it names no property. */
export function sampleOf(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined;
  const { properties } = schema;
  if (isObject(properties) && Object.keys(properties).length === 0) return undefined;
  if (properties === undefined && schema['type'] === 'object' && schema['$ref'] === undefined) return undefined;
  if (Object.keys(schema).length === 0) return undefined;
  return JSON.stringify(sample(schema, schema, 0));
}
