import {
  type SimulatedHttpAnswer,
  type SimulatedHttpRequest,
  SimulatedProvider,
  type SimulatedProviderOptions,
  simulateHttp,
} from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A provider under a virtual clock that decides at once. */
export function setUp(options: Partial<SimulatedProviderOptions> = {}) {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({ clock, limits: [], countDelayMs: { min: 0, max: 0 }, ...options });
  return { clock, provider };
}

export async function textOf(answer: SimulatedHttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends a JSON body and gives status, headers and text. */
export async function post(
  provider: SimulatedProvider,
  path: string,
  body: object,
  headers: Record<string, string> = {},
  more: Partial<SimulatedHttpRequest> = {},
) {
  const answer = await simulateHttp(provider, { path, headers, body: JSON.stringify(body), ...more });
  const text = await textOf(answer);
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
}

/** The events of a stream, as their names (`''` for none) and data. */
export function eventsOf(text: string): { name: string; data: string }[] {
  return text
    .split('\n\n')
    .filter((event) => event.includes('data:'))
    .map((event) => ({ name: /^event: (.*)$/m.exec(event)?.[1] ?? '', data: /^data: (.*)$/m.exec(event)?.[1] ?? '' }));
}

export const ANTHROPIC = { 'anthropic-version': '2023-06-01', 'x-api-key': 'k1' };
export const message = (more: object = {}) => ({ model: 'claude', max_tokens: 50, messages: [{ role: 'user', content: 'four' }], ...more });
export const chat = (more: object = {}) => ({ model: 'gpt', messages: [{ role: 'user', content: 'four' }], ...more });
