import { LLMQueueException } from '../domain/errors.ts';
import type { FaultKind } from './faults.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';
import type { Dialect } from './simulator-options.ts';

/** One call of the simulated provider, told in tokens instead of text. */
export interface SimulatedCall {
  readonly model: string;
  /** Real tokens of the input. */
  readonly inputTokens: number;
  /** What the provider guesses of the input at admission; default `inputTokens`. */
  readonly estimatedInputTokens?: number;
  /** `max_tokens`. */
  readonly maxOutputTokens?: number;
  /** Length of the response; default random from 1 to `maxOutputTokens`, or to the provider's default. */
  readonly outputTokens?: number;
  /** Whether the response streams: matters for the latency model. Default `false`. */
  readonly stream?: boolean;
  /** A fault that this call meets for certain; `none` for certainly none. Absent: drawn. */
  readonly fault?: FaultKind | 'none';
  /** Whose key the call comes with, where the provider has several; default the first one's. */
  readonly apiKey?: string | undefined;
  /** Whose headers and errors the answer has; default the provider's own. */
  readonly dialect?: Dialect | undefined;
  /** Time to headers of this call, ms after its arrival; in place of what the latency model draws, body at once. */
  readonly headersMs?: number;
}

/** Status line and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  /** Lower-case names; of a 200 the rate-limit headers as they stood when the call was counted. */
  readonly headers: Readonly<Record<string, string>>;
  /** Error body, where `status` is not 200. */
  readonly error?: ErrorBody;
  /** An HTML page in place of what was asked for, whatever `status` says. */
  readonly html?: string;
}

/** An error as OpenAI-like providers write it, or in Anthropic's envelope. */
export interface ErrorBody {
  /** Anthropic only. */
  readonly type?: 'error';
  readonly error: {
    readonly message: string;
    readonly type?: string;
    readonly param?: string | null;
    /** An integer with OpenRouter; absent with Anthropic. */
    readonly code?: string | number | null;
    /** Anthropic only. */
    readonly details?: Readonly<Record<string, string>>;
    /** Azure's content filter only. */
    readonly innererror?: object;
  };
  /** Anthropic only. */
  readonly request_id?: string;
}

/** What an error is called: its code, in Anthropic's envelope the detailed code or else its type. */
export function codeOf({ error }: ErrorBody): string | null {
  const code = error.code ?? error.details?.['error_code'];
  if (code !== undefined && code !== null) return String(code);
  return error.code === undefined ? (error.type ?? null) : null;
}

/** How a call ended, as far as it had an HTTP answer. Resets, truncation and aborts reject with an error instead. */
export type CallOutcome =
  | {
      readonly kind: 'completed';
      readonly inputTokens: number;
      readonly outputTokens: number;
      /** The same in OpenAI's shape. */
      readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
    }
  | {
      readonly kind: 'refused';
      readonly limitType: SimulatedLimitType;
      /** Until the call would fit if nothing else came; absent where it can never fit. */
      readonly retryAfterMs: number | undefined;
      /** It costs more than the whole limit. */
      readonly tooLarge: boolean;
      readonly message: string;
    }
  /** A status that is not 200, or an error inside a 200 (then `status` is what the error stands for). */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string | null;
      readonly message: string;
      /** The fault that was meant to happen, where it was one. */
      readonly fault?: FaultKind;
      /** When to come back, where the answer said so. */
      readonly retryAfterMs?: number;
    };

/** The connection broke: reset before or after the headers, or a body that ended early. Retryable; `code` is `ECONNRESET`. */
export class SimulatedNetworkError extends LLMQueueException {
  /** `true`: the body had begun and ended early. */
  readonly truncated: boolean;

  constructor(message: string, truncated = false) {
    super(message, 'ECONNRESET', true);
    this.truncated = truncated;
  }
}
