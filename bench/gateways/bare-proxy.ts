import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/**
 * The least that a proxy can do: `bare-proxy.ts ORIGIN` hands each request on over kept-alive connections, queues nothing and looks
 * at nothing. Tells its parent its address and ends with it.
 */
const pool = new Pool(process.argv[2] ?? '', { connections: 1024 });

const server = createServer((request, response) => {
  const { method = 'GET', url = '/', headers } = request;
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...handedOn } = headers;
  pool.request({ method, path: url, headers: handedOn, body: method === 'GET' ? null : request }).then(
    ({ statusCode, headers: answered, body }) => {
      const { connection: _connection, 'keep-alive': _keepAlive, ...kept } = answered;
      response.writeHead(statusCode, kept);
      body.pipe(response);
    },
    () => response.writeHead(502).end(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)); // it listens on a port
process.once('disconnect', () => process.exit(0));
