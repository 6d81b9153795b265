import type { Spending } from '../../domain/budget-store.ts';
import type { JsonObject } from '../../domain/chat.ts';
import { textCharacters } from '../../providers/wire-usage.ts';
import { priceOf, type TokenPrice } from '../../scheduling/estimates/price-of.ts';

/** Output of a call that doesn't say how long it may become. */
const USUAL_OUTPUT_TOKENS = 1_000;
const CHARACTERS_PER_TOKEN = 4;
const OUTPUT_LIMITS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'] as const;
/** More than any call produces, and small enough that what is given back later is exactly what was set aside. */
const MOST_OUTPUT_TOKENS = 1e9;

/** What is set aside for a call until it is known what it used: its text, and the output that it allows itself. */
export function reservationFor(body: JsonObject, price: TokenPrice | undefined): Spending {
  const inputTokens = Math.ceil(textCharacters(body) / CHARACTERS_PER_TOKEN);
  // Which of them the provider heeds is its matter: naming a small one beside it makes nothing smaller.
  const named = OUTPUT_LIMITS.flatMap((name) => count(body[name]) ?? []);
  const most = named.length === 0 ? USUAL_OUTPUT_TOKENS : Math.max(...named);
  const outputTokens = Math.min(Math.ceil(most * Math.max(1, count(body['n']) ?? 1)), MOST_OUTPUT_TOKENS);
  return { tokens: inputTokens + outputTokens, money: price === undefined ? 0 : priceOf({ inputTokens, outputTokens }, price) };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}
