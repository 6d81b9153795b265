import { hasMethods, isObject, refuseArgument, requireObject } from '../check-input.ts';

interface Kind {
  readonly fits: (value: unknown) => boolean;
  readonly expected: string;
}

const TEXT: Kind = { fits: (value) => typeof value === 'string', expected: 'a text' };
const NUMBER: Kind = { fits: (value) => typeof value === 'number' && Number.isFinite(value), expected: 'a number' };
const SIGNAL: Kind = {
  fits: (value) => hasMethods(value, 'addEventListener', 'removeEventListener'),
  expected: 'an AbortSignal',
};
const DEADLINE: Kind = {
  fits: (value) => (typeof value === 'number' || value instanceof Date) && !Number.isNaN(Number(value)),
  expected: 'a valid Date or epoch milliseconds',
};

/** Fields of the calls that are ours; those of the provider's own are its to check. */
const KINDS = Object.entries<Kind>({
  model: TEXT,
  maxTokens: NUMBER,
  temperature: NUMBER,
  topP: NUMBER,
  dimensions: NUMBER,
  stop: {
    fits: (value) => typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
    expected: 'a text or a list of texts',
  },
  tools: { fits: (value) => Array.isArray(value), expected: 'a list of tools' },
  toolChoice: {
    fits: (value) => ['auto', 'none', 'required'].some((word) => word === value) || (isObject(value) && typeof value['name'] === 'string'),
    expected: 'auto, none, required or { name }',
  },
  schema: { fits: (value) => hasMethods(value, 'safeParseAsync'), expected: 'a zod schema' },
  schemaName: TEXT,
  system: TEXT,
  history: { fits: (value) => Array.isArray(value), expected: 'a list of messages' },
  signal: SIGNAL,
  deadline: DEADLINE,
});

/** Throws `InvalidRequest` with the path to what is of the wrong kind; nothing has been asked then. */
export function checkCallOptions(options: object): void {
  requireObject('options', options);
  for (const [name, { fits, expected }] of KINDS) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined && !fits(value)) refuseArgument(`options.${name}`, value, expected);
  }
  const tools: unknown = Reflect.get(options, 'tools');
  if (Array.isArray(tools)) tools.forEach(checkTool);
}

function checkTool(tool: unknown, index: number): void {
  const path = `options.tools[${index}]`;
  if (!isObject(tool)) return refuseArgument(path, tool, 'a tool with name and parameters');
  if (typeof tool['name'] !== 'string') refuseArgument(`${path}.name`, tool['name'], 'a text');
  if (!isObject(tool['parameters'])) refuseArgument(`${path}.parameters`, tool['parameters'], 'a JSON schema');
}
