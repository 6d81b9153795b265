import { z } from 'zod';
import type { Parameter, Schema } from './document-types.ts';

/** What a zod schema takes in, as JSON Schema. */
export function schemaOf(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** The fields of a zod object as parameters of a query. @param says what each is for, by name */
export function queryOf(schema: z.ZodObject, says: Readonly<Record<string, string>>): Parameter[] {
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: 'query',
    description: says[name] ?? '',
    schema: schemaOf(field as z.ZodType),
  }));
}
