import { type Dispatcher, Pool } from 'undici';
import { TurnBatch } from '../../lib/turn-batch.ts';
import type { Wire, WireControl, WireRequest, WireSink } from './wire.ts';

/** What a pool of connections is told. */
export interface UndiciWireOptions {
  readonly origin: string;
  /** Most connections, and so most calls, at once. */
  readonly connections: number;
  /** Longest wait for a connection. */
  readonly connectTimeoutMs: number;
  /** undici's own guards for whoever sets none of their own; 0: none. */
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

const KEEP_ALIVE_MS = 20_000;

/** Kept-alive HTTP/1.1 connections to one origin, one call at a time on each. */
export class UndiciWire implements Wire {
  readonly #pool: Pool;
  readonly #starting = new TurnBatch<UndiciExchange>((exchange) => this.#dispatch(exchange));

  constructor(options: UndiciWireOptions) {
    this.#pool = new Pool(options.origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs,
    });
  }

  start(request: WireRequest, sink: WireSink): WireControl {
    const exchange = new UndiciExchange(request, sink);
    this.#starting.add(exchange);
    return exchange;
  }

  close(): Promise<void> {
    this.#starting.flush();
    return this.#pool.close();
  }

  /** Breaks every connection; calls in flight fail. */
  destroy(): Promise<void> {
    this.#starting.flush();
    return this.#pool.destroy();
  }

  #dispatch(exchange: UndiciExchange): void {
    const options = exchange.begin();
    if (options === undefined) return;
    try {
      this.#pool.dispatch(options, exchange);
    } catch (error) {
      exchange.onResponseError(undefined, error);
    }
  }
}

type Controller = Dispatcher.DispatchController;

/** undici's callbacks, as a sink takes them. */
class UndiciExchange implements Dispatcher.DispatchHandler, WireControl {
  #request: WireRequest | undefined;
  #sink: WireSink | undefined;
  #controller: Controller | undefined;
  #abortedBy: Error | undefined;

  constructor(request: WireRequest, sink: WireSink) {
    this.#request = request;
    this.#sink = sink;
  }

  /** What is to be sent, which is forgotten here: a prompt isn't kept for as long as its stream lasts. Undefined once it was given up. */
  begin(): Dispatcher.DispatchOptions | undefined {
    const request = this.#request;
    this.#request = undefined;
    return request && { ...request, body: request.body ?? null };
  }

  abort(reason: Error): void {
    this.#abortedBy ??= reason;
    this.#request = undefined;
    this.#sink = undefined;
    this.#controller?.abort(reason);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#sink) this.#controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // Given up while it waited for a connection.
    if (this.#abortedBy) return controller.abort(this.#abortedBy);
    this.#guarded((sink) => sink.onWritten());
  }

  onResponseStart(controller: Controller, status: number, headers: Record<string, string | string[] | undefined>): void {
    // Two kilobytes of buffers that nobody reads, for as long as a stream lasts.
    controller.rawHeaders = null;
    if (status >= 200) this.#guarded((sink) => sink.onHead(status, headers));
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    try {
      this.#sink?.onData(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    this.#guarded((sink) => sink.onEnd());
    this.#sink = undefined;
  }

  onResponseError(_controller: Controller | undefined, error: unknown): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onFailure(error);
  }

  #guarded(action: (sink: WireSink) => void): void {
    try {
      if (this.#sink) action(this.#sink);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const sink = this.#sink;
    this.abort(error instanceof Error ? error : new Error(String(error)));
    sink?.onFailure(error);
  }
}
