import { InvalidConfiguration } from '../../domain/errors.ts';

/** Where a Postgres database is, part by part. */
export interface PostgresParts {
  readonly dbName: string;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  /** Default 5432. */
  readonly port?: number | undefined;
}

/** The same as a connection string. Throws `InvalidConfiguration` where a part is missing. */
export function postgresUrl({ dbName, user, password, host, port = 5432 }: PostgresParts): string {
  for (const [name, value] of Object.entries({ dbName, user, password, host })) {
    if (typeof value === 'string' && value !== '') continue;
    throw new InvalidConfiguration(`'${name}' is missing: expected a connectionString, or dbName, user, password and host.`, name);
  }
  const [who, secret, database] = [user, password, dbName].map(encodeURIComponent);
  return `postgresql://${who}:${secret}@${host}:${port}/${database}`;
}
