import type { Clock } from '../../domain/clock.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { createEndpoint } from '../../providers/endpoint.ts';
import { presetForUrl } from '../../providers/preset-registry.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import { type CallerAuth, keyedBy } from '../dispatch/caller-key.ts';
import type { Upstream } from '../dispatch/upstream.ts';
import type { CallTarget } from './recognise-call.ts';

/** So many callers' endpoints are kept; whoever was not asked for longest goes. */
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

/**
 * The endpoints that callers bring themselves: one for each address, key and model, since providers count by key and
 * model. They are called at exactly the address of the call.
 */
export class CallerUpstreams {
  readonly #options: CallerUpstreamsOptions;
  readonly #known = new Map<string, CallerUpstream>();
  /** Numbers tell keys apart in names, so that no part of a key is in them. */
  readonly #accounts = new Map<string, number>();

  constructor(options: CallerUpstreamsOptions) {
    this.#options = options;
  }

  /** The endpoint that a call is for; made at the first one. */
  upstreamFor(target: CallTarget, auth: Auth, model: string): CallerUpstream {
    const account = JSON.stringify([target.baseUrl, target.query, auth]);
    const key = `${model}\n${account}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    const upstream = this.#open(target, auth, model, account);
    this.#known.set(key, upstream);
    this.#forgetOldest();
    return upstream;
  }

  async close(): Promise<void> {
    const all = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(all.map((upstream) => upstream.close()));
  }

  #open(target: CallTarget, auth: Auth, model: string, account: string): CallerUpstream {
    const preset = presetAt(target);
    const { baseUrl } = target;
    const number = this.#accounts.get(account) ?? this.#accounts.size + 1;
    this.#accounts.set(account, number);
    const deploymentId = `${preset.name}-${number}/${model}`;
    const { clock, transport } = this.#options;
    const endpoint = createEndpoint({ ...keyedBy(preset, auth), deploymentId, baseUrl, model }, clock, transport);
    return {
      id: deploymentId,
      provider: preset.name,
      model,
      baseUrl,
      endpoint,
      endpointFor: () => endpoint,
      close: () => endpoint.close(),
      host: new URL(baseUrl).host,
    };
  }

  #forgetOldest(): void {
    if (this.#known.size <= MOST) return;
    const [oldest] = this.#known;
    if (oldest === undefined) return;
    const [key, upstream] = oldest;
    this.#known.delete(key);
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
