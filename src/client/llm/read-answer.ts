import type { ChatEvent, ChatRequest, ChatStream, ChatUsage, CompletionResponse } from '../../domain/chat.ts';
import { answerAsStream } from '../../middleware/answer-as-stream.ts';
import type { ChatAnswer } from '../../middleware/middleware.ts';
import type { ChatCodec, WireCompletion } from '../../providers/codecs/chat-codec.ts';
import type { StreamPart, WireAnswer, WireStream, WireUsage } from '../../providers/provider.ts';

/** What every answer of a client is given. */
export interface AnswerFacts {
  readonly provider: string;
  readonly clientId: string;
  /** The model that was asked for, where the answer names none. */
  readonly model: string;
  readonly wallMs: () => number;
}

const NO_USAGE: ChatUsage = { promptTokens: 0, completionTokens: 0, totalTokens: 0, estimated: true };

/** A wire answer as the client's. Throws a `ProviderFailure` for one that is no completion. */
export function readAnswer(codec: ChatCodec, request: ChatRequest, answer: WireAnswer, facts: AnswerFacts): ChatAnswer {
  if (answer.kind === 'stream') return readStream(codec, request, answer, facts);
  const whole = completion(codec.decode(answer.json, request), answer.usage, facts);
  // Some servers don't stream, whatever they are asked for.
  return request.stream ? answerAsStream(whole) : whole;
}

/** Not a generator: one that was never started could not give up the call. */
function readStream(codec: ChatCodec, request: ChatRequest, answer: WireStream, facts: AnswerFacts): ChatStream {
  const parts = answer.parts[Symbol.asyncIterator]();
  const events = eventsOf(codec, request, { answer, parts }, facts);
  const leave = async (): Promise<IteratorResult<ChatEvent>> => {
    await parts.return?.();
    return events.return(undefined);
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => events.next(), return: leave }) };
}

async function* eventsOf(
  codec: ChatCodec,
  request: ChatRequest,
  { answer, parts }: { readonly answer: WireStream; readonly parts: AsyncIterator<StreamPart> },
  facts: AnswerFacts,
): AsyncGenerator<ChatEvent, undefined> {
  const reader = codec.streamReader(request);
  try {
    for (let step = await parts.next(); !step.done; step = await parts.next()) {
      for (const event of step.value.events) yield* reader.read(event);
    }
  } catch (error) {
    // An event that can't be read ends the call too.
    await parts.return?.();
    throw error;
  }
  const response = completion(reader.completion(), (await answer.ended).usage, facts);
  yield { type: 'usage', usage: response.usage };
  yield { type: 'finish', response };
}

function completion(answer: WireCompletion, counted: WireUsage | undefined, facts: AnswerFacts): CompletionResponse {
  return {
    content: answer.content,
    toolCalls: answer.toolCalls,
    usage: answer.usage ?? (counted === undefined ? NO_USAGE : usageOf(counted)),
    model: answer.model ?? facts.model,
    provider: facts.provider,
    finishReason: answer.finishReason,
    metadata: answer.metadata,
    createdAt: new Date(facts.wallMs()),
    clientId: facts.clientId,
  };
}

/** What the limits were settled with, where the answer itself says nothing. */
export function usageOf({ inputTokens, outputTokens, estimated }: WireUsage): ChatUsage {
  return { promptTokens: inputTokens, completionTokens: outputTokens, totalTokens: inputTokens + outputTokens, estimated };
}
