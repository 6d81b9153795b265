import type { Clock } from '../domain/clock.ts';
import type { EngineActors } from './engine-actors.ts';
import type { ModelRegistry } from './model-registry.ts';
import { SAMPLE_EVERY_MS } from './sampled-stream.ts';

/** Shows an inspector how full things are; the actors themselves hear of changes of mode only. */
export function sampleActors(clock: Clock, actors: EngineActors, models: ModelRegistry): void {
  clock.setTimeout(
    () => {
      if (!actors.active) return;
      for (const queue of models.queues()) {
        queue.sample();
        for (const unit of queue.ownUnits) unit.sample();
      }
      for (const deployment of models.deployments()) deployment.sample();
      sampleActors(clock, actors, models);
    },
    SAMPLE_EVERY_MS,
    { background: true },
  );
}
