import { priceOf, type TokenPrice } from '../../scheduling/estimates/price-of.ts';
import type { FinishedCall } from '../calls/finished-call.ts';

/** Prices by model. */
export type Prices = Readonly<Record<string, TokenPrice>>;

/** What a call cost, by the price of the model that answered; undefined where that has none, or nothing was used. */
export function costOf({ usage, servedBy, model }: FinishedCall, prices: Prices): number | undefined {
  const name = servedBy ?? model;
  const price = Object.hasOwn(prices, name) ? prices[name] : undefined;
  return usage && price && priceOf(usage, price);
}
