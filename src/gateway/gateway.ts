import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { assembleHeadgate, type CreateHeadgateOptions } from '../client/create-headgate.ts';
import type { Headgate } from '../client/headgate.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { EngineStopped, InvalidConfiguration } from '../domain/errors.ts';
import { silentLogger } from '../domain/logger.ts';
import { systemClock } from '../lib/system-clock.ts';
import { OPEN_GATE } from './calls/call-gate.ts';
import { CallRunner } from './calls/call-runner.ts';
import { LOCAL_CALLER } from './calls/caller.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { createApp } from './http/app.ts';
import { isLoopback } from './http/is-loopback.ts';
import { addCountTokens } from './routes/count-tokens.ts';
import { addHealth } from './routes/health.ts';
import { addModelCalls } from './routes/model-calls.ts';
import { addModels } from './routes/models.ts';
import { statusRoutes } from './status/status-routes.ts';
import { TenantTally } from './status/tenant-tally.ts';

export interface GatewayOptions extends Omit<CreateHeadgateOptions, 'estimates'> {
  /** Largest request body in bytes; default 32 MiB. */
  readonly bodyLimit?: number | undefined;
  /** Longest time in ms that a request may take to arrive; default 60,000. */
  readonly readTimeoutMs?: number | undefined;
}

export interface ListenOptions {
  /** Default `127.0.0.1`: nobody outside this machine reaches it. */
  readonly host?: string | undefined;
  /** Default 8080; 0: any free one. */
  readonly port?: number | undefined;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const DEFAULT_BODY_LIMIT = 32 * 1024 * 1024;
const DEFAULT_READ_TIMEOUT_MS = 60_000;

/** One address that speaks OpenAI's and Anthropic's protocols and keeps the limits of everything behind it. Made by `createGateway`. */
export class Gateway {
  readonly headgate: Headgate;
  /** The server; for tests that inject requests, and for routes of one's own before it listens. */
  readonly app: FastifyInstance;
  #closing: Promise<void> | undefined;
  #refusal: Error | undefined;

  /** @internal */
  constructor(config: HeadgateConfig, options: GatewayOptions) {
    const { bodyLimit = DEFAULT_BODY_LIMIT, readTimeoutMs = DEFAULT_READ_TIMEOUT_MS, ...engine } = options;
    const { clock = systemClock, logger = silentLogger } = engine;
    this.headgate = assembleHeadgate(config, engine);
    this.app = createApp({ bodyLimit, readTimeoutMs, logger });
    const gate = OPEN_GATE;
    const tally = new TenantTally();
    const calls = new CallRunner({ headgate: this.headgate, gate, observers: [tally], clock, logger, payloads: false });
    const parts: GatewayParts = {
      headgate: this.headgate,
      calls,
      clock,
      logger,
      authenticate: async () => LOCAL_CALLER,
      mayUse: (caller, modelId) => gate.mayUse(caller, modelId),
      closing: () => this.#refusal,
    };
    addHealth(this.app, parts);
    addModels(this.app, parts);
    addModelCalls(this.app, parts);
    addCountTokens(this.app, parts);
    statusRoutes({ tally })(this.app, parts);
  }

  /**
   * Starts to answer. Resolves with the address, as `http://127.0.0.1:8080`.
   * @throws InvalidConfiguration (rejects) for an address that is taken, or one beyond this machine where no key is asked for
   */
  async listen({ host = DEFAULT_HOST, port = DEFAULT_PORT }: ListenOptions = {}): Promise<string> {
    if (!isLoopback(host)) {
      throw new InvalidConfiguration(
        `The gateway asks for no key, so it listens on this machine only, and '${host}' is reached from others. Make a key with 'headgate keys create', or listen on ${DEFAULT_HOST}.`,
        'host',
      );
    }
    try {
      await this.app.listen({ host, port });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new InvalidConfiguration(
        `The gateway can't listen on ${host}:${port}: ${why}. Choose another port, or 0 for any free one.`,
        'port',
        { cause },
      );
    }
    const { address, family, port: bound } = this.app.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /**
   * Takes no new calls, waits for those it has, at most `deadlineMs` (default 30,000), answers or fails every caller, and stops to
   * listen. Idempotent.
   */
  close({ deadlineMs = 30_000 }: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#refusal ??= new EngineStopped('The gateway is closing and takes no more calls. Try again in a moment, or another instance.');
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    await this.headgate.close({ deadlineMs });
    await this.app.close();
  }
}
