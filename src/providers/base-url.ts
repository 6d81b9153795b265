import { InvalidConfiguration } from '../domain/errors.ts';
import { namesUser } from '../lib/names-user.ts';
import { requireFormat } from './presets/openai-paths.ts';
import type { ProviderPreset, WireFormatName } from './provider.ts';

/** Ends of whole addresses of calls, which people copy from examples. */
const CALL_END = /\/(?:chat\/completions|completions|responses|embeddings|messages)$/;

/** Where one kind of call of a deployment goes. */
export interface CallPlace {
  readonly format: WireFormatName;
  /** Default: the preset's own. */
  readonly baseUrl?: string | undefined;
  /** The provider's name of the model; Azure's name of the deployment. */
  readonly model: string;
  readonly apiVersion?: string | undefined;
}

/**
 * The address of a call: the base as the preset wants it, with the format's path below it. Fails with
 * `InvalidConfiguration` where there is no base, it is no http address, or the provider doesn't speak the format.
 */
export function endpointUrl(preset: ProviderPreset, place: CallPlace): string {
  requireFormat(preset, place.format);
  return joinUrl(normaliseBaseUrl(preset, place.baseUrl), preset.path(place.format, place));
}

/**
 * A base URL as the preset's paths need it: what the provider's own SDK takes, without a slash at its end. A missing or
 * superfluous `/v1` is put right, and the address of a whole call is cut back to its base. A path that is none of the
 * provider's own, as a proxy has, stays as it is.
 */
export function normaliseBaseUrl(preset: ProviderPreset, baseUrl: string | undefined = preset.baseUrl): string {
  const url = parsedBase(preset, baseUrl);
  url.hash = '';
  url.pathname = basePathOf(preset, url);
  return url.search === '' ? url.href.replace(/\/$/, '') : url.href;
}

/** Puts a path, which may have a query, below a base, which may have one too. */
export function joinUrl(base: string, path: string): string {
  const url = new URL(base);
  const [pathname = '', query = ''] = path.split('?', 2);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${pathname.replace(/^\/+/, '')}`;
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Whether a URL is at one of the preset's own hosts. */
export function isAtHostOf(preset: ProviderPreset, url: URL): boolean {
  return (preset.hosts ?? []).some((host) => {
    const place = host.includes(':') ? url.host : url.hostname;
    return host.startsWith('*.') ? place.endsWith(host.slice(1)) : place === host;
  });
}

function basePathOf(preset: ProviderPreset, url: URL): string {
  const given = url.pathname.replace(/\/+$/, '').replace(CALL_END, '');
  const path = preset.notInBase ? given.replace(preset.notInBase, '') : given;
  const wanted = preset.basePath ?? '';
  if (path.endsWith(`${wanted}/v1`) && wanted !== '') return path.slice(0, -'/v1'.length);
  if (wanted === '' || path.endsWith(wanted)) return path;
  // Another host is a proxy or an imitation of OpenAI: below its root that is `/v1`, whatever the provider's own path.
  if (!isAtHostOf(preset, url)) return path === '' ? '/v1' : path;
  return wanted.startsWith(`${path}/`) || path === '/v1' ? wanted : path;
}

function parsedBase(preset: ProviderPreset, baseUrl: string | undefined): URL {
  if (baseUrl === undefined || baseUrl.trim() === '') {
    throw new InvalidConfiguration(`Provider '${preset.name}' has no address of its own: give the deployment a baseUrl.`, 'baseUrl');
  }
  const url = URL.canParse(baseUrl.trim()) ? new URL(baseUrl.trim()) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidConfiguration(
      `baseUrl '${withoutCredentials(baseUrl)}' of provider '${preset.name}' is no http(s) address. Write it as in '${preset.baseUrl ?? 'https://host.example/v1'}'.`,
      'baseUrl',
    );
  }
  if (namesUser(url.href)) {
    throw new InvalidConfiguration(
      `The baseUrl of provider '${preset.name}' at ${url.host} has a user name or password in it, which would be shown. Put a key into apiKey, or both into headers: { authorization: "Basic …" }.`,
      'baseUrl',
    );
  }
  return url;
}

/** No key in a message, wherever somebody put it. */
function withoutCredentials(text: string): string {
  return text
    .replace(/\/\/[^/@\s]*@/, '//')
    .replace(/[?#].*$/s, '')
    .slice(0, 200);
}
