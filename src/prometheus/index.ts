/** Entry `headgate/prometheus`: an engine's metrics for Prometheus. */
export { PrometheusMetrics, type PrometheusOptions } from './prometheus-metrics.ts';
