import type { WorkRecord } from '../../../domain/request-journal.ts';

/** How a batch ended, as far as lines that were not run are concerned. */
export type BatchEnding = 'completed' | 'expired' | 'cancelled';

/** A line of an output or error file. */
export interface OutputLine {
  readonly kind: 'output' | 'error';
  readonly text: string;
}

const NOT_RUN: Readonly<Record<BatchEnding, { readonly code: string; readonly message: string }>> = {
  expired: { code: 'batch_expired', message: 'This request could not be executed before the completion window expired.' },
  cancelled: { code: 'batch_cancelled', message: 'This request was not executed before the batch was cancelled.' },
  completed: { code: 'not_executed', message: 'This request was not executed.' },
};

/**
 * One line in OpenAI's form: what was answered, whatever its status, is in `response`; a call without an answer has `error` instead.
 * The output file has what succeeded, the error file everything else.
 */
export function outputLine({ id, batch, settled }: WorkRecord, ending: BatchEnding): OutputLine {
  const { response, error } = resultOf(id, settled, ending);
  const text = `{"id":${JSON.stringify(id)},"custom_id":${JSON.stringify(batch?.customId ?? '')},"response":${response},"error":${error}}\n`;
  return { kind: settled?.outcome.status === 'completed' ? 'output' : 'error', text };
}

function resultOf(id: string, settled: WorkRecord['settled'], ending: BatchEnding): { readonly response: string; readonly error: string } {
  if (settled === undefined) return { response: 'null', error: JSON.stringify(NOT_RUN[ending]) };
  const { outcome, answer } = settled;
  if (outcome.response !== undefined) {
    const { status, requestId } = outcome.response;
    const response = `{"status_code":${status},"request_id":${JSON.stringify(requestId ?? id)},"body":${answer ?? 'null'}}`;
    return { response, error: 'null' };
  }
  if (outcome.status === 'completed') return { response: 'null', error: 'null' };
  // The deadline of a line is the end of its batch's window.
  const error = outcome.code === 'deadline_exceeded' ? NOT_RUN.expired : { code: outcome.code, message: outcome.error };
  return { response: 'null', error: JSON.stringify(error) };
}
