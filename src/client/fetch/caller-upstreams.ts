import type { Clock } from '../../domain/clock.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { createEndpoint } from '../../providers/endpoint.ts';
import { presetForUrl } from '../../providers/preset-registry.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import { type CallerAuth, keyedBy } from '../dispatch/caller-key.ts';
import type { Upstream } from '../dispatch/upstream.ts';
import type { CallTarget } from './recognise-call.ts';

/** So many callers' endpoints are kept; of those that nobody uses now, the one that was not used for longest goes. */
const MOST = 256;

type Auth = CallerAuth | undefined;

/** A caller's own endpoint, found out from a call. */
export interface CallerUpstream extends Upstream {
  /** Its host, for names that people read. */
  readonly host: string;
}

export interface CallerUpstreamsOptions {
  readonly clock: Clock;
  readonly transport?: HttpTransport | undefined;
  /** An endpoint goes: whatever is kept for it may go too. Its connections close once this has resolved. */
  readonly onForgotten?: ((upstream: CallerUpstream) => Promise<void>) | undefined;
}

interface Kept {
  readonly upstream: CallerUpstream;
  readonly account: string;
  /** Calls that use it now: with limits of its own, it must not be followed by another while they run. */
  calls: number;
}

/** What one key at one address is called in names, so that no part of the key is in them. */
interface Account {
  readonly number: number;
  /** Endpoints that are kept of it. */
  kept: number;
}

/** An endpoint for one call. */
export interface Taken {
  readonly upstream: CallerUpstream;
  /** The call is over. */
  done(): void;
}

/**
 * The endpoints that callers bring themselves: one for each address, key and model, since providers count by key and
 * model. They are called at exactly the address of the call.
 */
export class CallerUpstreams {
  readonly #options: CallerUpstreamsOptions;
  readonly #known = new Map<string, Kept>();
  /** Those that nobody uses, the longest unused first. */
  readonly #idle = new Map<string, Kept>();
  readonly #accounts = new Map<string, Account>();
  #lastNumber = 0;

  constructor(options: CallerUpstreamsOptions) {
    this.#options = options;
  }

  /** The endpoint that a call is for; made at the first one. */
  take(target: CallTarget, auth: Auth, model: string): Taken {
    const account = JSON.stringify([target.baseUrl, target.query, auth]);
    const key = `${model}\n${account}`;
    const kept = this.#known.get(key) ?? this.#open(target, auth, model, account);
    this.#known.set(key, kept);
    this.#idle.delete(key);
    kept.calls += 1;
    this.#forgetUnused();
    let isOver = false;
    const done = (): void => {
      if (isOver) return;
      isOver = true;
      kept.calls -= 1;
      // Another may be known by its key since all were closed.
      if (kept.calls > 0 || this.#known.get(key) !== kept) return;
      this.#idle.set(key, kept);
      this.#forgetUnused();
    };
    return { upstream: kept.upstream, done };
  }

  async close(): Promise<void> {
    const all = [...this.#known.values()];
    this.#known.clear();
    this.#idle.clear();
    this.#accounts.clear();
    await Promise.all(all.map(({ upstream }) => upstream.close()));
  }

  #open(target: CallTarget, auth: Auth, model: string, account: string): Kept {
    const preset = presetAt(target);
    const { baseUrl } = target;
    const known = this.#accounts.get(account) ?? { number: ++this.#lastNumber, kept: 0 };
    this.#accounts.set(account, known);
    known.kept += 1;
    const deploymentId = `${preset.name}-${known.number}/${model}`;
    const { clock, transport } = this.#options;
    const endpoint = createEndpoint({ ...keyedBy(preset, auth), deploymentId, baseUrl, model }, clock, transport);
    const upstream = {
      id: deploymentId,
      provider: preset.name,
      model,
      baseUrl,
      endpoint,
      hasKey: false,
      endpointFor: () => endpoint,
      close: () => endpoint.close(),
      host: new URL(baseUrl).host,
    };
    return { upstream, account, calls: 0 };
  }

  #forgetUnused(): void {
    for (const [key, kept] of this.#idle) {
      if (this.#known.size <= MOST) return;
      this.#idle.delete(key);
      this.#known.delete(key);
      this.#forget(kept);
    }
  }

  #forget({ upstream, account }: Kept): void {
    const known = this.#accounts.get(account);
    if (known !== undefined) known.kept -= 1;
    if (known?.kept === 0) this.#accounts.delete(account);
    const forgotten = this.#options.onForgotten?.(upstream) ?? Promise.resolve();
    void forgotten.catch(() => {}).then(() => upstream.close().catch(() => {}));
  }
}

/** What is known of the provider at an address, with the address's own paths. */
function presetAt({ url, format, path, query }: CallTarget): ProviderPreset {
  const preset = presetForUrl(url);
  const formats = preset.formats.includes(format) ? preset.formats : [...preset.formats, format];
  const pathOf = (other: WireFormatName): string => (other === format ? path : PATHS[other]) + query;
  return { ...preset, formats, path: pathOf, basePath: undefined, notInBase: undefined };
}

const PATHS: Readonly<Record<WireFormatName, string>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
  'openai-embeddings': '/embeddings',
  'anthropic-messages': '/v1/messages',
};
