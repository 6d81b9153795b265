import type { SimulatedScript } from '../request-script.ts';
import type { CallOutcome, ErrorBody, SimulatedCall } from '../simulated-call.ts';
import type { Dialect } from '../simulator-options.ts';
import type { JsonObject } from './json-object.ts';

/** An outcome with an error in it. */
export type ErrorOutcome = Extract<CallOutcome, { kind: 'error' }>;

/** How one endpoint writes one response. Token counts are those of the call; texts are filler. */
export interface ApiAnswer {
  /** The JSON body of a response that doesn't stream; made once its head is due. */
  whole(outputTokens: number): string;
  /** Server-sent events before the first token. */
  begin(): string;
  /** Events of tokens `from` to `to`. */
  portion(from: number, to: number): string;
  /** Events after the last token, the terminal one included. */
  end(outputTokens: number): string;
  /** Events of an error in a stream. `begun`: {@link begin} has been sent. */
  streamError(outcome: ErrorOutcome, begun: boolean): string;
  /** Body of an error inside a 200. */
  bodyError(outcome: ErrorOutcome): string;
}

/** A request that an endpoint understood. */
export interface ApiRequest {
  readonly call: SimulatedCall;
  readonly answer: ApiAnswer;
}

/** A request that an endpoint refuses before it costs anything. */
export interface ApiProblem {
  readonly status: number;
  readonly error: ErrorBody;
}

/** An endpoint that computes its answer and costs nothing. */
export interface ApiReply {
  /** JSON text. */
  readonly reply: string;
}

/** Reads a request's body. `preset`: the script of the server's side, in place of the request's own. */
export type Endpoint = (body: JsonObject, context: ApiContext, preset?: SimulatedScript) => ApiRequest | ApiProblem | ApiReply;

/** What a request's body is read with. */
export interface ApiContext {
  /** Unique in this server; ids are made from it. */
  readonly id: string;
  /** How the path speaks. */
  readonly dialect: Dialect;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Longest drawn response of a request that sets no `max_tokens`. */
  readonly defaultMaxTokens: number;
  /** No response is longer, whatever `max_tokens` says. */
  readonly maxResponseTokens: number;
  /** Length of a response whose request doesn't say; drawn by the server so that the body's finish reason is known. */
  readonly drawTokens: (max: number) => number;
}
