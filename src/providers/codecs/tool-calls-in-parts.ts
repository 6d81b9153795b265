import type { ToolCall } from '../../domain/chat.ts';
import type { ChatDelta } from './chat-codec.ts';

/** Puts together tool calls that come in parts, each known by its place on the wire. */
export class ToolCallsInParts {
  readonly #calls = new Map<number, { id: string; name: string; arguments: string }>();

  /** @param place the wire's own index, which may have gaps */
  add(
    place: number,
    part: { readonly id?: string | undefined; readonly name?: string | undefined; readonly arguments: string },
  ): ChatDelta {
    const known = this.#calls.get(place);
    const call = known ?? { id: '', name: '', arguments: '' };
    if (part.id !== undefined) call.id = part.id;
    if (part.name !== undefined) call.name = part.name;
    call.arguments += part.arguments;
    this.#calls.set(place, call);
    const index = [...this.#calls.keys()].indexOf(place);
    return { type: 'tool-call-delta', index, ...(known === undefined && { id: call.id, name: call.name }), arguments: part.arguments };
  }

  get all(): readonly ToolCall[] {
    return [...this.#calls.values()].map((call) => ({ ...call }));
  }
}
