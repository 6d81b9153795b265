import type { ErrorFields } from './error-fields.ts';
import { type Act, ERROR_TABLE, type ErrorRow } from './error-table.ts';
import { headerText } from './headers/header-values.ts';
import { namedDateMs, nextPacificMidnightMs } from './headers/resume-time.ts';
import type { HttpReply } from './http-reply.ts';
import { namedLimit } from './named-limit.ts';
import { retryWaitMs } from './retry-wait.ts';
import type { Final, Verdict } from './verdict.ts';

/** An error, wherever it was told. */
export interface ToldError {
  /** The answer's, or the one that an error inside a 200 stands for. */
  readonly status: number;
  readonly headers: HttpReply['headers'];
  readonly fields: ErrorFields;
}

/** Looks an error up in the table. Pure; `wallMs` is for dates. */
export function classifyError(error: ToldError, wallMs: number): Exclude<Verdict, { kind: 'completed' }> {
  const waitMs = retryWaitMs(error.headers, error.fields, wallMs);
  const { act } = rowFor(error, waitMs);
  const { message } = error.fields;
  const code = codeOf(error);
  switch (act.kind) {
    case 'refused':
      return { ...act, code, message, retryAfterMs: waitMs, limitType: namedLimit(error.fields) };
    case 'retryable':
      return { ...act, code, message, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
    case 'final':
      return { ...final(act, code, message), ...until(act, error, waitMs, wallMs) };
  }
}

/** The first row of the table that fits; `waitMs` is the wait that the answer asks for. */
export function rowFor(error: ToldError, waitMs: number | undefined): ErrorRow {
  const row = ERROR_TABLE.find((each) => fits(each, error, waitMs));
  if (!row) throw new Error(`The table of errors has no row for status ${error.status}.`);
  return row;
}

function fits(row: ErrorRow, { status, headers, fields }: ToldError, waitMs: number | undefined): boolean {
  const [from, to] = typeof row.status === 'object' ? row.status : [row.status ?? 0, row.status ?? Number.POSITIVE_INFINITY];
  if (status < from || status > to) return false;
  if (row.named && !fields.names.some(row.named)) return false;
  if (row.text && !row.text(fields.text)) return false;
  if (row.header && !row.header[1].test(headerText(headers, row.header[0])?.trim() ?? '')) return false;
  return row.waitsAtLeastMs === undefined || (waitMs ?? 0) >= row.waitsAtLeastMs;
}

function final({ scope, failOver, code }: Extract<Act, { kind: 'final' }>, said: string, message: string): Final {
  return { kind: 'final', code: code ?? said, message, scope, failOver };
}

function until(
  act: Extract<Act, { kind: 'final' }>,
  { fields }: ToldError,
  waitMs: number | undefined,
  wallMs: number,
): { untilMs?: number } {
  const byWait = waitMs === undefined ? undefined : wallMs + waitMs;
  if (act.until === undefined) return {};
  const at = act.until === 'pacific-midnight' ? nextPacificMidnightMs(wallMs) : act.until === 'wait' ? byWait : namedDateMs(fields.text);
  return at === undefined ? {} : { untilMs: at };
}

/** The provider's own code or type, else its status: a number says no more than that. */
function codeOf({ fields, status }: ToldError): string {
  return fields.names.find((name) => !/^-?\d+$/.test(name))?.slice(0, 100) ?? `http_${status}`;
}
