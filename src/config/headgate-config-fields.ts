import { z } from 'zod';
import { namesUser } from '../lib/names-user.ts';

/** What the reference page says of a field besides its type; the schemas carry it, `docs/configuration.md` is made from it. */
interface About {
  /** Unit of a number, as `s` or `ms`. */
  readonly unit?: string;
  /** What holds where the field is left out and no value stands for it. */
  readonly otherwise?: string;
}

/** A field with its description; the last thing done to a schema, since whatever wraps it later doesn't inherit it. */
export function field<S extends z.ZodType>(schema: S, description: string, about: About = {}): S {
  return schema.meta({ description, ...about });
}

export const wholeOrNone = (what: string): z.ZodInt =>
  z.int(`expected ${what}, a whole number ≥ 0`).nonnegative(`expected ${what}, a whole number ≥ 0`);

export const secondsOrNone = (what: string): z.ZodNumber =>
  z.number(`expected ${what} in seconds, ≥ 0`).nonnegative(`expected ${what} in seconds, ≥ 0`);

export const flag = (): z.ZodBoolean => z.boolean('expected true or false');

const LONGEST_NAME = 200;

/** A name that is shown and counted by: of a model, a deployment, a domain, a provider. It gets into headers, addresses and logs. */
export const name = (what: string): z.ZodString =>
  z
    .string(`expected ${what}`)
    .min(1, `expected ${what}`)
    .max(LONGEST_NAME, `expected ${what} of at most ${LONGEST_NAME} characters`)
    .regex(/^\P{Cc}*$/u, `expected ${what} without line breaks and other control characters`);

/** A key as it goes into a header. An empty one counts as left out. */
export const apiKey = (): z.ZodString =>
  z.string('expected a key or the variable that holds it').regex(/^[\x21-\x7e]*$/, 'expected a key without spaces and line breaks');

export const endpointUrl = (what: string): z.ZodString =>
  z
    .string(`expected ${what}`)
    .refine(isHttpUrl, { error: `expected ${what} such as https://api.openai.com/v1`, abort: true })
    .refine(
      (text) => !namesUser(text),
      `expected ${what} without a user name and password, which would be shown; put a key into apiKey, or both into headers: { authorization: "Basic …" }`,
    );

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** How a key's variable is written, for the descriptions. */
export const REFERENCES = '`$' + '{NAME}` or `env:NAME`';
