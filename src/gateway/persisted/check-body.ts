import type { JsonObject } from '../../domain/chat.ts';

/** Why a call's body can't be taken in. */
export interface BodyProblem {
  readonly code: string;
  readonly message: string;
  readonly param: string;
}

/** Postgres has no place for it in a text. */
const NUL = '\u0000';

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text can be written in every store. */
export function isStorable(text: string): boolean {
  return !text.includes(NUL);
}

/** What keeps a body from being handed in; the model it names where nothing does. What else is wrong with it the provider says. */
export function checkBody(body: unknown, offers: (model: string) => boolean): { readonly model: string } | BodyProblem {
  if (!isJsonObject(body))
    return { code: 'invalid_body', message: "'body' is no JSON object; expected the body of the call.", param: 'body' };
  const { model, stream } = body;
  if (typeof model !== 'string' || model === '')
    return { code: 'missing_model', message: "'model' is missing; expected the name of a model.", param: 'model' };
  if (stream !== undefined && stream !== null && stream !== false)
    return {
      code: 'stream_not_supported',
      message: "'stream' is set; what is not answered at once has no stream. Leave it out.",
      param: 'stream',
    };
  if (!offers(model))
    return {
      code: 'model_not_found',
      message: `The model '${model.slice(0, 200)}' does not exist here. GET /v1/models lists those that do.`,
      param: 'model',
    };
  return { model };
}
