/** Numbers that one measurement in a process of its own hands back. */
export type Figures = Readonly<Record<string, number>>;

/** Every measurement by name. Loaded on demand, so that a child's heap holds only what it measures. */
export const measures = {
  batch: async () => (await import('../measures/batch.ts')).measure,
  cancel: async () => (await import('../measures/cancel.ts')).measure,
  chats: async () => (await import('../measures/chats.ts')).measure,
  deployments: async () => (await import('../measures/deployments.ts')).measure,
  gateway: async () => (await import('../measures/gateway.ts')).measure,
  'gateway-heap': async () => (await import('../measures/gateway-heap.ts')).measure,
  'gateway-latency': async () => (await import('../measures/gateway-latency.ts')).measure,
  'heap-pending': async () => (await import('../measures/heap-pending.ts')).measure,
  'heap-sequence': async () => (await import('../measures/heap-sequence.ts')).measure,
  idle: async () => (await import('../measures/idle.ts')).measure,
  learned: async () => (await import('../measures/learned.ts')).measure,
  pending: async () => (await import('../measures/pending.ts')).measure,
  share: async () => (await import('../measures/share.ts')).measure,
  streams: async () => (await import('../measures/streams.ts')).measure,
  tenants: async () => (await import('../measures/tenants.ts')).measure,
  throughput: async () => (await import('../measures/throughput.ts')).measure,
};

export type MeasureName = keyof typeof measures;

/** What a measurement has to be told. */
export type MeasureArgs<Name extends MeasureName> = Parameters<Awaited<ReturnType<(typeof measures)[Name]>>>[0];
