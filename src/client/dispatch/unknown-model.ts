import { ModelNotRegistered } from '../../domain/errors.ts';

const MOST_NAMED = 50;

/** The error for a model that nobody configured, in the words of whoever configures. */
export function unknownModel(modelId: string, configured: Iterable<string>): ModelNotRegistered {
  const ids = [...configured];
  const named = ids.slice(0, MOST_NAMED).map((id) => `'${id}'`);
  const more = ids.length > named.length ? ` and ${ids.length - named.length} more` : '';
  const error = new ModelNotRegistered(modelId, ids);
  error.message = `Model '${modelId.slice(0, 200)}' is not configured. Configured: ${named.join(', ') || 'none'}${more}. Add it under 'models'.`;
  return error;
}
