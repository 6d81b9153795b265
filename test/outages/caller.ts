import OpenAI, { toFile } from 'openai';

const CHAT = '/v1/chat/completions';

function chat(text: string): object {
  return { model: 'gpt', messages: [{ role: 'user', content: text }], max_tokens: 16 };
}

/** Somebody who uses a gateway, wherever it is now. */
export class GatewayCaller {
  readonly #url: () => string;
  readonly #key: string;

  constructor(url: () => string, key = 'none') {
    this.#url = url;
    this.#key = key;
  }

  get(path: string): Promise<Response> {
    return fetch(this.#url() + path, { headers: { authorization: `Bearer ${this.#key}` } });
  }

  /** A call whose answer is waited for. */
  chat(text = 'hi', headers: Record<string, string> = {}): Promise<Response> {
    return this.#post(CHAT, chat(text), headers);
  }

  /** A call that is handed in. */
  handIn(): Promise<Response> {
    return this.#post('/v1/requests', { body: chat('later') });
  }

  async statusOf(id: string): Promise<string> {
    const response = await this.get(`/v1/requests/${id}`);
    const { status = `${response.status}` } = (await response.json()) as { status?: string };
    return status;
  }

  /** @returns its id */
  async handInBatch(lines: number): Promise<string> {
    const line = (index: number): string =>
      JSON.stringify({ custom_id: `line-${index}`, method: 'POST', url: CHAT, body: chat(`Say ${index}`) });
    const input = Buffer.from(Array.from({ length: lines }, (_, index) => line(index)).join('\n'));
    const client = this.#client();
    const file = await client.files.create({ file: await toFile(input, 'input.jsonl'), purpose: 'batch' });
    const { id } = await client.batches.create({ input_file_id: file.id, endpoint: CHAT, completion_window: '24h' });
    return id;
  }

  batch(id: string): Promise<OpenAI.Batch> {
    return this.#client().batches.retrieve(id);
  }

  /** How often each `custom_id` stands in a batch's output. */
  async results(batch: OpenAI.Batch): Promise<ReadonlyMap<string, number>> {
    const text = await (await this.#client().files.content(batch.output_file_id ?? '')).text();
    const times = new Map<string, number>();
    for (const line of text.trimEnd().split('\n')) {
      const { custom_id } = JSON.parse(line) as { custom_id: string };
      times.set(custom_id, (times.get(custom_id) ?? 0) + 1);
    }
    return times;
  }

  #client(): OpenAI {
    return new OpenAI({ apiKey: this.#key, baseURL: `${this.#url()}/v1`, maxRetries: 0 });
  }

  #post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#url() + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }
}
