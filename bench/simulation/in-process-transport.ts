import type { CreateHeadgateOptions } from 'headgate/client';
import { type SimulatedProvider, simulateHttp } from 'headgate/simulator';

/** Reaches a simulated provider in the same process, so that everything runs on one virtual clock. */
export function inProcessTransport(provider: SimulatedProvider): NonNullable<CreateHeadgateOptions['transport']> {
  return ({ method, path, headers, body = '', signal, onWritten }) => {
    onWritten();
    return simulateHttp(provider, { method, path, headers, body, signal });
  };
}
