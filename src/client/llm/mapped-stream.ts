/** The same stream, whose errors are exchanged. */
export function mappedStream<E>(stream: AsyncIterable<E>, exchange: (error: unknown) => unknown): AsyncIterable<E> {
  return {
    [Symbol.asyncIterator]: () => {
      const reader = stream[Symbol.asyncIterator]();
      return {
        next: () => reader.next().catch((error: unknown) => Promise.reject(exchange(error))),
        return: async () => (await reader.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
