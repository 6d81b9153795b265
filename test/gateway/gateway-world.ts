import { onTestFinished } from 'vitest';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import type { GatewayOptions } from '../../src/gateway/assemble-gateway.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { type RunningSimulator, type StartSimulatorOptions, startSimulator } from '../../src/simulator/index.ts';

/** A gateway that listens, with an OpenAI and an Anthropic provider behind it. */
export interface GatewayWorld {
  readonly gateway: Gateway;
  readonly url: string;
  readonly openai: RunningSimulator;
  readonly anthropic: RunningSimulator;
}

export interface WorldOptions {
  /** What the models are told besides their deployments. */
  readonly model?: NonNullable<HeadgateConfigInput['models']>[string];
  readonly config?: HeadgateConfigInput;
  readonly options?: GatewayOptions;
  readonly openai?: Partial<StartSimulatorOptions>;
  readonly anthropic?: Partial<StartSimulatorOptions>;
}

/** Models `gpt` (OpenAI's) and `claude` (Anthropic's); everything is closed when the test is over. */
export async function gatewayWorld({ model, config, options, openai: first, anthropic: second }: WorldOptions = {}): Promise<GatewayWorld> {
  const openai = await startSimulator({ limits: [], ...first });
  const anthropic = await startSimulator({ dialect: 'anthropic', limits: [], ...second });
  const gateway = await createGateway(
    {
      models: {
        gpt: { ...model, deployments: [{ provider: 'openai', baseUrl: `${openai.url}/v1`, apiKey: 'upstream-key' }] },
        claude: { ...model, deployments: [{ provider: 'anthropic', baseUrl: anthropic.url, apiKey: 'upstream-key' }] },
      },
      gateway: { database: 'sqlite::memory:' },
      telemetry: { sink: 'none' },
      ...config,
    },
    { env: {}, ...options },
  );
  const url = await gateway.listen({ port: 0 });
  onTestFinished(async () => {
    await gateway.close({ deadlineMs: 1_000 });
    await Promise.all([openai.close(), anthropic.close()]);
  });
  return { gateway, url, openai, anthropic };
}
