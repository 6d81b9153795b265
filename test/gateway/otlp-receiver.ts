import { createServer, type IncomingHttpHeaders } from 'node:http';

export type Attributes = readonly { key: string; value: Record<string, unknown> }[];

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly events: readonly { name: string; timeUnixNano: string }[];
  readonly status: { code?: number; message?: string };
}

interface Point {
  readonly count: number;
  readonly sum: number;
  readonly attributes: Attributes;
}

/** Takes OTLP as JSON over HTTP, and keeps it. */
export class OtlpReceiver {
  readonly bodies: { path: string; headers: IncomingHttpHeaders; text: string }[] = [];
  status = 200;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.bodies.push({ path: request.url ?? '', headers: request.headers, text: Buffer.concat(chunks).toString() });
      response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
    });
  });

  static open(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    return new Promise((resolve) => receiver.#server.listen(0, '127.0.0.1', () => resolve(receiver)));
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get spans(): Span[] {
    const found = this.bodies.filter(({ path }) => path === '/v1/traces').map(({ text }) => JSON.parse(text) as TracesBody);
    return found.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
  }

  /** Points of a metric, as far as the last report says. */
  points(name: string): readonly Point[] {
    const last = this.bodies.filter(({ path }) => path === '/v1/metrics').at(-1);
    const { resourceMetrics } = JSON.parse(last?.text ?? '{"resourceMetrics":[]}') as MetricsBody;
    const all = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    return all.filter((metric) => metric.name === name).flatMap(({ histogram }) => histogram.dataPoints);
  }
}

interface TracesBody {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

interface MetricsBody {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { name: string; histogram: { dataPoints: readonly Point[] } }[] }[];
  }[];
}
