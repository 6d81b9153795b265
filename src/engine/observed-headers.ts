import type { ParsedDeploymentConfig } from '../config/deployment-config.ts';
import type { LimitObservation } from '../domain/limit-observation.ts';
import {
  ANTHROPIC_LIMIT_HEADERS,
  GROQ_LIMIT_HEADERS,
  MISTRAL_LIMIT_HEADERS,
  OPENAI_LIMIT_HEADERS,
  readAnyLimits,
} from '../providers/headers/known-limit-headers.ts';
import { limitReader } from '../providers/headers/limit-headers.ts';
import type { ReplyHeaders } from '../providers/provider.ts';
import type { Route } from './route.ts';

type Spelling = NonNullable<ParsedDeploymentConfig['limitHeaders']>;

const READERS: Readonly<Record<Spelling, typeof readAnyLimits>> = {
  openai: limitReader(OPENAI_LIMIT_HEADERS),
  anthropic: limitReader(ANTHROPIC_LIMIT_HEADERS),
  groq: limitReader(GROQ_LIMIT_HEADERS),
  mistral: limitReader(MISTRAL_LIMIT_HEADERS),
  any: readAnyLimits,
};

/** What an answer's headers say of the limits where the deployment names their spelling; undefined: they are not read. */
export function observedIn({ stops }: Route, headers: unknown, wallMs: number): readonly LimitObservation[] | undefined {
  const [stop] = stops;
  const spelling = stops.length === 1 ? stop?.deployment.config.limitHeaders : undefined;
  if (spelling === undefined || typeof headers !== 'object' || headers === null) return undefined;
  try {
    return READERS[spelling](byLowerCaseName(headers), wallMs);
  } catch {
    // A stranger's object may throw when it is looked at.
    return undefined;
  }
}

/** `Headers`, a `Map`, or a plain object. */
function byLowerCaseName(headers: object): ReplyHeaders {
  const entries: Iterable<readonly [unknown, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<readonly [unknown, unknown]>) : Object.entries(headers);
  return Object.fromEntries([...entries].map(([name, value]) => [String(name).toLowerCase(), asHeaderValue(value)]));
}

function asHeaderValue(value: unknown): string | string[] | undefined {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? value : undefined;
}
