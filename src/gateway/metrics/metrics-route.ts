import { TenantRefused } from '../calls/tenant-refused.ts';
import type { AddRoutes } from '../gateway-parts.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** `GET /metrics` for Prometheus. It tells of every tenant: where the gateway asks for keys, an admin's is needed. */
export function metricsRoute(metrics: GatewayMetrics): AddRoutes {
  return (app, { authenticate }) => {
    app.get('/metrics', async (request, reply) => {
      const { isAdmin } = await authenticate(request);
      if (!isAdmin) {
        const message = '/metrics tells of every tenant: use a key made with headgate keys create --admin.';
        throw new TenantRefused({ status: 403, code: 'tenant_forbidden', message });
      }
      return reply.type(metrics.contentType).send(await metrics.text());
    });
  };
}
