import { Counter, Gauge, type Registry } from 'prom-client';
import type { EngineMetrics, LimiterInfo, QueueMetrics } from '../engine/queue-info.ts';
import type { QueueManager } from '../engine/queue-manager.ts';
import { LabelValues, OTHER } from './label-values.ts';

/** Deployments and domains that have series of their own. */
const MOST_PLACES = 500;
const CIRCUIT = { closed: 0, 'half-open': 1, open: 2 } as const;
const DISABLED = 3;

/** How the labels of models and tenants are said. */
interface Labels {
  model(name: string): string;
  pair(model: string, tenant: string): { readonly model: string; readonly tenant: string };
}

/** What an engine can be asked for when somebody scrapes: queues, limits, circuits, and what its queues have counted. */
export function registerEngineMetrics(registry: Registry, manager: QueueManager, labels: Labels): void {
  const registers = [registry];
  const places = new LabelValues(MOST_PLACES);
  const sample = sampledOncePerScrape(manager);
  const models = (): readonly QueueMetrics[] => Object.values(sample().models);

  new Gauge({
    name: 'headgate_queue_depth',
    help: 'Requests that wait.',
    labelNames: ['model', 'tenant'],
    registers,
    collect() {
      this.reset();
      for (const { modelId } of models()) this.inc(labels.pair(modelId, ''), 0);
      for (const { modelId, tenant, waiting } of manager.getTenantCounts()) this.inc(labels.pair(modelId, tenant), waiting);
    },
  });
  new Counter({
    name: 'headgate_refusals_total',
    help: 'Calls that a provider refused with 429.',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset();
      for (const { modelId, refused } of models()) this.inc({ model: labels.model(modelId) }, refused);
    },
  });
  new Gauge({
    name: 'headgate_limit_share',
    help: 'Used part of a limit, of a model, a deployment or a domain; 1 is all of it.',
    labelNames: ['limit', 'model', 'deployment', 'domain'],
    registers,
    collect() {
      this.reset();
      for (const { at, limiter } of models().flatMap(limitsOf)) {
        const place = { model: '', deployment: '', domain: '', ...at };
        if (places.of(JSON.stringify(at)) !== OTHER) this.set({ limit: limiter.type, ...place }, limiter.usage / limiter.limit);
      }
    },
  });
  new Gauge({
    name: 'headgate_circuit_state',
    help: 'Whether a deployment takes calls: 0 closed, it does; 1 half-open, a probe is under way; 2 open; 3 disabled.',
    labelNames: ['deployment'],
    registers,
    collect() {
      this.reset();
      for (const { id, state, circuit } of models().flatMap(({ deployments }) => deployments)) {
        if (places.of(id) !== OTHER) this.set({ deployment: id }, state === 'disabled' ? DISABLED : CIRCUIT[circuit]);
      }
    },
  });
}

/** Tokens as an engine's queues count them: by model alone. */
export function registerEngineTokens(registry: Registry, manager: QueueManager, labels: Labels): void {
  new Counter({
    name: 'headgate_tokens_total',
    help: 'Tokens that requests used.',
    labelNames: ['model', 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { modelId, tokens } of Object.values(manager.getMetrics().models)) {
        const model = labels.model(modelId);
        this.inc({ model, kind: 'input' }, tokens.used.input);
        this.inc({ model, kind: 'output' }, tokens.used.output);
      }
    },
  });
}

type Place = { readonly model: string } | { readonly deployment: string } | { readonly domain: string };

/** Each limit with whose it is: a domain's, wherever it is met; else the deployment's or the model's own. */
function limitsOf({ modelId, rateLimiters, deployments }: QueueMetrics): { readonly at: Place; readonly limiter: LimiterInfo }[] {
  const domains = new Set<string>();
  const found = deployments.flatMap(({ id, rateLimiters: own }) =>
    own.map((limiter) => ({ at: placeOf(limiter, { deployment: id }), limiter })),
  );
  const once = found.filter(({ limiter: { domain, type } }) => {
    if (domain === undefined) return true;
    const key = `${domain}\n${type}`;
    if (domains.has(key)) return false;
    domains.add(key);
    return true;
  });
  // The model's own come first there.
  const ofModel = rateLimiters.slice(0, Math.max(0, rateLimiters.length - once.length));
  return [...ofModel.map((limiter) => ({ at: placeOf(limiter, { model: modelId }), limiter })), ...once];
}

function placeOf({ domain }: LimiterInfo, otherwise: Place): Place {
  return domain === undefined ? otherwise : { domain };
}

/** All metrics of one scrape show the same moment, for the price of one look. */
function sampledOncePerScrape(manager: QueueManager): () => EngineMetrics {
  let taken: EngineMetrics | undefined;
  return () => {
    if (taken === undefined)
      queueMicrotask(() => {
        taken = undefined;
      });
    taken ??= manager.getMetrics();
    return taken;
  };
}
