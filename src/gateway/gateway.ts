import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Headgate } from '../client/headgate.ts';
import { EngineStopped, InvalidConfiguration, textOf } from '../domain/errors.ts';
import { isLoopback } from './http/is-loopback.ts';

export interface ListenOptions {
  /** Default `127.0.0.1`: nobody outside this machine reaches it. */
  readonly host?: string | undefined;
  /** Default 8080; 0: any free one. */
  readonly port?: number | undefined;
}

export interface CloseOptions {
  /** Longest time for the calls that are there, in ms; default 30,000. */
  readonly deadlineMs?: number | undefined;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const DEFAULT_DRAIN_MS = 30_000;

/** Tells why nothing new is taken any more. */
export class Intake {
  refusal: Error | undefined;

  close(): void {
    this.refusal ??= new EngineStopped('The gateway is closing and takes no more calls. Try again in a moment, or another instance.');
  }
}

/** @internal what a gateway is put together from */
export interface GatewayAssembly {
  readonly headgate: Headgate;
  readonly app: FastifyInstance;
  readonly intake: Intake;
  /** Whether callers need a key. */
  readonly hasKeys: () => Promise<boolean>;
  /** Begins what it does besides answering. */
  readonly start: () => void;
  /** Ends what runs, by then, and writes what is to be kept. */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

/** One address that speaks OpenAI's and Anthropic's protocols and keeps the limits of everything behind it. Made by `createGateway`. */
export class Gateway {
  readonly headgate: Headgate;
  /** The server; for tests that inject requests, and for routes of one's own before it listens. */
  readonly app: FastifyInstance;
  readonly #assembly: GatewayAssembly;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(assembly: GatewayAssembly) {
    this.headgate = assembly.headgate;
    this.app = assembly.app;
    this.#assembly = assembly;
  }

  /**
   * Starts to answer, and to do what was handed in before. Resolves with the address, as `http://127.0.0.1:8080`.
   * @throws InvalidConfiguration (rejects) for an address that is taken, or one beyond this machine where no key is asked for
   */
  async listen({ host = DEFAULT_HOST, port = DEFAULT_PORT }: ListenOptions = {}): Promise<string> {
    if (!isLoopback(host) && !(await this.#assembly.hasKeys())) {
      throw new InvalidConfiguration(
        `No key was made yet, so the gateway listens on this machine only, and '${host}' is reached from others. Make a key with 'headgate keys create --tenant <name>', or listen on ${DEFAULT_HOST}.`,
        'host',
      );
    }
    try {
      await this.app.listen({ host, port });
    } catch (cause) {
      const why = `The gateway can't listen on ${host}:${port}: ${textOf(cause)}. Choose another port, or 0 for any free one.`;
      throw new InvalidConfiguration(why, 'port', { cause });
    }
    this.#assembly.start();
    const { address, family, port: bound } = this.app.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /**
   * Takes no new calls, waits for those it has, answers or fails every caller, writes what is to be kept, and stops to listen. What
   * was handed in and isn't done is done after the restart. Idempotent.
   */
  close({ deadlineMs = DEFAULT_DRAIN_MS }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#assembly.stop(deadlineMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
