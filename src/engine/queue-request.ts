import { InvalidRequest, textOf } from '../domain/errors.ts';
import type { PartCost } from '../domain/limit-types.ts';
import type { RequestStatus } from '../domain/request-status.ts';
import { uuidSource } from '../lib/ids.ts';
import { systemClock } from '../lib/system-clock.ts';

const LOWEST_PRIORITY = -10;
const HIGHEST_PRIORITY = 10;
/** The farthest moment from the epoch that a Date can hold, by ECMAScript. */
const FARTHEST_DATE_MS = 8.64e15;

/** What a caller asks for. Only `modelId` is required. */
export interface RequestInput<P = unknown> {
  readonly modelId: string;
  /** What the processor gets. */
  readonly params?: P | undefined;
  /** Free fields; the processor gets them too. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Default: a random UUID. Must not be the id of another live request. */
  readonly id?: string | undefined;
  /** Whole number from −10 to 10, higher first; default 0. One step is worth 5 s of waiting. */
  readonly priority?: number | undefined;
  /** Who it is for: models share what they have fairly between tenants. */
  readonly tenant?: string | undefined;
  /** When the answer is of no more use; a Date or epoch milliseconds. Default none. */
  readonly deadline?: Date | number | undefined;
  /** Cancels the request when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Live requests of one tenant with equal keys on one model share one call. */
  readonly dedupeKey?: string | undefined;
  /** Default: estimated from the text of `params`. */
  readonly estimatedInputTokens?: number | undefined;
  /** Default: `max_tokens` (or its newer names) of `params`, else 0. */
  readonly estimatedOutputTokens?: number | undefined;
  /** How many requests it counts as in limits on requests; default 1, fractions allowed. */
  readonly calls?: number | undefined;
  /** What each part costs where a request needs several deployments at once; what is not said is as for the whole. */
  readonly parts?: Readonly<Record<string, PartCost>> | undefined;
  /** `true`: fails with `NoDeploymentAvailable` where every deployment is cooling or disabled, for callers who then ask another model. Default: waits. */
  readonly failWhileCooling?: boolean | undefined;
  /** `false`: `submitRequest` resolves at once with status `pending`. Default true. */
  readonly waitForCompletion?: boolean | undefined;
}

/** Where the engine puts in its own clock and id source. */
export interface RequestDefaults {
  readonly id: () => string;
  readonly wallMs: () => number;
}

const platformDefaults: RequestDefaults = { id: uuidSource(), wallMs: systemClock.wallMs };

/**
 * A request as a value: id and creation time are readable before it is submitted, and the engine keeps `status`,
 * `error` and the actual tokens up to date. Throws `InvalidRequest` for a field of the wrong kind.
 */
export class QueueRequest<P = unknown> implements RequestInput<P> {
  readonly id: string;
  readonly modelId: string;
  /** Replaced by what `paramsSchema` made of it, if the model has one. */
  params: P;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly priority: number;
  readonly tenant: string | undefined;
  readonly deadline: Date | number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly dedupeKey: string | undefined;
  declare readonly calls?: number | undefined;
  declare readonly parts?: Readonly<Record<string, PartCost>> | undefined;
  declare readonly failWhileCooling?: boolean | undefined;
  readonly waitForCompletion: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  status: RequestStatus = 'pending';
  /** Message of the error it failed with. */
  error: string | undefined = undefined;
  readonly estimatedInputTokens: number | undefined;
  readonly estimatedOutputTokens: number | undefined;
  actualInputTokens: number | undefined = undefined;
  actualOutputTokens: number | undefined = undefined;

  constructor(input: RequestInput<P>, defaults: RequestDefaults = platformDefaults) {
    validate(input);
    this.id = input.id ?? defaults.id();
    this.modelId = input.modelId;
    // A model without params is the caller's choice of P.
    this.params = input.params as P;
    this.metadata = input.metadata;
    this.priority = input.priority ?? 0;
    this.tenant = input.tenant;
    this.deadline = input.deadline;
    this.signal = input.signal;
    this.dedupeKey = input.dedupeKey;
    this.waitForCompletion = input.waitForCompletion ?? true;
    this.createdAt = defaults.wallMs();
    this.estimatedInputTokens = input.estimatedInputTokens;
    this.estimatedOutputTokens = input.estimatedOutputTokens;
    // Few requests say these: the others need not carry the fields.
    if (input.calls !== undefined) this.calls = input.calls;
    if (input.parts !== undefined) this.parts = input.parts;
    if (input.failWhileCooling) this.failWhileCooling = true;
  }
}

/** Hand-written, since this runs for every request: a schema library would cost more than the rest of submit. */
function validate(input: RequestInput): void {
  if (typeof input !== 'object' || input === null)
    throw new InvalidRequest(`A request is ${textOf(input)}: expected an object with a modelId.`);
  expectText('modelId', input.modelId, true);
  expectText('id', input.id);
  expectText('tenant', input.tenant, false, true);
  expectText('dedupeKey', input.dedupeKey);
  const { priority, deadline, signal, metadata, waitForCompletion, failWhileCooling } = input;
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY)) {
    refuse('priority', priority, `expected a whole number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}`);
  }
  if (deadline !== undefined && !isMoment(deadline)) {
    refuse('deadline', deadline, 'expected a valid Date or epoch milliseconds');
  }
  if (signal !== undefined && !(typeof signal === 'object' && typeof signal?.addEventListener === 'function' && 'aborted' in signal)) {
    refuse('signal', signal, 'expected an AbortSignal');
  }
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) refuse('metadata', metadata, 'expected an object');
  if (waitForCompletion !== undefined && typeof waitForCompletion !== 'boolean') {
    refuse('waitForCompletion', waitForCompletion, 'expected true or false');
  }
  if (failWhileCooling !== undefined && typeof failWhileCooling !== 'boolean') {
    refuse('failWhileCooling', failWhileCooling, 'expected true or false');
  }
  expectCount('estimatedInputTokens', input.estimatedInputTokens);
  expectCount('estimatedOutputTokens', input.estimatedOutputTokens);
  expectCalls('calls', input.calls);
  if (input.parts !== undefined) expectParts(input.parts);
}

function expectParts(parts: unknown): void {
  if (typeof parts !== 'object' || parts === null) refuse('parts', parts, 'expected an object of costs by part');
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part !== 'object' || part === null) refuse(`parts.${name}`, part, 'expected an object');
    expectCalls(`parts.${name}.calls`, part.calls);
    expectCount(`parts.${name}.inputTokens`, part.inputTokens);
    expectCount(`parts.${name}.outputTokens`, part.outputTokens);
  }
}

function expectCalls(path: string, value: unknown): void {
  if (value !== undefined && !(Number.isFinite(value) && (value as number) >= 0)) refuse(path, value, 'expected a number ≥ 0');
}

function isMoment(deadline: unknown): boolean {
  const epochMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return typeof epochMs === 'number' && Math.abs(epochMs) <= FARTHEST_DATE_MS;
}

function expectText(path: string, value: unknown, required = false, emptyAllowed = false): void {
  if (value === undefined && !required) return;
  if (typeof value !== 'string' || (value === '' && !emptyAllowed)) refuse(path, value, 'expected a non-empty string');
}

function expectCount(path: string, value: unknown): void {
  if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0)) refuse(path, value, 'expected a whole number ≥ 0');
}

function refuse(path: string, value: unknown, expected: string): never {
  const shown = typeof value === 'string' ? `'${value.slice(0, 80)}'` : textOf(value);
  throw new InvalidRequest(`Request: '${path}' is ${shown}: ${expected}.`, path);
}
