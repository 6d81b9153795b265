import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newApiKey } from '../../src/gateway/tenants/api-key.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../src/stores/sql/sql-key-store.ts';
import { temporaryFolder } from '../cli/temp-folder.ts';
import { holds } from '../lib/property.ts';
import { type FuzzRequest, fuzzRequests } from './fuzz/fuzz-requests.ts';
import { answersWell, type FuzzWorld, fuzzWorld, leftBehind, Statuses } from './fuzz/fuzz-run.ts';
import { type FuzzAnswer, faultsOf } from './fuzz/fuzz-verdict.ts';
import { answersIn, RawConnection } from './fuzz/raw-exchange.ts';

const CASES = 3_000;
const RAW_CASES = 300;
const STRANGERS_CASES = 600;
/** What tells no secrets. */
const PUBLIC = /^\/(healthz|readyz|openapi\.json)\b/;
/** Far more than a slow machine needs; a connection without an end is what is looked for. */
const LONG_MS = 120_000;

async function world(database?: string): Promise<FuzzWorld> {
  const made = await fuzzWorld(database);
  onTestFinished(() => made.close());
  return made;
}

async function keysIn(database: string): Promise<AsyncDisposable & { readonly store: SqlKeyStore }> {
  const opened = await openDatabase(database);
  return { store: new SqlKeyStore(opened), [Symbol.asyncDispose]: () => opened.close() };
}

describe('requests from nearly right to nonsense', () => {
  it(`are answered in the form of their face, never by a failure of the gateway itself: ${CASES} of them`, {
    timeout: LONG_MS,
  }, async () => {
    const made = await world();
    const statuses = new Statuses();
    await holds(answersWell(made, statuses.count), CASES);
    expect(leftBehind(made)).toBe(0);
    // Else it would be the parser alone that was asked.
    expect(statuses.get(200)).toBeGreaterThan(CASES / 20);
  });

  it(`get nothing without a key where one is needed: ${STRANGERS_CASES} of them`, { timeout: LONG_MS }, async () => {
    const database = `sqlite:${join(temporaryFolder(), 'headgate.db')}`;
    const { record } = newApiKey({ tenant: 'acme', isAdmin: true }, 0);
    await using opened = await keysIn(database);
    await opened.store.add(record);
    const made = await world(database);
    const served: string[] = [];
    const seen = (request: FuzzRequest, { status }: FuzzAnswer): void => {
      if (status < 400 && !PUBLIC.test(request.path)) served.push(`${status} ${request.method} ${request.path}`);
    };
    await holds(answersWell(made, seen), STRANGERS_CASES);
    expect(served).toEqual([]);
  });

  it(`as bytes on a connection too: ${RAW_CASES} of them`, { timeout: LONG_MS }, async () => {
    const made = await world();
    const url = await made.gateway.listen({ port: 0 });
    await holds(
      fc.asyncProperty(fuzzRequests, disturbances, async (request, disturbance) => {
        const connection = new RawConnection(url).send(bytesOf(request, disturbance));
        // What is left open on purpose, as an event stream or a body that never comes, is closed from here.
        const timer = setTimeout(() => connection.socket.destroy(), 300);
        await connection.closed;
        clearTimeout(timer);
        for (const answer of answersIn(connection.text)) expect(faultsOf(request, answer)).toEqual([]);
      }),
      RAW_CASES,
    );
    expect((await made.gateway.app.inject('/healthz')).statusCode).toBe(200);
    await expect.poll(() => leftBehind(made)).toBe(0);
  });
});

interface Disturbance {
  readonly framing: 'length' | 'too-long' | 'too-short' | 'chunked' | 'bad-chunk' | 'both' | 'twice';
  readonly head: string;
}

const disturbances: fc.Arbitrary<Disturbance> = fc.record({
  framing: fc.constantFrom('length', 'length', 'length', 'too-long', 'too-short', 'chunked', 'bad-chunk', 'both', 'twice'),
  head: fc.constantFrom(
    '',
    '',
    '',
    'x-odd: \u0000\r\n',
    'x odd: 1\r\n',
    ': nothing\r\n',
    'host: twice\r\n',
    ' folded\r\n',
    `x-long: ${'x'.repeat(20_000)}\r\n`,
    'expect: 100-continue\r\n',
    'expect: much\r\n',
    'upgrade: websocket\r\nconnection: upgrade\r\n',
  ),
});

function bytesOf({ method, path, headers, body = Buffer.alloc(0) }: FuzzRequest, { framing, head }: Disturbance): Buffer {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`));
  const start = [`${method} ${path} HTTP/1.1`, 'host: gateway', 'connection: close', ...lines].join('\r\n');
  const length = { 'too-long': body.length + 10, 'too-short': Math.floor(body.length / 2) }[framing as string] ?? body.length;
  const chunked = framing === 'chunked' || framing === 'bad-chunk';
  const frame = chunked ? 'transfer-encoding: chunked\r\n' : `content-length: ${length}\r\n`;
  const more = framing === 'both' ? 'transfer-encoding: chunked\r\n' : framing === 'twice' ? `content-length: ${length + 1}\r\n` : '';
  const content = chunked ? [`${framing === 'bad-chunk' ? 'zz' : body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n'] : [body];
  return Buffer.concat([`${start}\r\n${head}${frame}${more}\r\n`, ...content].map((part) => Buffer.from(part as string)));
}
