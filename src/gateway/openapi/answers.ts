import type { Answer, Parameter, Reference, Schema } from './document-types.ts';

export function schemaRef(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

export function json(description: string, schema: Schema, headers?: Readonly<Record<string, Reference>>): Answer {
  return { description, ...(headers && { headers }), content: { 'application/json': { schema } } };
}

export function events(description: string): Answer {
  return { description, content: { 'text/event-stream': { schema: { type: 'string' } } } };
}

export function jsonBody(schema: Schema): { readonly required: true; readonly content: Answer['content'] & object } {
  return { required: true, content: { 'application/json': { schema } } };
}

/** A page of a list, as OpenAI's protocol has it. */
export function listOf(name: string): Schema {
  const id = { type: ['string', 'null'] };
  return {
    type: 'object',
    required: ['object', 'data', 'has_more'],
    properties: {
      object: { const: 'list' },
      data: { type: 'array', items: schemaRef(name) },
      first_id: id,
      last_id: id,
      has_more: { type: 'boolean' },
    },
  };
}

export function idParameter(what: string): Parameter {
  return { name: 'id', in: 'path', required: true, description: `The ${what}'s id.`, schema: { type: 'string' } };
}
