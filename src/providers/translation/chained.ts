import type { JsonObject } from '../../domain/chat.ts';
import type { ServerSentEvent } from '../provider.ts';
import type { StreamTranslator, Translation } from './translation.ts';
import { Untranslatable } from './translation.ts';

/** Two translations as one, by way of the format between them. */
export function chained(first: Translation, second: Translation): Translation {
  if (first.to !== second.from) throw new TypeError(`A translation to '${first.to}' can't be followed by one from '${second.from}'.`);
  return {
    from: first.from,
    to: second.to,
    translate(body, wallMs, provider) {
      const near = first.translate(body, wallMs, provider);
      const far = inBetween(first, () => second.translate(near.body, wallMs, provider));
      return {
        body: far.body,
        answer: (json) => near.answer(far.answer(json)),
        stream: () => new ChainedStream(near.stream(), far.stream()),
      };
    },
  };
}

class ChainedStream implements StreamTranslator {
  readonly #near: StreamTranslator;
  readonly #far: StreamTranslator;

  constructor(near: StreamTranslator, far: StreamTranslator) {
    this.#near = near;
    this.#far = far;
  }

  fail(message: string): readonly ServerSentEvent[] {
    return this.#near.fail(message);
  }

  read(event: ServerSentEvent): readonly ServerSentEvent[] {
    return this.#far.read(event).flatMap((between) => this.#near.read(between));
  }
}

/** The path of what the second refuses is one in the format between, which the caller has never seen: it says so. */
function inBetween<A extends { readonly body: JsonObject }>({ to }: Translation, act: () => A): A {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Untranslatable) || error.path === '') throw error;
    throw new Untranslatable(error.path, `${error.message} (The path is that of the call as ${to}.)`);
  }
}
