import PQueue from 'p-queue';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { estimatedCost } from '../simulation/work.ts';
import { callUntilAccepted, type SimulatedSystem, type SystemOptions, sleep } from './simulated-system.ts';

const KEY = 'model';
const CONCURRENCY = 100;

/** Takes points as the package documents it for callers that want to wait: try, and where refused try again when it says. */
export async function take(limiter: RateLimiterMemory, points: number): Promise<void> {
  for (;;) {
    try {
      await limiter.consume(KEY, points);
      return;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      await sleep(refusal.msBeforeNext);
    }
  }
}

/** A queue with 100 places, and in each place a request and its tokens taken from two limiters before the call. */
export function queueAndLimiters({ tokensPerMinute, requestsPerMinute, windowMs, call }: SystemOptions): SimulatedSystem {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: windowMs / 1000 });
  const tokens = new RateLimiterMemory({ points: tokensPerMinute, duration: windowMs / 1000 });
  return {
    submit: (work) =>
      queue.add(async () => {
        await take(requests, 1);
        await take(tokens, estimatedCost(work));
        await callUntilAccepted(call, work);
      }),
  };
}
