import { InvalidConfiguration } from '../../domain/errors.ts';
import { invalidRequest } from '../error-bodies.ts';
import { LIMIT_TYPES, type LimitChange } from '../limits/simulated-limit.ts';
import type { SimulatedProvider } from '../simulated-provider.ts';
import { type AnswerSink, sendJson } from './answer-sink.ts';
import { isObject } from './json-object.ts';

const EXPECTED = 'Expected a JSON list such as [{"type": "rpm", "limit": 100}], with "model" or "key" where only some are meant.';

function isOptional<T>(value: unknown, type: 'string' | 'number'): value is T | undefined {
  return value === undefined || typeof value === type;
}

function changeOf(value: unknown): LimitChange | undefined {
  if (!isObject(value)) return undefined;
  const { type: name, limit, model, key } = value;
  const type = LIMIT_TYPES.find((known) => known === name);
  if (!type || typeof limit !== 'number' || !isOptional<string>(model, 'string') || !isOptional<number>(key, 'number')) return undefined;
  return { type, limit, model, key };
}

function changesOf(text: string | undefined): readonly LimitChange[] | undefined {
  try {
    const list: unknown = JSON.parse(text ?? '');
    const changes = Array.isArray(list) ? list.map(changeOf) : [];
    const valid = changes.filter((change) => change !== undefined);
    return valid.length > 0 && valid.length === changes.length ? valid : undefined;
  } catch {
    return undefined;
  }
}

function changeLimits(provider: SimulatedProvider, text: string | undefined, sink: AnswerSink): void {
  const fail = (message: string) => sendJson(sink, 400, {}, JSON.stringify(invalidRequest(message)));
  const changes = changesOf(text);
  if (!changes) return fail(EXPECTED);
  try {
    provider.setLimits(changes);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return fail(error.message);
    throw error;
  }
  sendJson(sink, 200, {}, JSON.stringify({ limits: provider.stats().limits }));
}

/** Answers what only the simulator has: `GET /__stats`, `POST /__reset`, `POST /__limits`. False: it is none of these. */
export function administer(provider: SimulatedProvider, route: string, text: string | undefined, sink: AnswerSink): boolean {
  if (route === 'GET /__stats') sendJson(sink, 200, {}, JSON.stringify(provider.stats()));
  else if (route === 'POST /__limits') changeLimits(provider, text, sink);
  else if (route === 'POST /__reset') {
    provider.reset();
    sendJson(sink, 200, {}, '{"reset":true}');
  } else return false;
  return true;
}
