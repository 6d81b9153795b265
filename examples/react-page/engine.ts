import { QueueManager, type QueueRequest, type RequestHandle } from 'headgate';

export const MODEL = 'demo-model';

/** The engine runs in the page itself; a real processor would `fetch` your own server, which holds the key. */
export const manager = new QueueManager<{ prompt: string }, string>();

manager.registerQueue(
  {
    modelId: MODEL,
    rateLimiters: [
      { type: 'rpm', limit: 6, timePeriod: 2 },
      { type: 'tpm', limit: 900, timePeriod: 2 },
      { type: 'concurrent', limit: 3 },
    ],
  },
  async ({ params }: QueueRequest<{ prompt: string }>, context) => {
    await wait(200, context.signal);
    context.responseStarted();
    await wait(300 + Math.random() * 900, context.signal);
    if (params.prompt.endsWith('13')) throw new Error('The provider did not like this one.');
    return `Answer to ${params.prompt}`;
  },
);

let count = 0;

export function submitSome(howMany: number): RequestHandle<string>[] {
  return Array.from({ length: howMany }, () => {
    const id = `request ${++count}`;
    return manager.submit({ modelId: MODEL, id, params: { prompt: id }, estimatedInputTokens: 80, estimatedOutputTokens: 40 });
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
