import { InvalidConfiguration } from '../domain/errors.ts';
import { type CostRuleName, costRules } from './cost-rules.ts';
import { checkFaults, FAULT_KINDS, type FaultKind, type FaultRates } from './faults.ts';
import type { StartSimulatorOptions } from './http/start-simulator.ts';
import { type LatencyModel, LONG_NON_STREAMING } from './latency.ts';
import { LIMIT_TYPES, MECHANISMS, type Mechanism, type SimulatedLimit, type SimulatedLimitType } from './limits/simulated-limit.ts';
import { SIMULATOR_PRESETS, type SimulatorPreset } from './presets.ts';
import type { Range } from './seeded-random.ts';
import type { AzureQuirks } from './simulator-options.ts';

/** The flags of `headgate simulate` as they were typed; absent ones are undefined. */
export type SimulatorFlags = Readonly<Partial<Record<SimulatedLimitType | OtherFlag, string | number | undefined>>> & {
  readonly hideHeaders?: boolean | undefined;
  readonly hideRetryAfter?: boolean | undefined;
};

type OtherFlag =
  | 'port'
  | 'host'
  | 'preset'
  | 'windowSeconds'
  | 'subWindowSeconds'
  | 'mechanism'
  | 'cost'
  | 'latency'
  | 'faults'
  | 'countDelay'
  | 'models'
  | 'apiKey'
  | 'apiKeys'
  | 'azureQuirks'
  | 'contextTokens'
  | 'seed';

const DAY_MS = 86_400_000;
const DEFAULT_WINDOW_SECONDS = 60;

function fail(flag: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`${flag} is '${value}'; expected ${expected}.`, flag);
}

function parseNumber(flag: string, value: string | number, least: number, whole = false): number {
  const number = typeof value === 'number' ? value : value.trim() === '' ? Number.NaN : Number(value);
  const kind = whole ? 'an integer' : 'a number';
  if (!Number.isFinite(number) || number < least || (whole && !Number.isInteger(number))) fail(flag, value, `${kind} of at least ${least}`);
  return number;
}

function oneOf<T extends string>(flag: string, value: string | number, names: readonly T[]): T {
  return names.find((name) => name === value) ?? fail(flag, value, `one of ${names.join(', ')}`);
}

