import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { LLMQueueException } from '../../src/domain/errors.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { createEndpoint } from '../../src/providers/endpoint.ts';
import { findPreset } from '../../src/providers/preset-registry.ts';
import type { Endpoint, WireFormatName } from '../../src/providers/provider.ts';
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/faults.ts';
import { type RunningSimulator, SimulatedProvider, simulateHttp, startSimulator } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { drained } from './endpoint-server.ts';

const FACES = [
  ['openai', 'openai-chat'],
  ['openai', 'openai-responses'],
  ['anthropic', 'anthropic-messages'],
] as const;

interface Outcome {
  /** Where the failure was met; `none`: there was none. */
  readonly where: 'send' | 'parts' | 'none';
  readonly code: string | undefined;
  readonly retryable: boolean | undefined;
}

/** Good answers, whatever their headers say; everything else is thrown. */
const HARMLESS = new Set<FaultKind>(['nonsenseHeaders']);

const BROKEN = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'network_error']);

function call(format: WireFormatName, stream: boolean): Parameters<Endpoint['send']>[0] {
  const messages = [{ role: 'user', content: 'Tell me something.' }];
  const body = { model: 'm', stream, ...(format === 'openai-responses' ? { input: messages } : { messages, max_tokens: 20 }) };
  return { format, body, signal: new AbortController().signal };
}

async function outcome(endpoint: Endpoint, format: WireFormatName, stream: boolean): Promise<Outcome> {
  const outcomeOf = (where: 'send' | 'parts', error: unknown): Outcome => {
    expect(LLMQueueException.isInstance(error), String(error)).toBe(true);
    expect(String(error)).toContain("'one'");
    const { code, retryable } = error as LLMQueueException;
    return { where, code, retryable };
  };
  try {
    const answer = await endpoint.send(call(format, stream));
    if (answer.kind === 'whole') return { where: 'none', code: undefined, retryable: undefined };
    const { error } = await drained(answer.parts);
    expect((await answer.ended).complete).toBe(error === undefined);
    return error === undefined ? { where: 'none', code: undefined, retryable: undefined } : outcomeOf('parts', error);
  } catch (error) {
    return outcomeOf('send', error);
  }
}

function settings(fault: FaultKind, clock: Clock, stallMs: number) {
  return { clock, seed: 5, limits: [], countDelayMs: { min: 0, max: 0 }, faults: { [fault]: 1, stallMs, longLineBytes: 5_000_000 } };
}

/** The simulated provider in the same process, under the virtual clock. */
async function inProcess(fault: FaultKind, preset: string, format: WireFormatName, stream: boolean): Promise<Outcome> {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider(settings(fault, clock, 30_000));
  const options = { deploymentId: 'one', preset: findPreset(preset), baseUrl: 'http://host.example', apiKey: 'sk-0123456789', model: 'm' };
  const endpoint = createEndpoint(options, clock, (request) => {
    request.onWritten();
    return simulateHttp(provider, request);
  });
  let result: Outcome | undefined;
  const running = outcome(endpoint, format, stream).then((value) => {
    result = value;
  });
  await clock.advanceUntil(() => result !== undefined, 3_600_000);
  await running;
  expect(clock.pendingTimers).toBe(0);
  return result ?? { where: 'none', code: 'hung', retryable: undefined };
}

describe.each(FACES)('whatever goes wrong at %s (%s)', (preset, format) => {
  let simulator: RunningSimulator | undefined;
  afterEach(async () => {
    await simulator?.close();
    simulator = undefined;
  });

  async function overSockets(fault: FaultKind, stream: boolean): Promise<Outcome> {
    simulator = await startSimulator(settings(fault, systemClock, 20));
    const options = { deploymentId: 'one', preset: findPreset(preset), baseUrl: simulator.url, apiKey: 'sk-0123456789', model: 'm' };
    return outcome(createEndpoint(options, systemClock), format, stream);
  }

  it.each(FAULT_KINDS.flatMap((kind) => [[kind, false] as const, [kind, true] as const]))(
    '%s, streamed: %s, is an error that says so, the same in process and over sockets',
    async (fault, stream) => {
      const here = await inProcess(fault, preset, format, stream);
      const there = await overSockets(fault, stream);
      if (HARMLESS.has(fault)) expect(here.where).toBe('none');
      else expect(here.where).not.toBe('none');
      // What a broken connection is called differs from one kind of connection to the other.
      const isNetwork = BROKEN.has(here.code ?? '') && BROKEN.has(there.code ?? '');
      expect(isNetwork ? { ...there, code: here.code } : there).toEqual(here);
      if (here.where === 'parts') expect(here.retryable).toBe(false);
    },
  );
});
