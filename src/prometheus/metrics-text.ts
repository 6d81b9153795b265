import type { Registry } from 'prom-client';
import { textOf } from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';

/** What a scrape gets: every metric of the registry, but for those that fail; these are logged. */
export async function metricsText(registry: Registry, logger: Logger): Promise<string> {
  const texts = await Promise.all(
    registry.getMetricsAsArray().map(async ({ name }) => {
      try {
        return await registry.getSingleMetricAsString(name);
      } catch (error) {
        logger.error({ metric: name, reason: textOf(error) }, 'a metric failed and was left out');
        return undefined;
      }
    }),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [`${text}\n`])).join('\n');
}
