import { version } from '../../domain/version.ts';
import { joinUrl, normaliseBaseUrl } from '../base-url.ts';
import { requireFormat } from '../presets/openai-paths.ts';
import type { EndpointOptions, WireFormatName } from '../provider.ts';

type HeaderValues = Readonly<Record<string, string>>;

/** A caller's own: keys are the deployment's, and the rest belongs to the caller's connection, not to ours. */
const NEVER_FORWARDED = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'host',
  'content-length',
  'content-type',
  'accept',
  'accept-encoding',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-authorization',
]);

/** Where a deployment's calls go, and what is sent with each of them. */
export class UpstreamTarget {
  readonly origin: string;
  readonly #options: EndpointOptions;
  readonly #base: string;
  readonly #headers: HeaderValues;
  readonly #paths = new Map<WireFormatName, string>();

  /** Fails with `InvalidConfiguration` where the base is no http address. */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#base = normaliseBaseUrl(options.preset, options.baseUrl);
    this.origin = new URL(this.#base).origin;
    this.#headers = {
      'user-agent': `headgate/${version}`,
      ...lowerCase(options.preset.headers),
      ...auth(options),
      ...lowerCase(options.headers),
    };
  }

  /** Path and query of a call. Fails with `InvalidConfiguration` where the provider doesn't speak the format. */
  pathFor(format: WireFormatName): string {
    const known = this.#paths.get(format);
    if (known !== undefined) return known;
    const { preset, model, apiVersion } = this.#options;
    requireFormat(preset, format);
    const path = this.below(preset.path(format, { model, apiVersion }));
    this.#paths.set(format, path);
    return path;
  }

  /** A path below the base; the base's own query goes with it. */
  below(path: string): string {
    const { pathname, search } = new URL(joinUrl(this.#base, path));
    return pathname + search;
  }

  /** @param own the caller's headers that belong to the protocol */
  headersFor(accept: string, own: HeaderValues | undefined): HeaderValues {
    const headers: Record<string, string> = { accept };
    for (const name in own) {
      const lower = name.toLowerCase();
      if (own[name] !== undefined && !NEVER_FORWARDED.has(lower)) headers[lower] = own[name];
    }
    return { ...this.#headers, ...headers };
  }
}

function auth({ apiKey, preset }: EndpointOptions): HeaderValues {
  if (apiKey === undefined || apiKey === '') return {};
  return preset.auth === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [preset.auth]: apiKey };
}

function lowerCase(headers: HeaderValues | undefined): HeaderValues {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}
