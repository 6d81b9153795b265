import { expect, it } from 'vitest';
import { LEFT_OUT, REFUSED } from '../../src/providers/translation/chat-to-messages/fields.ts';
import { MESSAGES_FIELDS } from '../../src/providers/translation/messages-to-chat/fields.ts';
import { RESPONSES_FIELDS } from '../../src/providers/translation/responses-to-chat/fields.ts';
import { readPage } from './markdown.ts';

const named = (cell = ''): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

/** The fields in a row of the page's table. */
function rowOf(pair: string): { leftOut: string[]; refused: string[] } {
  const [, , leftOut, refused] = (new RegExp(`^\\| ${pair} \\|.*`, 'm').exec(tableOfFields()) ?? [''])[0].split('|');
  return { leftOut: named(leftOut), refused: named(refused) };
}

function tableOfFields(): string {
  return /<!-- fields -->([\s\S]*?)<!-- \/fields -->/.exec(readPage('docs/translation.md'))?.[1] ?? '';
}

function namesOf<R>(rules: Readonly<Record<string, R>>, is: (rule: R) => boolean): string[] {
  return Object.keys(rules).filter((name) => is(rules[name] as R));
}

it('docs/translation.md names what is left out of a chat completion for Anthropic, and what is refused', () => {
  expect(rowOf('chat → messages')).toEqual({ leftOut: LEFT_OUT, refused: REFUSED.map(({ field }) => field) });
});

it('docs/translation.md names what is left out of a message for chat completions, and what is refused', () => {
  expect(rowOf('messages → chat')).toEqual({
    leftOut: namesOf(MESSAGES_FIELDS, ({ fate }) => fate === 'left-out'),
    refused: namesOf(MESSAGES_FIELDS, ({ fate }) => fate === 'refused'),
  });
});

it('docs/translation.md names what is left out of a response for chat completions, and what is refused', () => {
  expect(rowOf('responses → chat')).toEqual({
    // The model is put in by whoever sends the call.
    leftOut: namesOf(RESPONSES_FIELDS, (rule) => typeof rule === 'object' && 'leftOut' in rule).filter((name) => name !== 'model'),
    refused: namesOf(RESPONSES_FIELDS, (rule) => typeof rule === 'object' && 'only' in rule),
  });
});
