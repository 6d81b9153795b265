import type { WireFormatName } from '../../domain/wire-format.ts';

/** What a URL says of a call. */
export interface CallTarget {
  readonly format: WireFormatName;
  readonly url: string;
  /** Everything before {@link path}. */
  readonly baseUrl: string;
  /** The format's own path, as `/chat/completions`. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Azure's deployment in the path, which names the model where the body doesn't. */
  readonly deployment: string | undefined;
}

/** By the path's end. `/threads/…/messages` of OpenAI's assistants has no `/v1` before `messages`. */
const PATHS: readonly { readonly end: RegExp; readonly format: WireFormatName }[] = [
  { end: /\/chat\/completions$/, format: 'openai-chat' },
  { end: /\/responses$/, format: 'openai-responses' },
  { end: /\/embeddings$/, format: 'openai-embeddings' },
  { end: /\/v1\/messages$/, format: 'anthropic-messages' },
];
const AZURE_DEPLOYMENT = /\/openai\/deployments\/([^/]+)$/;
const MOST_REMEMBERED = 1_000;

/** Tells by the URL's path whether a POST there is a call that has a model and costs tokens. Remembers the URLs it saw last. */
export class CallRecogniser {
  readonly #seen = new Map<string, CallTarget | undefined>();

  /** The target, or undefined for everything else: models, files, batches, token counts … */
  recognise(url: string): CallTarget | undefined {
    if (this.#seen.has(url)) return this.#seen.get(url);
    const target = targetOf(url);
    if (this.#seen.size >= MOST_REMEMBERED) this.#seen.clear();
    this.#seen.set(url, target);
    return target;
  }
}

function targetOf(url: string): CallTarget | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin, pathname, search } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const path = pathname.replace(/\/+$/, '');
  const known = PATHS.find(({ end }) => end.test(path));
  if (known === undefined) return undefined;
  const base = path.replace(known.end, '');
  const deployment = AZURE_DEPLOYMENT.exec(base)?.[1];
  return {
    format: known.format,
    url,
    baseUrl: origin + base,
    path: path.slice(base.length),
    query: search,
    deployment: deployment === undefined ? undefined : decoded(deployment),
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
