import Bottleneck from 'bottleneck';
import { estimatedCost } from '../simulation/work.ts';
import { callUntilAccepted, type SimulatedSystem, type SystemOptions } from './simulated-system.ts';

/** A reservoir of tokens that is filled up every window, chained with one of requests, as the package documents for several limits. */
export function reservoirs({ tokensPerMinute, requestsPerMinute, windowMs, call }: SystemOptions): SimulatedSystem {
  const refilled = (amount: number): Bottleneck =>
    new Bottleneck({ reservoir: amount, reservoirRefreshAmount: amount, reservoirRefreshInterval: windowMs });
  const tokens = refilled(tokensPerMinute);
  const requests = refilled(requestsPerMinute);
  return {
    submit: (work) => tokens.schedule({ weight: estimatedCost(work) }, () => requests.schedule(() => callUntilAccepted(call, work))),
  };
}
