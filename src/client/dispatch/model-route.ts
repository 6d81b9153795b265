import type { CostRule } from '../../domain/cost-rule.ts';
import type { DispatchCall } from './dispatch-types.ts';
import { translationTo } from './translation-to.ts';
import type { Upstream } from './upstream.ts';

/** What the client knows of a model beside its queue. */
export interface ModelRoute {
  readonly modelId: string;
  readonly upstreams: readonly Upstream[];
  /** Models that take over where this one fails, in this order. */
  readonly fallbacks: readonly string[];
  /** How its deployments charge; one rule, mostly. */
  readonly rules: ReadonlySet<CostRule>;
}

export function modelRoute(modelId: string, upstreams: readonly Upstream[], fallbacks: readonly string[] = []): ModelRoute {
  return { modelId, upstreams, fallbacks, rules: new Set(upstreams.map(({ endpoint }) => endpoint.preset.cost)) };
}

/** What serves a call of the model: its deployments, or its caller's own endpoint where it has none. */
export function upstreamsFor({ upstreams }: ModelRoute, { upstream }: DispatchCall): readonly Upstream[] {
  return upstreams.length > 0 || upstream === undefined ? upstreams : [upstream];
}

/** Whether any of its deployments takes the call's format, as it is or translated. */
export function speaks(route: ModelRoute, call: DispatchCall): boolean {
  return upstreamsFor(route, call).some(
    (upstream) => upstream.endpoint.preset.formats.includes(call.format) || translationTo(upstream, call.format) !== undefined,
  );
}

/** How the call may be charged; one rule, mostly. */
export function rulesFor(route: ModelRoute, call: DispatchCall): ReadonlySet<CostRule> {
  return route.upstreams.length > 0 || call.upstream === undefined ? route.rules : new Set([call.upstream.endpoint.preset.cost]);
}
