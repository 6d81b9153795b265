import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { gatewayWorld } from './gateway-world.ts';

it('a gateway closes though somebody holds a connection on which nothing was ever asked', async () => {
  const { gateway, url } = await gatewayWorld();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  const ended = once(socket, 'close');
  await gateway.close();
  await ended;

  expect(socket.destroyed).toBe(true);
});
