import { SeededRandom } from '../simulator/index.ts';

/** The batch that `npm start` runs. */
export interface DemoBatch {
  /** JSONL. */
  readonly text: string;
  readonly requests: number;
  readonly models: readonly string[];
  /** Limits per window and model. */
  readonly rpm: number;
  readonly tpm: number;
}

export const DEMO_WINDOW_SECONDS = 6;
const REQUESTS = 2000;
const SMALL = 'demo-small';
const LARGE = 'demo-large';
/** So many windows the batch fills where a limit binds; a little less than a whole number, since tokens don't fill a window to the last one. */
const WINDOWS = 5.98;
/** Part of the large requests that are a second, small tenant's, who waits for nobody. */
const SMALL_TENANT = 0.006;
const WORDS = 'water gate river lock canal flow level basin spring stream lake dam weir sluice pool'.split(' ');

interface Draft {
  readonly model: string;
  readonly line: string;
  readonly tokens: number;
}

/**
 * Two thousand requests of mixed sizes, priorities and tenants: of one model many small ones, so that its requests limit
 * binds, of the other fewer and larger ones, so that its tokens limit does. The limits follow from the batch's own size.
 */
export function demoBatch(seed = 7): DemoBatch {
  const random = new SeededRandom(seed);
  const drafts = Array.from({ length: REQUESTS }, (_, index) => draft(index + 1, random));
  const small = drafts.filter(({ model }) => model === SMALL);
  const large = drafts.filter(({ model }) => model === LARGE);
  const tokens = large.reduce((sum, draft) => sum + draft.tokens, 0);
  return {
    text: drafts.map(({ line }) => `${line}\n`).join(''),
    requests: REQUESTS,
    models: [SMALL, LARGE],
    rpm: Math.ceil(small.length / WINDOWS),
    tpm: Math.ceil(tokens / WINDOWS),
  };
}

function draft(number: number, random: SeededRandom): Draft {
  const isSmall = random.next() < 0.6;
  const prompt = words(random, isSmall ? { min: 5, max: 60 } : { min: 100, max: 900 });
  const maxTokens = random.integer(isSmall ? { min: 16, max: 128 } : { min: 64, max: 700 });
  const model = isSmall ? SMALL : LARGE;
  const line = {
    id: `demo-${String(number).padStart(4, '0')}`,
    model,
    prompt,
    max_tokens: maxTokens,
    priority: random.integer({ min: -2, max: 2 }),
    tenant: random.next() < SMALL_TENANT && !isSmall ? 'interactive' : 'reports',
  };
  return { model, line: JSON.stringify(line), tokens: Math.max(maxTokens, Math.ceil(prompt.length / 4)) };
}

function words(random: SeededRandom, range: { readonly min: number; readonly max: number }): string {
  return Array.from({ length: random.integer(range) }, () => WORDS[random.integer({ min: 0, max: WORDS.length - 1 })]).join(' ');
}
