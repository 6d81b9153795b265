import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionManager } from '../../src/client/sessions/session-manager.ts';
import { type ChatMessage, MessageRole } from '../../src/domain/chat.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { holds } from '../lib/property.ts';

const usage = { promptTokens: 5, completionTokens: 2, totalTokens: 7 };
const contents = (messages: readonly ChatMessage[]) => messages.map(({ content }) => content);

describe('a session', () => {
  it('keeps a conversation in order, the system prompt first', () => {
    const session = new SessionManager({ systemPrompt: 'Be brief.' });
    session.addMessage(MessageRole.USER, 'My name is Alice');
    session.addResponse({ content: 'Hello Alice', usage });
    session.addMessage(MessageRole.USER, "What's my name?");

    expect(session.getMessages()).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'My name is Alice' },
      { role: 'assistant', content: 'Hello Alice' },
      { role: 'user', content: "What's my name?" },
    ]);
    session.addMessage(MessageRole.SYSTEM, 'Be long.');
    expect(session.getMessages()[0]).toEqual({ role: 'system', content: 'Be long.' });
    session.setSystemPrompt(undefined);
    session.clear();
    expect(session.getMessages()).toEqual([]);
  });

  it('drops the oldest messages beyond maxMessages, and answers to what was dropped', () => {
    const session = new SessionManager({ systemPrompt: 's', maxMessages: 4 });
    for (const turn of ['1', '2', '3']) {
      session.addMessage('user', `q${turn}`);
      session.addMessage('assistant', `a${turn}`);
    }
    expect(contents(session.getMessages())).toEqual(['s', 'q3', 'a3']);
  });

  it('drops the oldest messages beyond maxTokens, never the newest', () => {
    const session = new SessionManager({ maxTokens: 20, countTokens: (text) => text.length });
    session.addMessage('user', 'aaaa');
    session.addMessage('user', 'bbbb');
    expect(session.active.tokens).toBe(16);
    session.addMessage('user', 'cccc');
    expect(contents(session.getMessages())).toEqual(['bbbb', 'cccc']);
    session.addMessage('user', 'd'.repeat(100));
    expect(contents(session.getMessages())).toEqual(['d'.repeat(100)]);
  });

  it('never splits a tool call from its results, and never loses the prompt, whatever is added', async () => {
    const turn = fc.oneof(
      fc.constant<ChatMessage[]>([{ role: 'user', content: 'question' }]),
      fc.constant<ChatMessage[]>([{ role: 'assistant', content: 'answer' }]),
      fc.integer({ min: 1, max: 3 }).map((calls): ChatMessage[] => {
        const toolCalls = Array.from({ length: calls }, (_, index) => ({ id: `t${index}`, name: 'look', arguments: '{}' }));
        return [
          { role: 'assistant', content: '', toolCalls },
          ...toolCalls.map(({ id }): ChatMessage => ({ role: 'tool', content: 'seen', toolCallId: id })),
        ];
      }),
    );
    await holds(
      fc.property(
        fc.array(turn, { maxLength: 12 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 80 }),
        (turns, maxMessages, maxTokens) => {
          const session = new SessionManager({ systemPrompt: 'prompt', maxMessages, maxTokens });
          for (const { role, content, ...more } of turns.flat()) session.addMessage(role, content, more);
          const [prompt, ...rest] = session.getMessages();
          expect(prompt).toEqual({ role: 'system', content: 'prompt' });
          if (turns.length > 0) expect(rest.at(-1)).toEqual(turns.flat().at(-1));
          let open: string[] = [];
          for (const message of rest) {
            if (message.role === 'tool') {
              expect(open).toContain(message.toolCallId);
              open = open.filter((id) => id !== message.toolCallId);
            } else {
              expect(open).toEqual([]);
              open = (message.toolCalls ?? []).map(({ id }) => id);
            }
          }
          expect(open).toEqual([]);
        },
      ),
      300,
    );
  });
});

