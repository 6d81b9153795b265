import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { silentLogger } from '../../src/domain/logger.ts';
import { GatewayMetrics } from '../../src/gateway/metrics/gateway-metrics.ts';
import { PrometheusMetrics } from '../../src/prometheus/index.ts';
import { bench } from '../engine/harness.ts';

const read = (path: string): string => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

function registered(): { name: string; labels: readonly string[] }[] {
  const metrics = new GatewayMetrics(bench().manager, {}, silentLogger);
  metrics.showRecords({ waiting: 0, lost: 0 });
  const { registry } = metrics;
  return registry.getMetricsAsArray().map((metric) => {
    const labels: unknown = Reflect.get(metric, 'labelNames');
    return { name: metric.name, labels: Array.isArray(labels) ? labels.map(String) : [] };
  });
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

const dashboard = JSON.parse(read('grafana/headgate.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);

/** `headgate_queue_seconds` for `headgate_queue_seconds_bucket`. */
const namesIn = (text: string): string[] => (text.match(/headgate_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''));

describe('the Grafana dashboard', () => {
  it('asks for every metric of the gateway, and for no other', () => {
    const asked = new Set([...queries, ...definitions].flatMap(namesIn));

    expect([...asked].sort()).toEqual(
      registered()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('asks for labels that its metrics have', () => {
    const labelsOf = (name: string): readonly string[] => registered().find((metric) => namesIn(name).includes(metric.name))?.labels ?? [];
    for (const query of [...queries, ...definitions]) {
      for (const [, name = '', selectors = ''] of query.matchAll(/(headgate_\w+)\{([^}]*)\}/g)) {
        for (const [, label] of selectors.matchAll(/(\w+)(?:=~|!=|=)"/g)) expect(labelsOf(name), query).toContain(label);
      }
      const grouped = [...query.matchAll(/by \(([^)]*)\)|label_values\(\w+, (\w+)\)/g)].flatMap(([, by, one]) =>
        (by ?? one ?? '').split(/,\s*/),
      );
      for (const label of grouped.filter((each) => each !== 'le')) {
        for (const name of query.match(/headgate_\w+/g) ?? []) expect(labelsOf(name), query).toContain(label);
      }
    }
  });

  it('has panels of its own ids, each with a query whose brackets close', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const query of queries) {
      for (const [open = '', close = ''] of ['()', '{}', '[]'].map((pair) => pair.split(''))) {
        expect(query.split(open).length, query).toBe(query.split(close).length);
      }
    }
  });
});

it('the metrics of a plain engine have the same names', async () => {
  const { registry } = new PrometheusMetrics(bench().manager);
  const names = registered().map(({ name }) => name);

  for (const { name } of registry.getMetricsAsArray()) expect(names).toContain(name);
});

it('Prometheus is told of the gateway’s path', () => {
  const { scrape_configs: jobs } = parse(read('prometheus.yml')) as { scrape_configs: readonly { metrics_path: string }[] };

  expect(jobs.map(({ metrics_path: path }) => path)).toEqual(['/metrics']);
});
