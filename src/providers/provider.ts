import type { CostRule } from '../domain/cost-rule.ts';
import type { LimitObservation } from '../domain/limit-observation.ts';
import type { WireFormatName } from '../domain/wire-format.ts';

export type { CostRule, WireFormatName };

/** What is known of a provider, as data; one file each under presets/. */
export interface ProviderPreset {
  readonly name: string;
  /** Other names it is found by. */
  readonly aliases?: readonly string[] | undefined;
  /** Where it is unless a deployment says otherwise; what the provider's own SDK takes. */
  readonly baseUrl?: string | undefined;
  /** What a base URL of it ends in, as `/v1`; added where it is missing. Default: nothing is added. */
  readonly basePath?: string | undefined;
  /** Ends of base URLs that people give it and that `path` has already; cut off. */
  readonly notInBase?: RegExp | undefined;
  /** Hosts by which a URL is recognised as its: `api.openai.com`, `*.openai.azure.com`, `localhost:11434`. */
  readonly hosts?: readonly string[] | undefined;
  /** Environment variable that its SDK reads the key from. */
  readonly keyVariable?: string | undefined;
  readonly formats: readonly WireFormatName[];
  readonly auth: 'bearer' | 'x-api-key' | 'api-key';
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Path below the base for a format. */
  readonly path: (format: WireFormatName, upstream: { readonly model: string; readonly apiVersion?: string | undefined }) => string;
  /** Path below the base that lists the models the key may use, for checks; absent: it has none. */
  readonly modelsPath?: string | undefined;
  readonly cost: CostRule;
  /** Whether tokens read from its cache count against its limits; default: yes in OpenAI's formats, no in Anthropic's. */
  readonly countsCacheReads?: boolean | undefined;
  /** How late it may count a call, as a limiter's `countedWithinMs`; absent: the limiters' own default. */
  readonly countedWithinMs?: number | undefined;
  /**
   * False: a server of one's own, which takes whatever it is sent. No rate is sought there then unless a configuration says `learnLimits: true`;
   * what headers and refusals name is kept. Default true.
   */
  readonly limitsRates?: boolean | undefined;
  /** Reads its limits from an answer's headers; never throws. `wallMs` (since 1970) is for absolute times in an answer without `date`. */
  readonly readLimits: (headers: ReplyHeaders, wallMs?: number) => readonly LimitObservation[];
}

/** Names in lower case. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One call in a provider's own wire format. */
export interface WireCall {
  readonly format: WireFormatName;
  /** The body as a JSON object; `model` is replaced by the deployment's upstream name. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The caller's own headers that belong to the protocol (`anthropic-beta`, `openai-beta`, …); never its key. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Hands on a stream's chunk of usage though the body didn't ask for one: for whoever makes another format's events of it. */
  readonly keepsUsage?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Moments of a call that the limits need to know. Throwing in one of them ends the call with that error. */
export interface CallMoments {
  /** The request goes to the wire now; nothing was sent before. */
  onWritten?(): void;
  /** The response's headers are there. */
  onHeaders?(head: { readonly status: number; readonly headers: ReplyHeaders }): void;
}

/** Tokens a call used, whatever the format. */
export interface WireUsage {
  /** What counts against input limits: cache reads excluded where the provider doesn't count them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of all of the input: read from a cache. */
  readonly cachedInputTokens?: number | undefined;
  /** All of the input, where cache reads are not among {@link inputTokens}; they are paid for all the same. */
  readonly allInputTokens?: number | undefined;
  /** True where the provider said nothing and it was estimated from what was seen. */
  readonly estimated?: boolean | undefined;
}

/** An answer that came whole. */
export interface WireReply {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** The body as it came. */
  readonly text: string;
  readonly json: unknown;
  readonly usage: WireUsage | undefined;
}

/** One server-sent event. */
export interface ServerSentEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

/** Some of a stream, as it came over the wire. */
export interface StreamPart {
  /** Bytes to hand on; without a usage chunk that only we had asked for. */
  readonly raw: Uint8Array;
  /** The complete events that end in these bytes. */
  readonly events: readonly ServerSentEvent[];
}

/** A stream from its first content event on; until then any failure is thrown, so that another deployment can be tried. */
export interface WireStream {
  readonly kind: 'stream';
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Read by one consumer, at its own pace; leaving the loop aborts the call. Throws a `ProviderFailure` where the stream breaks. */
  readonly parts: AsyncIterable<StreamPart>;
  /** How it ended; never rejects. Resolves once `parts` was read to its end, left or broken. */
  readonly ended: Promise<StreamEnding>;
}

export interface StreamEnding {
  /** The terminal event was seen. */
  readonly complete: boolean;
  readonly usage: WireUsage;
  /** Why it broke, where it did; not set when the consumer left. */
  readonly error?: Error | undefined;
}

export type WireAnswer = WireReply | WireStream;

/** One deployment's connection to its provider. */
export interface Endpoint {
  readonly preset: ProviderPreset;
  /**
   * Sends one call. Throws `RateLimitRefused` for a refusal that passes, `ProviderFailure` for everything else that is no
   * success, errors inside a 200 and inside a stream before its first content included.
   */
  send(call: WireCall, moments?: CallMoments): Promise<WireAnswer>;
  /** `GET` below the base, as `/models`; for health checks and limits. */
  get(path: string, signal?: AbortSignal): Promise<WireReply>;
  /** `POST` below the base of something that is no model call, as a token count; rejects as {@link send} does. */
  post(path: string, body: string, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<WireReply>;
  close(): Promise<void>;
}

/** What an endpoint is made from. */
export interface EndpointOptions {
  readonly deploymentId: string;
  readonly preset: ProviderPreset;
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly apiVersion?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Longest wait for the first content event of a stream; default 120,000. */
  readonly firstTokenTimeoutMs?: number | undefined;
  /** Longest silence inside a stream while it is read; default 60,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Most connections, and so most calls, at once; default 1,024. */
  readonly connections?: number | undefined;
}
