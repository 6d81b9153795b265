import type { CostRuleName } from './cost-rules.ts';
import type { Mechanism, SimulatedLimitType } from './limits/simulated-limit.ts';
import type { Dialect } from './simulator-options.ts';

/** How a kind of provider counts, and the limits it starts with where none are given. */
export interface SimulatorPreset {
  readonly cost: CostRuleName;
  readonly mechanism: Mechanism;
  /** Requests limits' own mechanism, where it differs. */
  readonly requestsMechanism?: Mechanism;
  readonly dialect: Dialect;
  readonly limits: Readonly<Partial<Record<SimulatedLimitType, number>>>;
}

/**
 * Named after whom they imitate; the numbers are published entry tiers and date from 2026. `plain` counts what a call
 * really uses and starts without limits.
 */
export const SIMULATOR_PRESETS = {
  plain: { cost: 'exact', mechanism: 'bucket', dialect: 'openai', limits: {} },
  openai: { cost: 'openai', mechanism: 'bucket', dialect: 'openai', limits: { rpm: 500, tpm: 30_000 } },
  azure: {
    cost: 'azure',
    mechanism: 'fixed',
    requestsMechanism: 'subwindow',
    dialect: 'azure',
    limits: { rpm: 600, tpm: 100_000 },
  },
  groq: { cost: 'azure', mechanism: 'bucket', dialect: 'groq', limits: { rpm: 30, rpd: 1000, tpm: 12_000, tpd: 100_000 } },
  anthropic: { cost: 'metered-output', mechanism: 'bucket', dialect: 'anthropic', limits: { rpm: 1000, itpm: 450_000, otpm: 90_000 } },
} as const satisfies Readonly<Record<string, SimulatorPreset>>;

/** Name of a preset. */
export type SimulatorPresetName = keyof typeof SIMULATOR_PRESETS;
