import { z } from 'zod';
import { isPlainMap } from '../../config/expand/plain-data.ts';
import { MessageRole } from '../../domain/chat.ts';
import { InvalidConfiguration } from '../../domain/errors.ts';

/** Larger exports are refused before they are parsed. */
const LARGEST_IMPORT = 16 * 1024 * 1024;

const count = z.number().nonnegative();

const messageSchema = z.strictObject({
  role: z.enum(MessageRole),
  content: z.union([
    z.string(),
    z.array(
      z.union([
        z.strictObject({ type: z.literal('text'), text: z.string() }),
        z.strictObject({ type: z.literal('image'), url: z.string() }),
      ]),
    ),
  ]),
  toolCalls: z.array(z.strictObject({ id: z.string(), name: z.string(), arguments: z.string() })).optional(),
  toolCallId: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

const sessionSchema = z.strictObject({
  systemPrompt: z.string().optional(),
  messages: z.array(messageSchema),
  usage: z.strictObject({ requests: count, promptTokens: count, completionTokens: count, totalTokens: count }),
});

const exportSchema = z.strictObject({
  version: z.literal(1),
  active: z.string(),
  // One by one: a record would leave a session of the name `__proto__` out.
  sessions: z.custom<Readonly<Record<string, unknown>>>(isPlainMap, 'expected sessions by name'),
});

/** One conversation as data. */
export type SessionData = z.output<typeof sessionSchema>;
/** Every conversation of a manager as data. */
export type SessionsData = Omit<z.output<typeof exportSchema>, 'sessions'> & { sessions: Record<string, SessionData> };

/** Reads what `export` wrote: JSON text or the parsed object. Throws `InvalidConfiguration` with the path to what is wrong. */
export function readSessions(exported: unknown): SessionsData {
  const { sessions, ...rest } = checked(exportSchema, typeof exported === 'string' ? parsed(exported) : exported);
  const entries = Object.entries(sessions).map(([name, session]) => [name, checked(sessionSchema, session, ['sessions', name])]);
  return { ...rest, sessions: Object.fromEntries(entries) };
}

function checked<S extends z.ZodType>(schema: S, value: unknown, within: readonly string[] = []): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...within, ...(issue?.path ?? [])].map(String).join('.');
  throw new InvalidConfiguration(`These are no exported sessions: '${path}': ${issue?.message ?? 'unknown form'}.`, path);
}

function parsed(text: string): unknown {
  if (text.length > LARGEST_IMPORT) {
    throw new InvalidConfiguration(`The exported sessions have ${text.length} characters; at most ${LARGEST_IMPORT} are read.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidConfiguration('These are no exported sessions: the text is no JSON.', '', { cause });
  }
}
