import type { Spending } from '../../domain/budget-store.ts';
import type { JsonObject } from '../../domain/chat.ts';
import { textCharacters } from '../../providers/wire-usage.ts';
import { priceOf, type TokenPrice } from '../../scheduling/estimates/price-of.ts';

/** Output of a call that doesn't say how long it may become. */
const USUAL_OUTPUT_TOKENS = 1_000;
const CHARACTERS_PER_TOKEN = 4;

/** What is set aside for a call until it is known what it used: its text, and the output that it allows itself. */
export function reservationFor(body: JsonObject, price: TokenPrice | undefined): Spending {
  const inputTokens = Math.ceil(textCharacters(body) / CHARACTERS_PER_TOKEN);
  const most = count(body['max_completion_tokens']) ?? count(body['max_tokens']) ?? count(body['max_output_tokens']) ?? USUAL_OUTPUT_TOKENS;
  const outputTokens = most * (count(body['n']) ?? 1);
  return { tokens: inputTokens + outputTokens, money: price === undefined ? 0 : priceOf({ inputTokens, outputTokens }, price) };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}
