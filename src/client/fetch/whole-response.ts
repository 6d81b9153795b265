/**
 * A Response whose body is there already. The platform's own makes a stream of every body at once and reads it back for
 * `json()`, which costs as much as the queue; here the stream is made for whoever asks for it.
 */
export class WholeResponse extends Response {
  readonly #text: string;
  /** What the text is as JSON; handed out once, so that nobody shares it. */
  #json: unknown;
  #isRead = false;
  #platform: Response | undefined;

  /** @param json what `text` is as JSON; undefined where it is none */
  constructor(text: string, json: unknown, init: ResponseInit) {
    super(null, init);
    this.#text = text;
    this.#json = json;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#asPlatform().body;
  }

  override get bodyUsed(): boolean {
    return this.#platform?.bodyUsed ?? this.#isRead;
  }

  override async text(): Promise<string> {
    if (this.#platform !== undefined) return this.#platform.text();
    this.#read();
    return this.#text;
  }

  override async json(): Promise<unknown> {
    if (this.#platform !== undefined) return this.#platform.json();
    this.#read();
    const json = this.#json;
    this.#json = undefined;
    return json === undefined ? JSON.parse(this.#text) : json;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asPlatform().arrayBuffer();
  }

  override async blob(): Promise<Blob> {
    return this.#asPlatform().blob();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#asPlatform().bytes();
  }

  override async formData(): Promise<FormData> {
    return this.#asPlatform().formData();
  }

  override clone(): Response {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    if (this.#platform !== undefined) return this.#platform.clone();
    return new WholeResponse(this.#text, undefined, this);
  }

  #read(): void {
    if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read');
    this.#isRead = true;
  }

  #asPlatform(): Response {
    if (this.#platform === undefined) {
      this.#platform = new Response(this.#text, this);
      // Read before anybody asked for the stream: it is one that is used up.
      if (this.#isRead) void this.#platform.text();
    }
    return this.#platform;
  }
}