/** Reads a span of milliseconds: `200-1200`, or one number for no spread. `flag` is named in errors. */
export function parseRange(text: string | number, flag: string): Range {
  const match = /^\s*(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?\s*$/.exec(String(text));
  const min = Number(match?.[1]);
  const max = match?.[2] === undefined ? min : Number(match[2]);
  if (!match || max < min) fail(flag, text, 'milliseconds as MIN-MAX or one number, such as 200-1200');
  return { min, max };
}

/**
 * Reads `--latency`: `none`; `MIN-MAX` ms to the headers; `MIN-MAX/MIN-MAX` for headers, then the rest of the body; `ttft` (time to
 * first token by input length, then tokens at 40 to 75 a second); `long` (0.5 to 20 s to the headers).
 */
export function parseLatency(text: string | number, flag = '--latency'): LatencyModel {
  if (text === 'none') return { headersMs: { min: 0, max: 0 } };
  if (text === 'ttft') return { ttft: {} };
  if (text === 'long') return LONG_NON_STREAMING;
  const [headers = '', body, ...rest] = String(text).split('/');
  if (!/^[\s\d]/.test(headers) || rest.length > 0)
    fail(flag, text, 'none, ttft, long, or milliseconds such as 200-1200 or 200-1200/1000-5000');
  return { headersMs: parseRange(headers, flag), bodyMs: body === undefined ? undefined : parseRange(body, flag) };
}

const FAULT_NAMES: Readonly<Record<string, FaultKind>> = {
  '5xx': 'serverError',
  error: 'errorInBody',
  '502': 'badGateway',
  '429': 'rateLimit',
  ...Object.fromEntries(FAULT_KINDS.map((kind) => [kind, kind])),
};

/**
 * Reads `--faults`: `5xx=0.01,reset=0.01,stall=0.005,truncate=0.01,error=0.01,stall-ms=5000`; probabilities per call by the names of
 * {@link FaultKind}, of which `5xx` is serverError, `error` errorInBody, `502` badGateway and `429` rateLimit.
 */
export function parseFaults(text: string | number, flag = '--faults'): FaultRates {
  let rates: FaultRates = {};
  for (const part of String(text).split(',')) {
    const [name = '', value = ''] = part.trim().split('=');
    const kind = Object.hasOwn(FAULT_NAMES, name) ? FAULT_NAMES[name] : undefined;
    const number = parseNumber(`${flag} ${name}`, value, 0);
    if (name === 'stall-ms') rates = { ...rates, stallMs: number };
    else if (kind) rates = { ...rates, [kind]: number };
    else fail(flag, part, `${Object.keys(FAULT_NAMES).join(', ')} with a probability, such as 5xx=0.01, or stall-ms with a duration`);
  }
  checkFaults(rates);
  return rates;
}

function parseLimits(flags: SimulatorFlags, preset: SimulatorPreset): readonly SimulatedLimit[] {
  const windowMs = 1000 * parseNumber('--window-seconds', flags.windowSeconds ?? DEFAULT_WINDOW_SECONDS, 0.001);
  const mechanism: Mechanism | undefined = flags.mechanism === undefined ? undefined : oneOf('--mechanism', flags.mechanism, MECHANISMS);
  const given = LIMIT_TYPES.some((type) => flags[type] !== undefined);
  return LIMIT_TYPES.flatMap((type): SimulatedLimit[] => {
    const size = given ? flags[type] : preset.limits[type];
    if (size === undefined) return [];
    const requests = type === 'rpm' || type === 'rpd';
    const own = (requests ? preset.requestsMechanism : undefined) ?? preset.mechanism;
    const limit = { type, limit: parseNumber(`--${type}`, size, 1, true), windowMs: type.endsWith('d') ? DAY_MS : windowMs };
    if (flags.subWindowSeconds === undefined) return [{ ...limit, mechanism: mechanism ?? own }];
    return [
      { ...limit, mechanism: mechanism ?? own, subWindowMs: 1000 * parseNumber('--sub-window-seconds', flags.subWindowSeconds, 0.001) },
    ];
  });
}

const QUIRKS: Readonly<Record<string, AzureQuirks>> = {
  sentinels: { sentinels: true },
  negative: { negativeRemaining: true },
  'refuse-in-stream': { refuseInStream: true },
};

/** Reads `--azure-quirks`: `sentinels`, `negative` and `refuse-in-stream`, separated by commas. */
function parseQuirks(text: string | number): AzureQuirks {
  const names = Object.keys(QUIRKS);
  return Object.assign(
    {},
    ...String(text)
      .split(',')
      .map((name) => QUIRKS[oneOf('--azure-quirks', name.trim(), names)]),
  );
}

function listOf(value: string | number | undefined): readonly string[] | undefined {
  return value === undefined
    ? undefined
    : String(value)
        .split(',')
        .map((name) => name.trim());
}

/**
 * Turns the flags of `headgate simulate` into options. The preset (default `openai`) gives cost rule, mechanism and dialect, and its
 * limits where no limit flag is given; with any limit flag exactly the given limits apply. `--window-seconds` is the window of the
 * per-minute limits. `--models` and `--api-keys` are lists separated by commas.
 * @throws InvalidConfiguration naming the flag, its value and what was expected
 */
export function simulatorOptionsFromFlags(flags: SimulatorFlags): StartSimulatorOptions {
  const names = Object.keys(SIMULATOR_PRESETS) as (keyof typeof SIMULATOR_PRESETS)[]; // Object.keys forgets the keys' type
  const preset: SimulatorPreset = SIMULATOR_PRESETS[oneOf('--preset', flags.preset ?? 'openai', names)];
  const rules = Object.keys(costRules) as CostRuleName[]; // as above
  const port = flags.port === undefined ? 0 : parseNumber('--port', flags.port, 0, true);
  if (port > 65_535) fail('--port', flags.port, 'a port from 0 to 65535');
  return {
    port,
    host: flags.host === undefined ? undefined : String(flags.host),
    limits: parseLimits(flags, preset),
    cost: flags.cost === undefined ? preset.cost : oneOf('--cost', flags.cost, rules),
    dialect: preset.dialect,
    latency: flags.latency === undefined ? undefined : parseLatency(flags.latency),
    faults: flags.faults === undefined ? undefined : parseFaults(flags.faults),
    countDelayMs: flags.countDelay === undefined ? undefined : parseRange(flags.countDelay, '--count-delay'),
    models: listOf(flags.models),
    apiKey: flags.apiKey === undefined ? undefined : String(flags.apiKey),
    apiKeys: listOf(flags.apiKeys),
    hideHeaders: flags.hideHeaders,
    hideRetryAfter: flags.hideRetryAfter,
    azure: flags.azureQuirks === undefined ? undefined : parseQuirks(flags.azureQuirks),
    contextTokens: flags.contextTokens === undefined ? undefined : parseNumber('--context-tokens', flags.contextTokens, 1, true),
    seed: flags.seed === undefined ? undefined : parseNumber('--seed', flags.seed, 0, true),
  };
}