describe('several sessions', () => {
  it('are kept apart, and their usage is added up', () => {
    const sessions = new SessionManager();
    sessions.addMessage('user', 'in default');
    sessions.addResponse({ content: 'ok', usage });
    sessions.use('travel').addMessage('user', 'in travel');
    sessions.addResponse({ content: 'go', usage, toolCalls: [{ id: 't', name: 'book', arguments: '{}' }] });

    expect(sessions.names).toEqual(['default', 'travel']);
    expect(contents(sessions.getMessages())).toEqual(['in travel', 'go']);
    expect(sessions.getMessages()[1]?.toolCalls).toEqual([{ id: 't', name: 'book', arguments: '{}' }]);
    expect(sessions.active.usage).toEqual({ requests: 1, ...usage });
    expect(sessions.usage).toEqual({ requests: 2, promptTokens: 10, completionTokens: 4, totalTokens: 14 });
    expect(sessions.delete('travel')).toBe(true);
    expect(sessions.delete('travel')).toBe(false);
    expect(contents(sessions.getMessages())).toEqual(['in default', 'ok']);
  });

  it('survive export and import as JSON', () => {
    const sessions = new SessionManager({ systemPrompt: 's' });
    sessions.addMessage('user', [{ type: 'image', url: 'https://x/y.png' }], { metadata: { at: 1 } });
    sessions.use('other').addResponse({ content: 'ok', usage, toolCalls: [{ id: 't', name: 'look', arguments: '{}' }] });

    const back = SessionManager.import(JSON.stringify(sessions.export()));

    expect(back.export()).toEqual(sessions.export());
    expect(back.active.name).toBe('other');
    expect(back.session('default').getMessages()).toEqual(sessions.session('default').getMessages());
  });

  it.each([
    ['no JSON', '{torn'],
    ['another version', { version: 2, active: 'a', sessions: {} }],
    [
      'a role that nobody has',
      { version: 1, active: 'a', sessions: { a: { messages: [{ role: 'ghost', content: '' }], usage: { requests: 0, ...usage } } } },
    ],
    ['text that is too large', ' '.repeat(16 * 1024 * 1024 + 1)],
  ])('refuse to import %s', (_, exported) => {
    expect(() => SessionManager.import(exported)).toThrow(InvalidConfiguration);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('may be called %j', (name) => {
    const sessions = new SessionManager();
    sessions.use(name).addMessage('user', 'kept');

    for (const exported of [sessions.export(), JSON.stringify(sessions.export())]) {
      const back = SessionManager.import(exported);
      expect(back.names).toEqual(['default', name]);
      expect(contents(back.getMessages())).toEqual(['kept']);
    }
  });

  it('refuse limits that hold nothing', () => {
    expect(() => new SessionManager({ maxMessages: 0 })).toThrow('maxMessages');
    expect(() => new SessionManager({ maxTokens: Number.NaN })).toThrow('maxTokens');
  });

  const wrong = (value: unknown) => value as never;
  const nonsense = [null, 5, 1n, Symbol('s'), [], Object.create(null), () => {}];

  it.each([Number.NaN, -5, '7', undefined, Promise.resolve(3)])('refuse a count of %s tokens, and stay as they were', (count) => {
    let counts = (text: string): number => text.length;
    const sessions = new SessionManager({ maxTokens: 20, countTokens: (text) => counts(text) });
    sessions.addMessage('user', 'aaaa');
    counts = () => wrong(count);

    for (const act of [() => sessions.addMessage('user', 'bbbb'), () => sessions.setSystemPrompt('s'), () => sessions.active.tokens])
      expect(act).toThrow(expect.objectContaining({ code: 'invalid_configuration', path: 'countTokens' }));
    counts = () => {
      throw new Error('no tokenizer');
    };
    expect(() => sessions.addMessage('user', 'bbbb')).toThrow('no tokenizer');

    expect(sessions.getMessages()).toEqual([{ role: 'user', content: 'aaaa' }]);
  });

  it.each(nonsense.map((value) => [typeof value, value]))('refuse nonsense as what it is (%s)', (_, value) => {
    const sessions = new SessionManager();
    const refused = [
      () => sessions.addMessage(wrong(value), 'x'),
      () => sessions.addMessage('user', wrong(typeof value === 'object' ? 5 : value)),
      () => sessions.addResponse(wrong(value)),
      () => sessions.addResponse({ content: 'x', usage: wrong(value) }),
      () => sessions.setSystemPrompt(wrong(value)),
      () => sessions.session(wrong(value)),
      () => new SessionManager({ maxTokens: wrong(value === 5 ? 0 : value) }),
      () => new SessionManager({ systemPrompt: wrong(value) }),
      ...(typeof value === 'function' ? [] : [() => new SessionManager({ countTokens: wrong(value) })]),
      ...(Object.prototype.toString.call(value) === '[object Object]' ? [] : [() => new SessionManager(wrong(value))]),
    ];
    for (const act of refused) expect(act, String(act)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^invalid_/) }));
    expect(sessions.getMessages()).toEqual([]);
  });

  it('say what they can not export', () => {
    const sessions = new SessionManager();
    sessions.addMessage('user', 'x', { metadata: { later: () => {} } });
    expect(() => sessions.export()).toThrow(expect.objectContaining({ code: 'invalid_request', path: 'metadata' }));
  });
});
