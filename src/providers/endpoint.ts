import type { Clock } from '../domain/clock.ts';
import type { HttpTransport } from '../domain/http-transport.ts';
import { Alarms } from '../lib/alarms.ts';
import { type AnswerContext, streamBody, wholeBody } from './http/body-reader-for.ts';
import { CallFailures, type CallFault } from './http/call-failures.ts';
import { DecodingWire } from './http/decoding-wire.ts';
import { type CallPlan, ProviderCall } from './http/provider-call.ts';
import { keysInHeaders, Secret } from './http/secret.ts';
import { TransportWire } from './http/transport-wire.ts';
import { UndiciWire } from './http/undici-wire.ts';
import { type UpstreamBody, upstreamBody } from './http/upstream-body.ts';
import { UpstreamTarget } from './http/upstream-target.ts';
import type { Wire, WireRequest } from './http/wire.ts';
import type { CallMoments, Endpoint, EndpointOptions, ProviderPreset, WireAnswer, WireCall, WireReply } from './provider.ts';
import { ProviderFailure } from './provider-failure.ts';
import { readerFor } from './streams/reader-for.ts';
import type { StreamReader } from './streams/stream-reader.ts';
import { reportedUsage, textCharacters, type UsageRules, wireUsage } from './wire-usage.ts';

const DEFAULT_CONNECTIONS = 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_FIRST_TOKEN_TIMEOUT_MS = 120_000;
const DEFAULT_IDLE_TIMEOUT_MS = 60_000;
/** An answer that isn't streamed has its headers when all of it is generated. */
const HEADERS_TIMEOUT_MS = 600_000;
const ASK_TIMEOUT_MS = 30_000;
type SharedPlan = Pick<CallPlan, 'clock' | 'alarms' | 'failures' | 'signal' | 'moments'>;

/** What is seen of a stream's call. */
interface StreamSeen {
  readonly reader: StreamReader;
  readonly inputCharacters: number;
}

const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/**
 * A deployment's connection to its provider: HTTP/1.1 over kept-alive connections, one call at a time on each. Fails with
 * `InvalidConfiguration` where the base URL is none.
 * @param transport sends the requests in place of the connections; for tests with a provider in the same process
 */
export function createEndpoint(options: EndpointOptions, clock: Clock, transport?: HttpTransport): Endpoint {
  const target = new UpstreamTarget(options);
  const wire = transport
    ? new TransportWire(target.origin, transport)
    : new DecodingWire(
        new UndiciWire({
          origin: target.origin,
          connections: options.connections ?? DEFAULT_CONNECTIONS,
          connectTimeoutMs: CONNECT_TIMEOUT_MS,
          headersTimeoutMs: 0,
          bodyTimeoutMs: 0,
        }),
      );
  return new HttpEndpoint(options, clock, target, wire);
}

class HttpEndpoint implements Endpoint {
  readonly preset: ProviderPreset;
  readonly #options: EndpointOptions;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #target: UpstreamTarget;
  readonly #wire: Wire;
  readonly #secret: Secret;
  readonly #failures: CallFailures;
  /** Until the provider has refused the question. */
  #mayAskForUsage = true;

  constructor(options: EndpointOptions, clock: Clock, target: UpstreamTarget, wire: Wire) {
    this.preset = options.preset;
    this.#options = options;
    this.#clock = clock;
    this.#alarms = new Alarms(clock);
    this.#target = target;
    this.#wire = wire;
    this.#secret = new Secret(options.apiKey, ...keysInHeaders(options.headers));
    this.#failures = new CallFailures(options.deploymentId, this.#secret);
  }

