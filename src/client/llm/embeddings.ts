import type { ChatUsage } from '../../domain/chat.ts';

/** How embeddings are asked for. */
export interface EmbedOptions {
  /** Default: the client's first model for embeddings. */
  readonly model?: string | undefined;
  /** Length of the vectors; default: the model's. */
  readonly dimensions?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly priority?: number | undefined;
  readonly tenant?: string | undefined;
  readonly deadline?: Date | number | undefined;
  /** Fields of the provider's own, sent as they are. */
  readonly [field: string]: unknown;
}

export interface Embeddings {
  /** In the order of the input. */
  readonly vectors: readonly (readonly number[])[];
  readonly usage: ChatUsage;
  readonly model: string;
  readonly provider: string;
  /** The deployment that answered. */
  readonly clientId: string;
}
