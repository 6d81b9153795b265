import type { BudgetBatch, BudgetStore, Spending } from '../../domain/budget-store.ts';
import { RedisConnection, type RedisOptions, redisScript } from './redis-connection.ts';

/**
 * The first key is the writer's, then one for each charge; so are the arguments: the sequence, then tokens and money of each, and what
 * was known before of both. A server that was started again may have less than that.
 */
const ADD = redisScript(`
local fresh = tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1])
if fresh then redis.call('SET', KEYS[1], ARGV[1], 'EX', 86400) end
local totals = {}
for i = 2, #KEYS do
  if fresh then
    for j, unit in ipairs({'tokens', 'money'}) do
      local known = ARGV[4 * i - 5 + j]
      if tonumber(redis.call('HGET', KEYS[i], unit) or 0) < tonumber(known) then redis.call('HSET', KEYS[i], unit, known) end
      redis.call('HINCRBYFLOAT', KEYS[i], unit, ARGV[4 * i - 7 + j])
    end
    redis.call('EXPIRE', KEYS[i], 3456000)
  end
  local total = redis.call('HMGET', KEYS[i], 'tokens', 'money')
  totals[2 * i - 3] = total[1] or '0'
  totals[2 * i - 2] = total[2] or '0'
end
return totals
`);

const SPENT = redisScript(`
local totals = {}
for i = 1, #KEYS do
  local total = redis.call('HMGET', KEYS[i], 'tokens', 'money')
  totals[2 * i - 1] = total[1] or '0'
  totals[2 * i] = total[2] or '0'
end
return totals
`);

const PREFIX = 'headgate:spending:';

/** What tenants used up, in Redis: a hash for each tenant and period, forgotten 40 days after it last grew. */
export class RedisBudgetStore implements BudgetStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  constructor(options: RedisOptions) {
    this.#connection = new RedisConnection(options);
    this.#prefix = options.prefix ?? PREFIX;
  }

  disconnect(): Promise<void> {
    return this.#connection.close();
  }

  async spent(tenant: string, periods: readonly string[]): Promise<readonly Spending[]> {
    const keys = periods.map((period) => this.#keyOf(tenant, period));
    return spendings(await this.#connection.run(SPENT, keys, []));
  }

  async add({ writer, sequence, charges }: BudgetBatch): Promise<readonly Spending[]> {
    const keys = charges.map(({ tenant, period }) => this.#keyOf(tenant, period));
    const amounts = charges.flatMap(({ known = NOTHING, ...added }) => [...written(added), ...written(known)]);
    return spendings(await this.#connection.run(ADD, [`${this.#prefix}writer:${writer}`, ...keys], [sequence, ...amounts]));
  }

  /** A period has no colon: no tenant's name makes two of these one. */
  #keyOf(tenant: string, period: string): string {
    return `${this.#prefix}${period}:${tenant}`;
  }
}

const NOTHING: Spending = { tokens: 0, money: 0 };

/** Not in the exponent's form, which Redis does not take everywhere. */
function written({ tokens, money }: Spending): readonly [string, string] {
  return [String(tokens), money.toFixed(9)];
}

/** Tokens and money in turn. */
function spendings(answer: unknown): Spending[] {
  const numbers = (answer as string[]).map(Number);
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    tokens: numbers[2 * index] ?? 0,
    money: numbers[2 * index + 1] ?? 0,
  }));
}