  async send(call: WireCall, moments: CallMoments = {}): Promise<WireAnswer> {
    const path = this.#target.pathFor(call.format);
    const body = upstreamBody(call, this.#options.model, this.#mayAskForUsage);
    const headers = this.#target.headersFor(body.isStream ? 'text/event-stream' : 'application/json', call.headers);
    const request = { method: 'POST', path, headers: { ...headers, 'content-type': 'application/json' }, body: body.text } as const;
    try {
      return await this.#call(call, body, moments).start(this.#wire, request);
    } catch (error) {
      throw this.#learnedFrom(error, body);
    }
  }

  get(path: string, signal?: AbortSignal): Promise<WireReply> {
    const headers = this.#target.headersFor('application/json', undefined);
    return this.#ask({ method: 'GET', path: this.#target.below(path), headers, body: undefined }, signal);
  }

  post(path: string, body: string, own?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<WireReply> {
    const headers = { ...this.#target.headersFor('application/json', own), 'content-type': 'application/json' };
    return this.#ask({ method: 'POST', path: this.#target.below(path), headers, body }, signal);
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  /** Something beside the model calls, whose answer comes whole. */
  async #ask(request: WireRequest, signal: AbortSignal | undefined): Promise<WireReply> {
    const fault = late('headers_timeout', ASK_TIMEOUT_MS, 'no answer');
    const call = new ProviderCall({
      clock: this.#clock,
      alarms: this.#alarms,
      failures: this.#failures,
      signal,
      moments: {},
      firstWaitMs: ASK_TIMEOUT_MS,
      firstWaitFault: fault,
      bodyReader: wholeBody(this.#context(() => undefined, fault)),
    });
    const answer = await call.start(this.#wire, request);
    if (answer.kind === 'whole') return answer;
    throw new Error('A whole body was asked for.');
  }

  #call(call: WireCall, body: UpstreamBody, moments: CallMoments): ProviderCall {
    const plan = { clock: this.#clock, alarms: this.#alarms, failures: this.#failures, signal: call.signal, moments };
    const rules = { format: call.format, countsCacheReads: this.preset.countsCacheReads };
    if (body.isStream && call.format !== 'openai-embeddings') {
      const seen = { reader: readerFor(call.format), inputCharacters: textCharacters(call.body) };
      return this.#streamCall(plan, rules, seen, body.hasAskedForUsage && call.keepsUsage !== true);
    }
    const wholeUsage = wholeUsageOf(rules, () => textCharacters(call.body));
    const fault = late('headers_timeout', HEADERS_TIMEOUT_MS, 'no answer');
    return new ProviderCall({
      ...plan,
      firstWaitMs: HEADERS_TIMEOUT_MS,
      firstWaitFault: fault,
      bodyReader: wholeBody(this.#context(wholeUsage, fault)),
    });
  }

  /** Is told of the prompt's length and not of the prompt, which would be kept for as long as the answer takes. */
  #streamCall(plan: SharedPlan, rules: UsageRules, { reader, inputCharacters }: StreamSeen, withoutUsageChunk: boolean): ProviderCall {
    const firstWaitMs = this.#options.firstTokenTimeoutMs ?? DEFAULT_FIRST_TOKEN_TIMEOUT_MS;
    const fault = late('first_token_timeout', firstWaitMs, 'no content');
    const seen = { inputCharacters: () => inputCharacters, outputCharacters: () => reader.characters };
    const stream = {
      reader,
      usage: () => wireUsage(reader.usage, seen, rules),
      idleTimeoutMs: this.#options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      withoutUsageChunk,
      maxEventBytes: MAX_EVENT_BYTES,
    };
    const wholeUsage = wholeUsageOf(rules, seen.inputCharacters);
    return new ProviderCall({
      ...plan,
      firstWaitMs,
      firstWaitFault: fault,
      bodyReader: streamBody(this.#context(wholeUsage, fault), stream),
    });
  }

  #context(wholeUsage: AnswerContext['wholeUsage'], firstWaitFault: CallFault): AnswerContext {
    return { failures: this.#failures, secret: this.#secret, wallMs: () => this.#clock.wallMs(), wholeUsage, firstWaitFault };
  }

  /** A server that refuses fields it doesn't know is not asked for usage again; the call itself was right. */
  #learnedFrom(error: unknown, body: UpstreamBody): unknown {
    if (!body.hasAskedForUsage || !(error instanceof ProviderFailure) || error.scope !== 'request') return error;
    const { reply } = error;
    if ((reply?.status !== 400 && reply?.status !== 422) || !/stream_options|include_usage/.test(reply.text)) return error;
    this.#mayAskForUsage = false;
    return new ProviderFailure({
      message: `Deployment '${this.#options.deploymentId}' knows no stream_options; from now on its streams are not asked for usage.`,
      code: 'stream_options_refused',
      retryable: true,
      deploymentId: this.#options.deploymentId,
      cause: error,
    });
  }
}

function late(code: string, ms: number, what: string): CallFault {
  return { code, message: `sent ${what} within ${ms / 1000} s` };
}

/** What an answer that came whole has used. */
function wholeUsageOf(rules: UsageRules, inputCharacters: () => number): AnswerContext['wholeUsage'] {
  const outputCharacters = (json: unknown) => (rules.format === 'openai-embeddings' ? 0 : textCharacters(json));
  return (json) => wireUsage(usageIn(json, rules), { inputCharacters, outputCharacters: () => outputCharacters(json) }, rules);
}

function usageIn(json: unknown, { format }: UsageRules): ReturnType<typeof reportedUsage> {
  return typeof json === 'object' && json !== null && 'usage' in json ? reportedUsage(json.usage, format) : undefined;
}
