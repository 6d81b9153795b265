import { events, json, schemaRef } from '../answers.ts';
import type { Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';

const count: Schema = { type: 'integer', minimum: 0 };

export const STATUS_SCHEMAS: Readonly<Record<string, Schema>> = {
  GatewayStatus: {
    type: 'object',
    required: ['at', 'models', 'deployments', 'tenants'],
    properties: {
      at: { type: 'number', description: 'Epoch milliseconds.' },
      models: { type: 'array', items: schemaRef('ModelStatus') },
      deployments: { type: 'array', items: schemaRef('DeploymentStatus') },
      tenants: { type: 'array', items: schemaRef('TenantStatus') },
    },
  },
  ModelStatus: {
    type: 'object',
    description: 'As a value of `queue$` in the library, which says what each field means.',
    required: ['modelId', 'queueSize', 'processing', 'rateLimiters', 'completed', 'failed', 'tokens'],
    properties: {
      modelId: { type: 'string' },
      queueSize: count,
      processing: count,
      waitsFor: { type: ['string', 'null'], description: 'Why nothing starts, in words.' },
      rateLimiters: { type: 'array', items: { type: 'object' } },
      completed: count,
      failed: count,
      tokens: { type: 'object' },
    },
  },
  DeploymentStatus: {
    type: 'object',
    description: 'A deployment as configured and as it stands, without its key.',
    required: ['id', 'modelId'],
    properties: { id: { type: 'string' }, modelId: { type: 'string' } },
  },
  TenantStatus: {
    type: 'object',
    description: 'What a tenant has in hand, and had since the start.',
    required: ['tenant', 'waiting', 'processing', 'completed', 'failed', 'rejected', 'tokens'],
    properties: {
      tenant: { type: 'string' },
      waiting: count,
      processing: count,
      completed: count,
      failed: count,
      rejected: count,
      tokens: { type: 'object', required: ['input', 'output'], properties: { input: count, output: count } },
      budgets: {
        type: 'array',
        description: 'How its budgets stand, where it has any.',
        items: {
          type: 'object',
          required: ['unit', 'every', 'most', 'spent', 'reserved', 'endsAt'],
          properties: {
            unit: { type: 'string', enum: ['tokens', 'money'] },
            every: { type: 'string', enum: ['day', 'month'] },
            most: { type: 'number' },
            says: { type: 'string' },
            spent: { type: 'number' },
            reserved: { type: 'number' },
            endsAt: { type: 'number' },
          },
        },
      },
    },
  },
};

export const statusPaths: Paths = {
  '/status': {
    get: {
      operationId: 'getStatus',
      tags: ['Operation'],
      summary: 'How everything stands',
      description: "An administrator's key sees all of it, another one what is its own.",
      responses: { 200: json('The status.', schemaRef('GatewayStatus')), ...failures([401, 403]) },
    },
  },
  '/status/events': {
    get: {
      operationId: 'followStatus',
      tags: ['Operation'],
      summary: 'The same whenever it has changed',
      responses: { 200: events('Events named `status`, each with a whole `GatewayStatus`.'), ...failures([401, 403, 503]) },
    },
  },
};
