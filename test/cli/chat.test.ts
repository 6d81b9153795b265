import { describe, expect, it } from 'vitest';
import { Chat } from '../../src/cli/chat/chat.ts';
import { understand } from '../../src/cli/chat/chat-commands.ts';
import { ChatOutput } from '../../src/cli/chat/chat-output.ts';
import { sideBySide, wrapped } from '../../src/cli/chat/side-by-side.ts';
import { anthropicAnswer, anthropicEvents, failure, keys, refusal, world } from '../client/llm-world.ts';

async function chat(options: { readonly system?: string; readonly isTerminal?: boolean } = {}) {
  const { manager, clock, calls, behave, until } = await world(keys(2, {}, { acquireTimeout: 60 }));
  const printed = { out: '', problems: '' };
  const stream = (name: 'out' | 'problems') => ({
    isTTY: options.isTerminal ?? false,
    columns: 60,
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const output = new ChatOutput(stream('out'), stream('problems'), false);
  const talk = new Chat({ manager, clock, output, model: undefined, system: options.system });
  behave(({ body }) => (body['stream'] === true ? { events: anthropicEvents('Four ', 'metres.') } : anthropicAnswer('Five metres.')));
  return { talk, printed, calls, behave, until, manager, clock };
}

describe('a chat', () => {
  it('sends the conversation with each prompt, and shows answers as they come', async () => {
    const { talk, printed, calls, until } = await chat({ system: 'Be brief.' });
    await until(talk.ask('How deep?'));
    await until(talk.ask('And how wide?'));
    expect(printed).toEqual({ out: 'Four metres.\nFour metres.\n', problems: '' });
    expect(calls[1]?.body).toMatchObject({
      system: 'Be brief.',
      stream: true,
      messages: [
        { role: 'user', content: 'How deep?' },
        { role: 'assistant', content: 'Four metres.' },
        { role: 'user', content: 'And how wide?' },
      ],
    });
  });

  it.each([true, false])('says why a call waits, after a second and every ten (on a terminal: %s)', async (isTerminal) => {
    const { talk, printed, behave, until, clock } = await chat({ isTerminal });
    behave((_, count) => (count <= 2 ? refusal(25) : { events: anthropicEvents('Deep.'), gapMs: 3_000 }));
    const asked = talk.ask('How deep?');
    await clock.advance(900);
    expect(printed).toEqual({ out: '', problems: '' });
    await until(asked);
    const said = isTerminal ? printed.out : printed.problems;
    const lines = said.split('\n').filter((line) => line.includes('waiting: '));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/waiting: .*'anthropic-1'.* until 2025-01-01T00:00:25Z \(in \d+ s\)/);
    if (!isTerminal) expect(printed.out).toBe('Deep.\n');
  });

  it('forgets a prompt that got no answer', async () => {
    const { talk, printed, behave, until } = await chat();
    behave(() => failure(400, 'invalid_request_error'));
    await until(talk.ask('Bad'));
    expect(printed.problems).toMatch(/^headgate: .*out of order.*\n$/);
    expect({ failures: talk.failures, messages: talk.session.getMessages() }).toEqual({ failures: 1, messages: [] });
  });

  it('gives the running answer up when it is stopped, which is no failure', async () => {
    const { talk, printed, calls, behave, until } = await chat();
    behave(() => ({ events: anthropicEvents('a', 'b', 'c'), gapMs: 60_000 }));
    const asked = talk.ask('Long');
    await until(Promise.resolve());
    expect(talk.stop()).toBe(true);
    await until(asked);
    expect(printed.out).toContain('(stopped)\n');
    expect({ failures: talk.failures, messages: talk.session.getMessages().length }).toEqual({ failures: 0, messages: 0 });
    expect(calls.every(({ aborted }) => aborted)).toBe(true);
    expect(talk.stop()).toBe(false);
  });

  it('sends copies at once, once, and goes on with the first good answer', async () => {
    const { talk, printed, calls, behave, until } = await chat({ isTerminal: true });
    expect(understand(talk, '/parallel 2')).toEqual({ kind: 'done' });
    behave((_, count) => (count === 1 ? failure(400, 'invalid_request_error') : anthropicAnswer('Five metres.')));
    await until(talk.ask('How deep?'));
    expect(calls).toHaveLength(2);
    expect(printed.out).toMatch(/\[1\] failed +\[2\] anthropic-\d/);
    expect(talk.session.getMessages()).toMatchObject([{ content: 'How deep?' }, { content: 'Five metres.' }]);
    await until(talk.ask('Again'));
    expect(calls).toHaveLength(3);
  });
});

describe('a line of a chat', () => {
  it.each([
    ['', { kind: 'done' }],
    ['Hello', { kind: 'prompt', text: 'Hello' }],
    ['//etc is a folder', { kind: 'prompt', text: '/etc is a folder' }],
    ['/EXIT', { kind: 'exit' }],
    ['/quit', { kind: 'exit' }],
    ['/help', { kind: 'done' }],
  ])('%j means %j', async (line, meaning) => {
    const { talk } = await chat();
    expect(understand(talk, line)).toEqual(meaning);
  });

  it.each([
    ['/nope', "headgate: Unknown command '/nope'. /help lists the commands; // sends a prompt that begins with /.\n"],
    ['/toString', "headgate: Unknown command '/toString'. /help lists the commands; // sends a prompt that begins with /.\n"],
    ['/parallel 11', "headgate: /parallel is '11'; expected a whole number from 1 to 10.\n"],
    ['/parallel', "headgate: /parallel is ''; expected a whole number from 1 to 10.\n"],
    ['/stream maybe', "headgate: /stream is 'maybe'; expected on or off.\n"],
    ['/model claude-y', "headgate: No client has the model 'claude-y'. There are: claude-x.\n"],
  ])('%s says what is wrong', async (line, problem) => {
    const { talk, printed } = await chat();
    understand(talk, line);
    expect(printed.problems).toBe(problem);
  });

  it('sets what is to be different from now on', async () => {
    const { talk, printed, until } = await chat();
    for (const line of ['/stream off', '/system Be brief.', '/system', '/model claude-x']) understand(talk, line);
    await until(talk.ask('How deep?'));
    expect(printed.out).toBe(
      "Streaming is off.\nThe system prompt is set.\nSystem prompt: Be brief.\nclaude-x of 'anthropic' answers from now on.\nFive metres.\n",
    );
    understand(talk, '/clear');
    understand(talk, '/system none');
    expect(talk.session.getMessages()).toEqual([]);
  });
});

describe('answers side by side', () => {
  it('stand in columns, or below each other where there is no room', () => {
    const columns = [
      { heading: '[1]', text: 'one two three four five six seven' },
      { heading: '[2]', text: 'x\ny' },
    ];
    expect(sideBySide(columns, 50)).toEqual([
      '[1]                       [2]',
      '',
      'one two three four five   x',
      'six seven                 y',
    ]);
    expect(sideBySide(columns, 30)).toEqual(['[1]', 'one two three four five six seven', '', '[2]', 'x', 'y', '']);
  });

  it('break at spaces, and cut what is longer than a line', () => {
    expect(wrapped('ab cd', 3)).toEqual(['ab', 'cd']);
    expect(wrapped('abcdefgh i', 3)).toEqual(['abc', 'def', 'gh', 'i']);
    expect(wrapped('', 3)).toEqual(['']);
  });
});
