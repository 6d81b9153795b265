import { json } from '../answers.ts';
import type { Operation, Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';

const NO_KEY: readonly [] = [];
const said = (...words: readonly string[]): Schema => ({
  type: 'object',
  required: ['status'],
  properties: { status: words.length === 1 ? { const: words[0] } : { enum: words } },
});

/** What whoever runs the gateway asks it. */
export const operationPaths: Paths = {
  '/healthz': { get: open('isAlive', 'Whether the process answers', { 200: json('It does.', said('ok')) }) },
  '/readyz': {
    get: open('isReady', 'Whether it takes calls', {
      200: json('It does.', said('ready')),
      503: json('It is shutting down.', said('closing')),
    }),
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      description: "An administrator's key is needed where keys are.",
      responses: {
        200: { description: 'Its text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
        ...failures([401, 403]),
      },
    },
  },
  '/openapi.json': { get: open('getDocument', 'This document', { 200: json('OpenAPI 3.1.', { type: 'object' }) }) },
};

function open(operationId: string, summary: string, responses: Operation['responses']): Operation {
  return { operationId, tags: ['Operation'], summary, security: NO_KEY, responses };
}
