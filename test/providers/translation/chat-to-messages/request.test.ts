import { describe, expect, it } from 'vitest';
import { openAiChatToAnthropic } from '../../../../src/providers/translation/chat-to-messages/openai-chat-to-anthropic.ts';
import { Untranslatable } from '../../../../src/providers/translation/translation.ts';

const HI = { role: 'user', content: 'Hi' };
const ASKED = { max_tokens: 4096, messages: [HI] };

/** As it goes over the wire. */
function translated(body: object): unknown {
  return JSON.parse(JSON.stringify(openAiChatToAnthropic.translate({ messages: [HI], ...body }).body));
}

function refusal(body: object): Untranslatable {
  try {
    translated(body);
  } catch (error) {
    if (error instanceof Untranslatable) return error;
    throw error;
  }
  throw new Error('It was translated.');
}

const lookup = { type: 'function', function: { name: 'lookup', parameters: { type: 'object', properties: { q: { type: 'string' } } } } };
const LOOKUP = { name: 'lookup', input_schema: { type: 'object', properties: { q: { type: 'string' } } } };
const call = (id: string, text: string) => ({ id, type: 'function', function: { name: 'lookup', arguments: text } });
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };

describe('the fields of a chat completion', () => {
  it.each<[string, object, object]>([
    ['nothing but messages', {}, {}],
    ['model', { model: 'm' }, { model: 'm' }],
    ['max_tokens', { max_tokens: 7 }, { max_tokens: 7 }],
    ['max_completion_tokens before max_tokens', { max_completion_tokens: 8, max_tokens: 7 }, { max_tokens: 8 }],
    ['temperature 0 and top_p', { temperature: 0, top_p: 0.5 }, { temperature: 0, top_p: 0.5 }],
    ['temperature 1', { temperature: 1 }, { temperature: 1 }],
    ['one stop', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['several stops', { stop: ['END', '\n\nQ:'] }, { stop_sequences: ['END', '\n\nQ:'] }],
    ['no stops', { stop: [] }, {}],
    ['stream', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
    ['no stream', { stream: false }, {}],
    ['user', { user: 'u' }, { metadata: { user_id: 'u' } }],
    ['safety_identifier before user', { user: 'u', safety_identifier: 's' }, { metadata: { user_id: 's' } }],
    ['service tier auto', { service_tier: 'auto' }, {}],
    ['service tier default', { service_tier: 'default' }, { service_tier: 'standard_only' }],
    ['an effort', { reasoning_effort: 'high' }, { output_config: { effort: 'high' } }],
    ['the least effort', { reasoning_effort: 'minimal' }, { output_config: { effort: 'low' } }],
    ['no effort', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['no effort, said twice', { reasoning_effort: 'none', thinking: { type: 'disabled' } }, { thinking: { type: 'disabled' } }],
    [
      'a limit above what may be thought, where none is said',
      { thinking: { type: 'enabled', budget_tokens: 9000 } },
      { max_tokens: 13_096, thinking: { type: 'enabled', budget_tokens: 9000 } },
    ],
    ["Anthropic's own words", { top_k: 3, thinking: { type: 'adaptive' } }, { top_k: 3, thinking: { type: 'adaptive' } }],
    ['what changes nothing', { metadata: { a: 'b' }, store: true, prompt_cache_key: 'k', prompt_cache_retention: '24h' }, {}],
    ['what asks for nothing', { n: 1, logprobs: false, logit_bias: {}, presence_penalty: 0, modalities: ['text'], tools: [] }, {}],
    ['null everywhere', { n: null, stop: null, temperature: null, seed: null, user: null, tools: null, response_format: null }, {}],
  ])('%s', (_name, said, expected) => {
    expect(translated(said)).toEqual({ ...ASKED, ...expected });
  });

  it.each<[string, object]>([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['logit_bias', { logit_bias: { '50256': -100 } }],
    ['presence_penalty', { presence_penalty: 0.1 }],
    ['frequency_penalty', { frequency_penalty: -1 }],
    ['seed', { seed: 0 }],
    ['verbosity', { verbosity: 'low' }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['web_search_options', { web_search_options: {} }],
    ['moderation', { moderation: { model: 'm' } }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['function_call', { function_call: { name: 'f' } }],
    ['temperature', { temperature: 1.01 }],
    ['stop', { stop: ' \n' }],
    ['stop[1]', { stop: ['END', ''] }],
    ['service_tier', { service_tier: 'flex' }],
    ['reasoning_effort', { reasoning_effort: 'gigantic' }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    ['response_format.grammar', { response_format: { type: 'text', grammar: 'x' } }],
    ['stream_options.include_more', { stream: true, stream_options: { include_more: true } }],
    ['thinking', { reasoning_effort: 'none', thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['a_field_of_tomorrow', { a_field_of_tomorrow: 1 }],
    ['constructor', { constructor: 1 }],
  ])('refuses %s and names the way out', (path, said) => {
    expect(refusal(said)).toMatchObject({ path, message: expect.stringMatching(/.{20,}\.$/) });
  });
});

describe('the messages of a chat completion', () => {
  const conversation = (...messages: object[]) => translated({ messages });
  /** Tools that are offered no more are named all the same. */
  const CALLED_BEFORE = { max_tokens: 4096, tools: [{ name: 'lookup', input_schema: { type: 'object' } }], tool_choice: { type: 'none' } };
  const image = (url: string) => ({ role: 'user', content: [{ type: 'image_url', image_url: { url, detail: 'high' } }] });
  const shown = (source: object) => ({ max_tokens: 4096, messages: [{ role: 'user', content: [{ type: 'image', source }] }] });

  it('puts what the system and the developer say to the front, each a block of its own', () => {
    const parts = [
      { type: 'text', text: 'B', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'text', text: 'C', cache_control: { type: 'ephemeral' } },
    ];
    const messages = [{ role: 'system', content: 'A' }, HI, { role: 'developer', content: parts }, { role: 'system', content: ' ' }];
    expect(conversation(...messages)).toEqual({
      ...ASKED,
      system: [
        { type: 'text', text: 'A' },
        { type: 'text', text: 'B' },
        { type: 'text', text: 'C', cache_control: { type: 'ephemeral' } },
      ],
    });
  });

  it('keeps turns, tool calls made together and their results in one turn, whatever the system says in between', () => {
    const answered = conversation(
      HI,
      { role: 'assistant', content: 'Hello.', refusal: null, annotations: [], audio: null, reasoning_content: 'Hm.' },
      { role: 'user', content: [{ type: 'text', text: 'Look.' }] },
      { role: 'assistant', content: null, tool_calls: [call('c1', '{"q":"a"}'), call('c2', ''), call('c3', '{"q":'), call('c4', '[1]')] },
      { role: 'tool', tool_call_id: 'c1', content: 'A' },
      { role: 'system', content: 'Go on.' },
      { role: 'tool', tool_call_id: 'c2', name: 'lookup', content: [{ type: 'text', text: 'B' }] },
      { role: 'tool', tool_call_id: 'c3', content: '' },
      { role: 'user', content: 'And now?' },
    );
    const use = (id: string, input: object) => ({ type: 'tool_use', id, name: 'lookup', input });
    const result = (id: string, content: unknown) => ({ type: 'tool_result', tool_use_id: id, content });
    expect(answered).toEqual({
      ...CALLED_BEFORE,
      system: [{ type: 'text', text: 'Go on.' }],
      messages: [
        HI,
        { role: 'assistant', content: 'Hello.' },
        { role: 'user', content: [{ type: 'text', text: 'Look.' }] },
        {
          role: 'assistant',
          content: [use('c1', { q: 'a' }), use('c2', {}), use('c3', { arguments: '{"q":' }), use('c4', { arguments: '[1]' })],
        },
        { role: 'user', content: [result('c1', 'A'), result('c2', [{ type: 'text', text: 'B' }]), result('c3', [])] },
        { role: 'user', content: 'And now?' },
      ],
    });
  });

  it('names calls of other servers as Anthropic takes it, and each result alike', () => {
    const id = 'functions.lookup:0';
    const messages = [
      HI,
      { role: 'assistant', content: null, tool_calls: [call(id, '{}')] },
      { role: 'tool', tool_call_id: id, content: 'A' },
    ];
    const named = 'functions_2e_lookup_3a_0';
    expect(conversation(...messages)).toEqual({
      ...CALLED_BEFORE,
      messages: [
        HI,
        { role: 'assistant', content: [{ type: 'tool_use', id: named, name: 'lookup', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: named, content: 'A' }] },
      ],
    });
  });

  it('keeps a refusal as what was said, and leaves an assistant out that said nothing', () => {
    const messages = [HI, { role: 'assistant', content: null, refusal: 'No.' }, HI, { role: 'assistant', content: '' }, HI];
    const answered = [HI, { role: 'assistant', content: [{ type: 'text', text: 'No.' }] }, HI, HI];
    expect(conversation(...messages)).toEqual({ max_tokens: 4096, messages: answered });
  });

  it('shows images by address and inlined, and documents', () => {
    expect(conversation(image('https://a.test/b.png'))).toEqual(shown({ type: 'url', url: 'https://a.test/b.png' }));
    const inlined = (mediaType: string) => shown({ type: 'base64', media_type: mediaType, data: 'AAAA' });
    expect(conversation(image('data:image/png;base64,AAAA'))).toEqual(inlined('image/png'));
    expect(conversation(image('data:image/jpg;base64,AAAA'))).toEqual(inlined('image/jpeg'));
    expect(conversation(image('DATA:image/png;BASE64,AAAA'))).toEqual(inlined('image/png'));
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } };
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' };
    const block = { type: 'document', source, title: 'a.pdf' };
    expect(conversation({ role: 'user', content: [file] })).toEqual({ max_tokens: 4096, messages: [{ role: 'user', content: [block] }] });
  });

  it.each<[string, readonly unknown[]]>([
    ['messages', []],
    ['messages', [{ role: 'system', content: 'A' }]],
    ['messages', [HI, { role: 'assistant', content: 'The answer is' }]],
    ['messages[0]', ['Hi']],
    ['messages[0].role', [{ role: 'function', name: 'f', content: '1' }]],
    ['messages[0].role', [{ content: 'Hi' }]],
    ['messages[0].content', [{ role: 'user', content: '' }]],
    ['messages[0].content', [{ role: 'user', content: null }]],
    ['messages[0].name', [{ ...HI, name: 'Ann' }]],
    ['messages[0].content[0]', [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] }]],
    ['messages[0].content[0]', [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://a.test' } }] }]],
    ['messages[0].content[0]', [{ role: 'user', content: ['Hi'] }]],
    ['messages[0].content[0].image_url.url', [image('file:///etc/passwd')]],
    ['messages[0].content[0].image_url.url', [image('data:image/svg+xml,<svg/>')]],
    ['messages[0].content[0].file', [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }]],
    ['messages[0].audio', [{ role: 'assistant', audio: { id: 'a' } }, HI]],
    ['messages[0].function_call', [{ role: 'assistant', function_call: { name: 'f', arguments: '' } }, HI]],
    ['messages[0].tool_calls[0].custom', [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: {} }] }, HI]],
    ['messages[0].tool_call_id', [{ role: 'tool', content: 'A' }]],
  ])('refuses at %s what it can not say: %j', (path, messages) => {
    expect(refusal({ messages })).toMatchObject({ path });
  });
});

describe('the tools of a chat completion', () => {
  it.each<[string, object, object]>([
    ['on offer', {}, { tools: [LOOKUP] }],
    ['auto', { tool_choice: 'auto' }, { tools: [LOOKUP], tool_choice: { type: 'auto' } }],
    ['none', { tool_choice: 'none', parallel_tool_calls: false }, { tools: [LOOKUP], tool_choice: { type: 'none' } }],
    ['required', { tool_choice: 'required' }, { tools: [LOOKUP], tool_choice: { type: 'any' } }],
    [
      'named',
      { tool_choice: { type: 'function', function: { name: 'lookup' } } },
      { tools: [LOOKUP], tool_choice: { type: 'tool', name: 'lookup' } },
    ],
    ['in parallel', { parallel_tool_calls: true }, { tools: [LOOKUP] }],
    ['one at a time', { parallel_tool_calls: false }, { tools: [LOOKUP], tool_choice: { type: 'auto', disable_parallel_tool_use: true } }],
    [
      'one of them',
      { tool_choice: 'required', parallel_tool_calls: false },
      { tools: [LOOKUP], tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    ],
  ])('%s', (_name, said, expected) => {
    expect(translated({ tools: [lookup], ...said })).toEqual({ ...ASKED, ...expected });
  });

  it('that were called before are named once where they are offered no more, unless the answer is a tool itself', () => {
    const turn = [{ role: 'assistant', content: null, tool_calls: [call('c1', '{}'), call('c2', '{}')] }];
    const results = ['c1', 'c2'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'A' }));
    const messages = [HI, ...turn, ...results];
    const named = { tools: [{ name: 'lookup', input_schema: { type: 'object' } }], tool_choice: { type: 'none' } };
    expect(translated({ messages })).toMatchObject(named);
    expect(translated({ messages, tools: [], tool_choice: 'auto' })).toMatchObject(named);
    expect(translated({ messages, tools: [lookup] })).toMatchObject({ tools: [LOOKUP] });
    expect(translated({ messages, response_format: { type: 'json_object' } })).toMatchObject({ tools: [{ name: 'json_answer' }] });
  });

  it('describes them, strict ones as strict, ones without parameters as objects', () => {
    const tools = [
      { type: 'function', function: { name: 'a', description: 'Does a.', parameters: schema, strict: true } },
      { type: 'function', function: { name: 'b', description: null, parameters: {}, strict: false } },
      { type: 'function', function: { name: 'c' } },
    ];
    expect(translated({ tools })).toEqual({
      ...ASKED,
      tools: [
        { name: 'a', description: 'Does a.', input_schema: schema, strict: true },
        { name: 'b', input_schema: { type: 'object' } },
        { name: 'c', input_schema: { type: 'object' } },
      ],
    });
  });

  it.each<[string, object]>([
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['tools[0].function.returns', { tools: [{ type: 'function', function: { name: 'x', returns: {} } }] }],
    ['tool_choice', { tools: [lookup], tool_choice: { type: 'allowed_tools', allowed_tools: {} } }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice', { tools: [], tool_choice: { type: 'function', function: { name: 'lookup' } } }],
    ['tool_choice', { tool_choice: 'required', response_format: { type: 'json_object' } }],
    ['tool_choice.name', { tools: [lookup], tool_choice: { type: 'function', name: 'x', function: { name: 'lookup' } } }],
    ['tool_choice.function.strict', { tools: [lookup], tool_choice: { type: 'function', function: { name: 'lookup', strict: true } } }],
    ['response_format', { tools: [lookup], response_format: { type: 'json_object' } }],
  ])('refuses %s', (path, said) => {
    expect(refusal(said)).toMatchObject({ path });
  });
});

describe('the form of an answer', () => {
  const jsonSchema = (more: object) => ({ response_format: { type: 'json_schema', json_schema: { name: 'person', schema, ...more } } });

  it('is a text, or guaranteed by a strict schema, beside tools too', () => {
    expect(translated({ response_format: { type: 'text' } })).toEqual(ASKED);
    const format = { type: 'json_schema', schema };
    expect(translated({ ...jsonSchema({ strict: true }), tools: [lookup], reasoning_effort: 'low' })).toEqual({
      ...ASKED,
      tools: [LOOKUP],
      output_config: { effort: 'low', format },
    });
    expect(translated(jsonSchema({ strict: true, description: 'Who.' }))).toEqual({
      ...ASKED,
      output_config: { format: { type: 'json_schema', schema: { description: 'Who.', ...schema } } },
    });
  });

  it('is else the input of the one tool that must be called', () => {
    const forced = (name: string, input: object) => ({
      ...ASKED,
      tools: [{ name, description: expect.any(String), input_schema: input }],
      tool_choice: { type: 'tool', name, disable_parallel_tool_use: true },
    });
    expect(translated(jsonSchema({}))).toEqual(forced('person', schema));
    expect(translated({ ...jsonSchema({}), tools: [lookup], tool_choice: 'none' })).toEqual(forced('person', schema));
    expect(translated({ response_format: { type: 'json_object' } })).toEqual(forced('json_answer', { type: 'object' }));
    expect(refusal(jsonSchema({ schema: { type: 'array' } }))).toMatchObject({ path: 'response_format.json_schema.schema' });
  });
});
