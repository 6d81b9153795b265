import { created, listed } from '../../routes/batches.ts';
import { idParameter, json, jsonBody, listOf, schemaRef } from '../answers.ts';
import type { Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';
import { queryOf, schemaOf } from '../from-zod.ts';
import { FOR_TENANT } from '../headers.ts';

const TAGS = ['Files and batches'];
const count: Schema = { type: 'integer', minimum: 0 };
const moment: Schema = { type: 'integer', description: 'Epoch seconds; missing: not yet, or never.' };
const MOMENTS = [
  'in_progress_at',
  'expires_at',
  'finalizing_at',
  'completed_at',
  'failed_at',
  'expired_at',
  'cancelling_at',
  'cancelled_at',
];

export const BATCH_SCHEMAS: Readonly<Record<string, Schema>> = {
  Batch: {
    type: 'object',
    required: ['id', 'object', 'endpoint', 'input_file_id', 'completion_window', 'status', 'created_at', 'request_counts', 'usage'],
    properties: {
      id: { type: 'string' },
      object: { const: 'batch' },
      endpoint: { type: 'string' },
      errors: { type: 'object', description: 'What was wrong with the lines, where that kept it from running.' },
      input_file_id: { type: 'string' },
      completion_window: { const: '24h' },
      status: { enum: ['validating', 'failed', 'in_progress', 'finalizing', 'completed', 'expired', 'cancelling', 'cancelled'] },
      output_file_id: { type: 'string', description: 'The lines that succeeded.' },
      error_file_id: { type: 'string', description: 'All others.' },
      created_at: moment,
      ...Object.fromEntries(MOMENTS.map((name) => [name, moment])),
      request_counts: {
        type: 'object',
        required: ['total', 'completed', 'failed'],
        properties: { total: count, completed: count, failed: count },
      },
      usage: {
        type: 'object',
        properties: { input_tokens: count, output_tokens: count, total_tokens: count },
      },
      metadata: { type: ['object', 'null'] },
    },
  },
};

/** OpenAI's protocol for batches. */
export const batchPaths: Paths = {
  '/v1/batches': {
    post: {
      operationId: 'createBatch',
      tags: TAGS,
      summary: 'Run the lines of a file',
      description: 'At low priority, in the same queues as everything else. It survives restarts.',
      externalDocs: { url: 'https://platform.openai.com/docs/api-reference/batch/create' },
      parameters: FOR_TENANT,
      requestBody: jsonBody(schemaOf(created)),
      responses: { 200: json('The batch.', schemaRef('Batch')), ...failures([400, 401, 403, 408, 413, 415, 503]) },
    },
    get: {
      operationId: 'listBatches',
      tags: TAGS,
      summary: 'The batches that are yours, the newest first',
      parameters: [...FOR_TENANT, ...queryOf(listed, { after: 'The id behind which the page begins.', limit: 'Most batches of a page.' })],
      responses: { 200: json('A page.', listOf('Batch')), ...failures([400, 401, 403, 503]) },
    },
  },
  '/v1/batches/{id}': {
    get: {
      operationId: 'getBatch',
      tags: TAGS,
      summary: 'How a batch stands',
      parameters: [idParameter('batch'), ...FOR_TENANT],
      responses: { 200: json('The batch.', schemaRef('Batch')), ...failures([401, 403, 404, 503]) },
    },
  },
  '/v1/batches/{id}/cancel': {
    post: {
      operationId: 'cancelBatch',
      tags: TAGS,
      summary: 'Cancel what was not run yet',
      parameters: [idParameter('batch'), ...FOR_TENANT],
      responses: { 200: json('The batch.', schemaRef('Batch')), ...failures([401, 403, 404, 409, 503]) },
    },
  },
};
