import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ANTHROPIC, chat, eventsOf, message, post, setUp } from './in-process.ts';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  flat: z.object({ city: z.string().min(20).max(30), people: z.int().min(3).max(9), share: z.number().max(0.5), open: z.boolean() }),
  nested: z.object({ list: z.array(z.object({ id: z.enum(['x', 'y']), tag: z.literal('t') })).min(2), none: z.null() }),
  choices: z.object({ either: z.union([z.number(), z.string()]), maybe: z.string().optional(), tuple: z.record(z.string(), z.string()) }),
  list: z.array(z.string()),
};

describe('what a request asks for', () => {
  it.each(Object.keys(SCHEMAS))('the schema of its format: %s', async (name) => {
    const { provider } = setUp();
    const schema = SCHEMAS[name];
    if (!schema) throw new Error(`no schema ${name}`);
    const json = z.toJSONSchema(schema);
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema: json } };
    const whole = (await post(provider, '/v1/chat/completions', chat({ response_format: format }))).json();
    const text: string = whole.choices[0].message.content;
    expect(schema.safeParse(JSON.parse(text)).error).toBeUndefined();
    expect(whole.usage.completion_tokens).toBe(Math.ceil(text.length / 4));
    const plain = { type: 'json_schema', name: 'answer', schema: json };
    const responses = (await post(provider, '/v1/responses', { model: 'm', input: 'x', text: { format: plain } })).json();
    expect(responses.output[0].content[0].text).toBe(text);
    const config = { output_config: { format: plain }, max_tokens: 1000, stream: true };
    const events = eventsOf((await post(provider, '/v1/messages', message(config), ANTHROPIC)).text);
    expect(events.flatMap(({ data }) => JSON.parse(data).delta?.text ?? []).join('')).toBe(text);
  });

  it('ends a schema that contains itself', async () => {
    const { provider } = setUp();
    const schema = {
      type: 'object',
      properties: { next: { $ref: '#/$defs/n' } },
      $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } },
    };
    const body = chat({ response_format: { type: 'json_schema', json_schema: { schema } } });
    const { choices } = (await post(provider, '/v1/chat/completions', body)).json();
    expect(JSON.parse(choices[0].message.content)).toHaveProperty('next.next.next');
  });

  it.each(['required', { type: 'function', function: { name: 'find' } }])('a tool, where it insists on one: %j', async (choice) => {
    const { provider } = setUp();
    const parameters = { type: 'object', properties: { q: { type: 'string' }, n: { type: 'integer', minimum: 7 } } };
    const tools = [{ type: 'function', function: { name: 'find', parameters } }];
    const { choices } = (await post(provider, '/v1/chat/completions', chat({ tools, tool_choice: choice }))).json();
    expect(choices[0].finish_reason).toBe('tool_calls');
    expect(JSON.parse(choices[0].message.tool_calls[0].function.arguments)).toEqual({ q: expect.any(String), n: 7 });
    const free = (await post(provider, '/v1/chat/completions', chat({ tools, tool_choice: 'auto' }))).json();
    expect(free.choices[0].finish_reason).toBe('stop');
    const claude = { tools: [{ name: 'find', input_schema: parameters }], tool_choice: { type: 'any' } };
    const said = (await post(provider, '/v1/messages', message(claude), ANTHROPIC)).json();
    expect([said.stop_reason, said.content[0].input.n]).toEqual(['tool_use', 7]);
  });

  it('a script goes first', async () => {
    const { provider } = setUp();
    const format = { type: 'json_schema', json_schema: { schema: { type: 'object', properties: { a: { type: 'string' } } } } };
    const ask = async (simulate: string) =>
      (await post(provider, '/v1/chat/completions', chat({ response_format: format, metadata: { simulate } }))).json();
    expect((await ask('output_tokens=3')).choices[0].message.content).toMatch(/^[ a-z]{12}$/);
    expect((await ask('refusal')).choices[0].message.refusal).toMatch(/^[ a-z]+$/);
  });
});
