import process from 'node:process';
import { assembleHeadgate, type CreateHeadgateOptions } from '../client/create-headgate.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { textOf } from '../domain/errors.ts';
import { harmless, silentLogger } from '../domain/logger.ts';
import { systemClock } from '../lib/system-clock.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { openDatabase } from '../stores/sql/open-database.ts';
import { SqlUsageStore } from '../stores/sql/sql-usage-store.ts';
import { CallRunner } from './calls/call-runner.ts';
import { Gateway, Intake } from './gateway.ts';
import type { AddRoutes, GatewayParts } from './gateway-parts.ts';
import { createApp } from './http/app.ts';
import { closeServer } from './http/close-server.ts';
import { addCors } from './http/cors.ts';
import { refuseEarly } from './http/early-refusal.ts';
import { limitAccounts } from './limit-accounts.ts';
import { GatewayMetrics } from './metrics/gateway-metrics.ts';
import { metricsRoute } from './metrics/metrics-route.ts';
import { addOpenApi } from './openapi/openapi-route.ts';
import { PersistedWork } from './persisted/persisted-work.ts';
import { batchRoutes } from './routes/batches.ts';
import { addCountTokens } from './routes/count-tokens.ts';
import { fileRoutes } from './routes/files.ts';
import { addHealth } from './routes/health.ts';
import { modelCallRoutes } from './routes/model-calls.ts';
import { addModels } from './routes/models.ts';
import { requestRoutes } from './routes/requests.ts';
import { statusRoutes } from './status/status-routes.ts';
import { TenantTally } from './status/tenant-tally.ts';
import { startTelemetry } from './telemetry/start-telemetry.ts';
import { Tenants } from './tenants/tenants.ts';
import { UsageKeeper } from './usage-keeper.ts';

export interface GatewayOptions extends Omit<CreateHeadgateOptions, 'estimates'> {}

/** Longest time for what is left to be written once the calls are over. */
const FLUSH_MS = 10_000;
/** Longest time, beyond the calls' own, for what is under way in the store of persisted work. */
const STORE_MS = 2_000;

/** Puts a gateway together from a configuration that is resolved. Throws `InvalidConfiguration` (rejects); nothing stays open then. */
export async function assembleGateway(config: HeadgateConfig, options: GatewayOptions = {}): Promise<Gateway> {
  const { clock = systemClock, logger = silentLogger, env = process.env } = options;
  const { gateway: settings, prices } = config;
  const opened: (() => Promise<unknown>)[] = [];
  const keep = <T>(part: T, close: (part: T) => Promise<unknown>): T => {
    opened.push(() => close(part));
    return part;
  };
  try {
    const headgate = keep(assembleHeadgate(config, { ...options, clock, logger, env }), (part) => part.close({ force: true }));
    const database = keep(await openDatabase(settings.database), (part) => part.close());
    const usage = new UsageKeeper({
      queues: headgate.queues,
      store: new SqlUsageStore(database),
      accounts: limitAccounts(config),
      clock,
      logger: harmless(logger),
    });
    await usage.restore();
    const tenants = keep(await Tenants.open({ config, database: settings.database, clock, logger }), (part) => part.close());
    const providers = new Map(headgate.status().deployments.map(({ id, provider }) => [id, provider]));
    const telemetry = keep(
      await startTelemetry({
        settings: config.telemetry,
        prices,
        providerOf: (id) => providers.get(id),
        env,
        clock,
        logger: harmless(logger),
      }),
      (part) => part.close(FLUSH_MS),
    );
    const metrics = new GatewayMetrics(headgate.queues, prices, logger);
    if (telemetry.records !== undefined) metrics.showRecords(telemetry.records);
    const tally = new TenantTally();
    const calls = new CallRunner({
      headgate,
      gate: tenants.gate,
      observers: [tenants.gate, tally, metrics, usage, ...telemetry.observers],
      clock,
      logger,
      payloads: config.telemetry.payloads,
    });
    const offers = (owner: { readonly tenant: string }, model: string): boolean =>
      headgate.upstreamsOf(model).length > 0 && tenants.gate.mayUse({ ...owner, keyId: undefined, isAdmin: false }, model);
    const mostBodyBytes = settings.bodyLimitBytes;
    const work = keep(await PersistedWork.open({ database: settings.database, calls, clock, logger, offers, mostBodyBytes }), (part) =>
      part.stop(),
    );
    const inTime = (closed: Promise<void>, ms: number): Promise<void> =>
      withTimeout(() => closed, ms / 1000, clock).catch((error: unknown) =>
        harmless(logger).error({ reason: textOf(error) }, 'a store did not close in time, or failed to'),
      );
    const app = createApp({ bodyLimit: settings.bodyLimitBytes, readTimeoutMs: settings.readTimeoutSeconds * 1_000, logger });
    const intake = new Intake();
    const parts: GatewayParts = {
      headgate,
      calls,
      clock,
      logger,
      authenticate: ({ headers }) => tenants.callerOf(headers),
      mayUse: (caller, modelId) => tenants.gate.mayUse(caller, modelId),
      closing: () => intake.refusal,
    };
    addCors(app, settings.cors);
    refuseEarly(app, parts);
    const routes: readonly AddRoutes[] = [
      addHealth,
      addOpenApi,
      addModels,
      modelCallRoutes(settings.writeTimeoutSeconds * 1_000),
      addCountTokens,
      requestRoutes(work),
      fileRoutes(work),
      batchRoutes(work),
      statusRoutes({ tally, budgetsOf: (tenant) => tenants.budgetsOf(tenant) }),
      metricsRoute(metrics),
    ];
    for (const add of routes) add(app, parts);
    return new Gateway({
      headgate,
      app,
      intake,
      hasKeys: () => tenants.hasKeys(),
      start: () => work.start(),
      stop: async (deadlineMs) => {
        intake.close();
        // Work that was handed in stops first: what isn't done must not be told as failed.
        await Promise.all([inTime(work.stop(deadlineMs), deadlineMs + STORE_MS), headgate.close({ deadlineMs })]);
        await closeServer(app, clock);
        await Promise.all([
          telemetry.close(FLUSH_MS),
          inTime(tenants.close(), FLUSH_MS),
          inTime(
            usage.stop().finally(() => database.close()),
            FLUSH_MS,
          ),
        ]);
      },
    });
  } catch (error) {
    await Promise.allSettled(opened.reverse().map((close) => close()));
    throw error;
  }
}
