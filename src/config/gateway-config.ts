import { z } from 'zod';
import { field, secondsOrNone } from './headgate-config-fields.ts';

const MEBIBYTE = 1024 * 1024;
const MOST_BODY_BYTES = 512 * MEBIBYTE;

/** What the gateway's own process is told. */
export const gatewaySchema = z.strictObject({
  bodyLimitBytes: field(
    z
      .int('expected a number of bytes')
      .min(1024, 'expected at least 1,024 bytes')
      .max(MOST_BODY_BYTES, `expected at most ${MOST_BODY_BYTES} bytes`)
      .default(32 * MEBIBYTE),
    'Largest body of a request; files for batches have a limit of their own.',
    { unit: 'bytes' },
  ),
  readTimeoutSeconds: field(
    secondsOrNone('a time limit').default(60),
    'Longest time that a request may take to arrive, head and body; 0: any.',
    {
      unit: 's',
    },
  ),
  writeTimeoutSeconds: field(
    secondsOrNone('a time limit').default(300),
    'Longest time that the reader of a stream may take nothing of what waits for it; then its call is ended. 0: any.',
    { unit: 's' },
  ),
  database: field(
    z.string('expected a connection string').min(1, 'expected a connection string').default('sqlite:headgate.db'),
    'Where keys, budgets and accepted work are kept: `sqlite:path`, or `postgresql://…`; a reference to a variable keeps its password out of the file.',
  ),
  cors: field(
    z.array(z.string('expected an origin as https://app.example.com'), 'expected a list of origins').readonly().default([]),
    'Origins whose pages may call the gateway from a browser, as `https://app.example.com`.',
  ),
});

export type GatewaySettings = z.output<typeof gatewaySchema>;
