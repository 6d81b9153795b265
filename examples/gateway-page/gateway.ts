import { type GatewayStatus, type GatewayWatch, watchGateway } from 'headgate/watch';
import { catchError, EMPTY, type Observable } from 'rxjs';

export interface Gateway {
  readonly watch: GatewayWatch;
  /** Ends quietly where the gateway refuses: `watch.connection$` tells why. */
  readonly status$: Observable<GatewayStatus>;
  /** Hands a request in, and gives its id. */
  submit(model: string, prompt: string): Promise<string>;
}

export function connect(url: string, key: string): Gateway {
  const watch = watchGateway(url, key === '' ? {} : { key });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (key !== '') headers['authorization'] = `Bearer ${key}`;
  return {
    watch,
    status$: watch.status$.pipe(catchError(() => EMPTY)),
    async submit(model, prompt) {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], max_tokens: 50 });
      const response = await fetch(`${url.replace(/\/$/, '')}/v1/requests`, { method: 'POST', headers, body });
      const answer = (await response.json()) as { id: string; error?: { message: string } };
      if (!response.ok) throw new Error(answer.error?.message ?? `The gateway answered ${response.status}.`);
      return answer.id;
    },
  };
}
