import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isTenantName, TENANT_NAME } from '../../config/tenants-config.ts';
import { type Caller, LOCAL_CALLER } from '../calls/caller.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import type { KeyRing } from './key-ring.ts';

const TENANT_HEADER = 'x-headgate-tenant';

/**
 * Tells who sends a request, by its key: `authorization: Bearer …`, `x-api-key` or `api-key`. Where no key was ever made everybody is
 * this machine's own user. `x-headgate-tenant` names another tenant, which only an administrator's key may.
 */
export class Authentication {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Rejects with `TenantRefused`: 401 without a key or with a wrong one, 403 for another's tenant, 503 while keys can't be read. */
  async callerOf(headers: IncomingHttpHeaders): Promise<Caller> {
    if (!(await this.#keys.hasKeys())) {
      if (isForeignName(headers.host ?? '')) throw foreignHost();
      return actingFor(LOCAL_CALLER, headers);
    }
    const key = keyIn(headers);
    if (key === undefined) {
      throw new TenantRefused({
        status: 401,
        code: 'missing_key',
        message:
          'No API key was sent. Send the one that `headgate keys create` printed as `authorization: Bearer <key>`, x-api-key or api-key.',
      });
    }
    const record = await this.#keys.find(key);
    if (record === undefined) {
      const message = 'The API key is not known, or was revoked. `headgate keys list` shows the ids of those that were made.';
      throw new TenantRefused({ status: 401, code: 'unknown_key', message });
    }
    const { keyId, tenant, isAdmin } = record;
    return actingFor({ keyId, tenant, isAdmin }, headers);
  }
}

/** Names that nobody can register, and so let point to this machine. */
const PRIVATE_NAME = /\.(localhost|internal|local|test)$/;

/** Whether a request was sent to a name of the internet: then a page of it may have had it point here, to pass for one of ours. */
function isForeignName(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return name.includes('.') && isIP(name) === 0 && !PRIVATE_NAME.test(name);
}

function foreignHost(): TenantRefused {
  const message =
    'No key was made yet, so the gateway serves this machine only, by its own address and not by a name of the internet. Make a key with `headgate keys create`.';
  return new TenantRefused({ status: 403, code: 'host_forbidden', message });
}

function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const given = [bearer, single(headers['x-api-key']), single(headers['api-key'])].filter((key) => key !== undefined && key !== '');
  // An SDK may send a second one of its own; what looks like ours goes first.
  return given.find((key) => key?.startsWith('hg_')) ?? given[0];
}

function actingFor(caller: Caller, headers: IncomingHttpHeaders): Caller {
  const tenant = single(headers[TENANT_HEADER]);
  if (tenant === undefined || tenant === '' || tenant === caller.tenant) return caller;
  if (!caller.isAdmin) {
    const message = `This key is tied to tenant '${caller.tenant}' and can not act for another. Leave ${TENANT_HEADER} out.`;
    throw new TenantRefused({ status: 403, code: 'tenant_forbidden', message });
  }
  if (!isTenantName(tenant)) {
    throw new TenantRefused({ status: 403, code: 'tenant_forbidden', message: `${TENANT_HEADER}: ${TENANT_NAME}.` });
  }
  return { ...caller, tenant };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
