import { z } from 'zod';
import { apiKey, endpointUrl, field, name, REFERENCES, secondsOrNone } from './headgate-config-fields.ts';
import { MODEL_TYPES } from './headgate-config-models.ts';
import { seconds, whole } from './rate-limiter-config.ts';

const modelType = z.enum(MODEL_TYPES, `expected one of ${MODEL_TYPES.join(', ')}`);

const served = {
  uniqueModelId: field(name("a model's id"), 'What callers ask for. Several with the same id are replicas.'),
  modelType: field(modelType.default('completion'), 'What it does.'),
  reqPerMin: field(whole('a limit').optional(), 'Requests per minute: `rpm`.', { otherwise: 'learned from its answers' }),
  tokensPerMin: field(whole('a limit').optional(), 'Tokens per minute: `tpm`.', { otherwise: 'learned from its answers' }),
  errorBackoffInSeconds: field(secondsOrNone('a time to rest').default(60), 'How long it rests once its circuit has opened.', {
    unit: 's',
  }),
};

/** A model that is deployed at an Azure resource. */
export const azureModelSchema = z.strictObject({
  ...served,
  modelNameInAzure: field(name("a model's name").optional(), "Azure's name of the model.", { otherwise: '`uniqueModelId`' }),
  deploymentNameInAzure: field(name("a deployment's name").optional(), 'Its deployment there.', { otherwise: '`modelNameInAzure`' }),
});

/** One Azure resource: an endpoint, a key, and what is deployed there. */
export const azureResourceSchema = z.strictObject({
  apiKey: field(apiKey(), `The key, or where it is: ${REFERENCES}.`),
  apiVersion: field(name('an API version').optional(), 'As `2024-10-21`.'),
  apiType: field(
    z.enum(['azure', 'openai', 'open_ai'], 'expected azure or openai').default('azure'),
    '`azure`, or `openai` for an endpoint that is not Azure.',
  ),
  azureEndpoint: field(endpointUrl('a URL'), 'As `https://your-resource.openai.azure.com/`.'),
  azureOaiModels: field(
    z.array(azureModelSchema, 'expected a list of models').min(1, 'expected at least one model').readonly(),
    'What is deployed there.',
  ),
});

/** A model that is called by code of the user's own. */
export const customModelSchema = z.strictObject({
  ...served,
  modulePath: field(name('the path of a module').optional(), 'The module that calls it; `path_to_py_file` is taken too.'),
  exportName: field(name('the name of an export').optional(), 'What that module exports; `class_name` is taken too.'),
});

export const userLimitsSchema = z.strictObject({
  maxNumRequestsInTimeWindow: field(whole('a number of requests').default(40), 'Requests of one user in a window.'),
  timeWindowInSeconds: field(seconds('a window').default(60), 'The window; `time_window_length_in_seconds` is taken too.', { unit: 's' }),
});

export const schedulerLimitsSchema = z.strictObject({
  maxQueueSize: field(whole('a queue size').default(1000), 'Most requests that may wait.'),
  requestTimeoutSeconds: field(seconds('a time limit').default(300), 'Longest wait in the queue; `ttl_in_seconds` is taken too.', {
    unit: 's',
  }),
});

/** Other spellings of a field, by section: system B's code and its document disagree. */
export const AZURE_ALIASES = {
  userLimits: { timeWindowLengthInSeconds: 'timeWindowInSeconds' },
  schedulerLimits: { ttlInSeconds: 'requestTimeoutSeconds' },
  customModels: { pathToPyFile: 'modulePath', className: 'exportName' },
} as const;
