import fc from 'fast-check';
import { PATHS, VALID_CALLS } from './fuzz-calls.ts';
import { type Change, changed, RAW } from './fuzz-changes.ts';

/** One request as it is sent. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer | undefined;
}

/** What the caller says that is nobody else's business. */
export const CALLERS_SECRET = 'sk-callers-own-secret';

const MODELS = ['gpt', 'claude', 'tight', 'nobody', '', '\u0000', 'gpt\r\nx-injected: 1', '../../gpt', '__proto__', 'constructor'];
const CONTENT_TYPES = [
  'application/json; charset=utf-8',
  'application/json;;;',
  'application/json; charset=utf-16',
  'application/vnd.api+json',
  'text/plain',
  'text/event-stream',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/octet-stream',
  '',
  '/',
];

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\r\nx-injected: 1',
    'é',
    '💥',
    '\ud800',
    '%00',
    '%',
    '%ff',
    '-1',
    '0',
    '1e999',
    'NaN',
    'null',
    '[object Object]',
  ),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer({ min: 1_000, max: 100_000 }).map((length) => 'x'.repeat(length)),
);

const strange: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 53, '', 'x', [], {}, [[]], [null], [{}]),
  },
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(RAW)) },
  { weight: 2, arbitrary: odd },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'repeat'),
  key: fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'model',
    'stream',
    'type',
    'content',
    'role',
    'length',
    'then',
    'toJSON',
    '0',
    '',
  ),
  value: strange,
});

/** A valid call, changed in none to four places. */
const changedCall = fc
  .record({
    call: fc.constantFrom(...VALID_CALLS),
    model: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('gpt', 'claude') }, fc.constantFrom(...MODELS)),
    changes: fc.array(change, { maxLength: 3 }),
  })
  .map(({ call, model, changes }) => ({ path: call.path, body: Buffer.from(changed({ model, ...call.body }, changes)) }));

const junk = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  odd.map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
  fc.constantFrom(...Object.values(RAW), 'null', '[]', '"', '{', '{}', '{"model":"gpt"}', '\ufeff{}').map((text) => Buffer.from(text)),
  fc.integer({ min: 1, max: 60_000 }).map((depth) => Buffer.from(`{"model":"gpt","messages":${'['.repeat(depth)}${']'.repeat(depth)}}`)),
  fc.integer({ min: 1, max: 60_000 }).map((depth) => Buffer.from(`${'{"model":'.repeat(depth)}1${'}'.repeat(depth)}`)),
);

/** Cut short, or with bytes that are no UTF-8. */
const broken = fc.tuple(changedCall, fc.nat(), fc.constantFrom('cut', 'bytes', 'tail')).map(([{ path, body }, at, how]) => {
  const cut = body.subarray(0, at % (body.length + 1));
  if (how === 'cut') return { path, body: cut };
  const rest = body.subarray(cut.length + (how === 'bytes' ? 1 : 0));
  return { path, body: Buffer.concat([cut, Buffer.from([0xff, 0xc0, 0x80]), rest]) };
});

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 1, arbitrary: fc.constantFrom(...PATHS).map((known) => `${known}/`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...PATHS), odd).map(([known, tail]) => `${known}?${tail}`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...PATHS), odd).map(([known, tail]) => `${known}/${tail}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/v1/messages%2f',
      '/%',
      '/v1/%c0%80',
      '/v1/requests/%',
      `/v1/models/${'x'.repeat(2_000)}`,
      `/v1/requests/${'x'.repeat(2_000)}`,
      '/v1/../healthz',
    ),
  },
  { weight: 1, arbitrary: fc.webPath().map((some) => `/${some}`) },
);

const ownHeader = fc.constantFrom(
  'x-headgate-timeout',
  'x-headgate-priority',
  'x-headgate-tenant',
  'x-stainless-timeout',
  'traceparent',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'x-title',
  'accept',
  'accept-version',
  'accept-encoding',
  'content-encoding',
  'idempotency-key',
  'origin',
  'range',
  'if-none-match',
  'last-event-id',
  'cookie',
  'x-forwarded-for',
  'expect',
);
const fairValue = fc.constantFrom(
  '5',
  '1',
  '0.001',
  '-10',
  '10',
  '2023-06-01',
  'gzip',
  'tools-2024',
  'text/event-stream',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
);
const value = fc.oneof(
  { weight: 9, arbitrary: fairValue },
  { weight: 2, arbitrary: odd },
  { weight: 1, arbitrary: fc.array(odd, { minLength: 1, maxLength: 3 }) },
);
const secrets = fc.subarray([
  ['authorization', `Bearer ${CALLERS_SECRET}`],
  ['x-api-key', CALLERS_SECRET],
  ['cookie', `session=${CALLERS_SECRET}`],
] as const);
const contentType = fc.oneof(
  { weight: 40, arbitrary: fc.constant('application/json') },
  { weight: 2, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
  { weight: 1, arbitrary: odd },
);
const headers = fc
  .record({ contentType: fc.option(contentType, { freq: 20 }), own: fc.array(fc.tuple(ownHeader, value), { maxLength: 2 }), secrets })
  .map(({ contentType: type, own, secrets: said }): FuzzRequest['headers'] => ({
    ...Object.fromEntries(own),
    ...Object.fromEntries(said),
    ...(type === null ? {} : { 'content-type': type }),
  }));

const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('POST') },
  { weight: 4, arbitrary: fc.constantFrom('GET', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY') },
);

/** Requests from nearly right to nonsense, on every address. */
export const fuzzRequests: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(changedCall, headers).map(([call, said]) => ({ method: 'POST', ...call, headers: said })) },
  { weight: 2, arbitrary: fc.tuple(broken, headers).map(([call, said]) => ({ method: 'POST', ...call, headers: said })) },
  {
    weight: 4,
    arbitrary: fc.record({
      method,
      path,
      headers,
      body: fc.oneof(
        fc.constant(undefined),
        junk,
        changedCall.map(({ body }) => body),
      ),
    }),
  },
);
