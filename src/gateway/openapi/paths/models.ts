import { json } from '../answers.ts';
import type { Parameter, Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';

const FORM: Parameter = {
  name: 'anthropic-version',
  in: 'header',
  description: "With it the answer has Anthropic's form, without it OpenAI's.",
  schema: { type: 'string' },
};

const MODEL: Schema = {
  anyOf: [
    {
      type: 'object',
      required: ['id', 'object', 'created', 'owned_by'],
      properties: { id: { type: 'string' }, object: { const: 'model' }, created: { type: 'integer' }, owned_by: { type: 'string' } },
    },
    {
      type: 'object',
      required: ['id', 'type', 'display_name', 'created_at'],
      properties: {
        id: { type: 'string' },
        type: { const: 'model' },
        display_name: { type: 'string' },
        created_at: { type: 'string', format: 'date-time' },
      },
    },
  ],
};

export const modelPaths: Paths = {
  '/v1/models': {
    get: {
      operationId: 'listModels',
      tags: ['OpenAI', 'Anthropic'],
      summary: 'The models that the key may use',
      parameters: [FORM],
      responses: {
        200: json('The models, in the form asked for.', {
          type: 'object',
          required: ['data'],
          properties: { data: { type: 'array', items: MODEL } },
        }),
        ...failures([401, 403]),
      },
    },
  },
  '/v1/models/{model}': {
    get: {
      operationId: 'getModel',
      tags: ['OpenAI', 'Anthropic'],
      summary: 'One model',
      parameters: [
        FORM,
        { name: 'model', in: 'path', required: true, description: 'Its id, slashes and all.', schema: { type: 'string' } },
      ],
      responses: { 200: json('The model.', MODEL), ...failures([401, 403, 404]) },
    },
  },
};
