import { Validator } from '@seriousme/openapi-schema-validator';
import type { FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { openApiDocument } from '../../../src/gateway/openapi/openapi-document.ts';

type Described = Readonly<
  Record<string, Readonly<Record<string, { readonly operationId: string; readonly parameters?: readonly unknown[] }>>>
>;

const NOTHING_KEPT = { gateway: { database: 'sqlite::memory:' }, telemetry: { sink: 'none' } } as const;
const document = JSON.parse(JSON.stringify(openApiDocument())) as { readonly paths: Described };

it('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();

  expect(await validator.validate(JSON.parse(JSON.stringify(document)))).toMatchObject({ valid: true });
  expect(validator.version).toBe('3.1');
});

it('describes every route, and none that there is not', async () => {
  const gateway = await createGateway(NOTHING_KEPT, { env: {} });
  await gateway.app.ready();

  expect(described()).toEqual(routesOf(gateway.app));
  await gateway.close();
});

it('calls each operation by a name of its own, and says each part of its path', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  const ids = operations.map(({ operationId }) => operationId);

  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, parameters = [] } of operations) {
    const said = parameters.flatMap((parameter) => (isPathParameter(parameter) ? [parameter.name] : []));
    expect(said, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
});

it('refers to nothing that is not there, and has nothing that nothing refers to', () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"#\/components\/(\w+\/\w+)"/g)].map(([, path]) => path));
  const { components } = document as unknown as { readonly components: Readonly<Record<string, object>> };
  const { securitySchemes: _, ...parts } = components;
  const present = Object.entries(parts).flatMap(([kind, named]) => Object.keys(named).map((name) => `${kind}/${name}`));

  expect([...referred].sort()).toEqual(present.sort());
});

it('is served to anybody', async () => {
  const gateway = await createGateway(NOTHING_KEPT, { env: {} });
  const { statusCode, headers, json } = await gateway.app.inject({ url: '/openapi.json' });

  expect(statusCode).toBe(200);
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(json()).toEqual(document);
  await gateway.close();
});

function described(): string[] {
  return Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

/** From the tree that Fastify prints of its routes. */
function routesOf(app: FastifyInstance): string[] {
  const above: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S*) ?(?:\((.+)\))?$/.exec(line) ?? [];
      if (part === '') return [];
      const depth = indent.length / 4;
      above.splice(depth, above.length, part);
      const path = above
        .join('')
        .replace(/:(\w+)/g, '{$1}')
        .replace(/^\/v1\/models\/?\*$/, '/v1/models/{model}');
      return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${path}`);
    })
    .sort();
}

function isPathParameter(parameter: unknown): parameter is { readonly name: string } {
  return typeof parameter === 'object' && parameter !== null && 'in' in parameter && parameter.in === 'path';
}
