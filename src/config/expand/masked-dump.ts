import type { DeploymentEntry, GatewaySettings, HeadgateConfig, ServerAddress } from '../headgate-config-types.ts';
import { maskKey, maskUrl } from './mask-key.ts';

/** Node's name for what `console.log` shows of an object; a symbol of that name means nothing elsewhere. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The same deployment, whose key and headers are masked when it is logged, inspected or turned into JSON. */
export function dumpingMasked(entry: DeploymentEntry): DeploymentEntry {
  return dumpingAs(entry, maskedDeployment);
}

/** The same for the address of a server. */
export function addressOf(url: string): ServerAddress {
  return dumpingAs({ url }, maskedAddress);
}

/** The same for the gateway's settings, which name its database. */
export function gatewayOf(settings: GatewaySettings): GatewaySettings {
  return dumpingAs(settings, maskedGateway);
}

function dumpingAs<T extends object>(value: T, mask: (value: T) => T): T {
  const masked = (): T => mask(value);
  // Not enumerable: a copy made by spreading is a plain object.
  return Object.defineProperties({ ...value }, { toJSON: { value: masked }, [INSPECT]: { value: masked } });
}

function maskedAddress({ url }: ServerAddress): ServerAddress {
  return { url: maskUrl(url) };
}

function maskedGateway(settings: GatewaySettings): GatewaySettings {
  const { database } = settings;
  return { ...settings, database: database.includes('://') ? maskUrl(database) : database };
}

/** What may be shown of a deployment. */
function maskedDeployment(entry: DeploymentEntry): DeploymentEntry {
  return {
    ...entry,
    ...(entry.apiKey !== undefined && { apiKey: maskKey(entry.apiKey) }),
    ...(entry.baseUrl !== undefined && { baseUrl: maskUrl(entry.baseUrl) }),
    ...(entry.azure !== undefined && { azure: { ...entry.azure, azureEndpoint: maskUrl(entry.azure.azureEndpoint) } }),
    headers: Object.fromEntries(Object.keys(entry.headers).map((header) => [header, '***'])),
  };
}

/** What may be shown of a configuration. */
export function maskedConfig(config: HeadgateConfig): HeadgateConfig {
  return {
    ...config,
    gateway: maskedGateway(config.gateway),
    ...(config.limitsStore && { limitsStore: maskedAddress(config.limitsStore) }),
    models: mapped(config.models, (model) => ({ ...model, deployments: model.deployments.map(maskedDeployment) })),
    providers: mapped(config.providers, ({ settings, ...section }) => ({
      ...section,
      settings: { ...settings, ...(settings.baseUrl !== undefined && { baseUrl: maskUrl(settings.baseUrl) }) },
    })),
  };
}

function mapped<T>(entries: Readonly<Record<string, T>>, change: (value: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]));
}
