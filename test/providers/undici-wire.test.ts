import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deferred } from '../../src/lib/deferred.ts';
import { UndiciWire } from '../../src/providers/http/undici-wire.ts';
import type { WireSink } from '../../src/providers/http/wire.ts';

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.end('ok');
});
let origin = '';

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

const wireTo = (): UndiciWire => new UndiciWire({ origin, connections: 4, connectTimeoutMs: 5_000, headersTimeoutMs: 0, bodyTimeoutMs: 0 });

/** Settles with how the exchange ended. */
function listener(): { readonly sink: WireSink; readonly ended: Promise<string> } {
  const { promise, resolve } = new Deferred<string>();
  const sink: WireSink = {
    onWritten: () => {},
    onHead: () => {},
    onData: () => {},
    onEnd: () => resolve('answered'),
    onFailure: (error) => resolve(String(error)),
  };
  return { sink, ended: promise };
}

test('what was given up in the turn in which it began never reaches the server', async () => {
  const wire = wireTo();
  const left = listener();
  const stays = listener();
  wire.start({ method: 'GET', path: '/left', headers: {}, body: undefined }, left.sink).abort(new Error('left'));
  wire.start({ method: 'GET', path: '/stays', headers: {}, body: undefined }, stays.sink);
  expect(await stays.ended).toBe('answered');
  expect(asked).toEqual(['/stays']);
  await wire.close();
});

test('what began in the turn in which the wire is closed is still answered', async () => {
  const wire = wireTo();
  const last = listener();
  wire.start({ method: 'GET', path: '/last', headers: {}, body: undefined }, last.sink);
  await wire.close();
  expect(await last.ended).toBe('answered');
  expect(asked.at(-1)).toBe('/last');
});

test('what begins on a wire that is closed is told', async () => {
  const wire = wireTo();
  await wire.close();
  const late = listener();
  wire.start({ method: 'GET', path: '/late', headers: {}, body: undefined }, late.sink);
  expect(await late.ended).toMatch(/closed|destroyed/i);
});
