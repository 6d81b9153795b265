import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/domain/errors.ts';
import * as llmErrors from '../../src/domain/llm-errors.ts';
import * as llmQueueErrors from '../../src/domain/llm-queue-errors.ts';
import { StoreUnavailable } from '../../src/domain/store-errors.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { WatchRefused } from '../../src/watch/index.ts';
import { blocksOf, linkedFiles, ROOT, readPage, writtenPages } from './markdown.ts';

describe('the documents', () => {
  it.each(writtenPages())('%s links to files that exist', (page) => {
    const missing = linkedFiles(page, readPage(page)).filter((path) => !existsSync(`${ROOT}${path}`));

    expect(missing).toEqual([]);
  });

  it('are all in the index of docs/', () => {
    const listed = new Set(linkedFiles('docs/README.md', readPage('docs/README.md')));
    const pages = writtenPages().filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');

    expect(pages.filter((page) => !listed.has(page))).toEqual([]);
  });

  it('name every decision in its index', () => {
    const listed = new Set(linkedFiles('docs/decisions/README.md', readPage('docs/decisions/README.md')));
    const decisions = writtenPages().filter((page) => /^docs\/decisions\/\d/.test(page));

    expect(decisions.filter((page) => !listed.has(page))).toEqual([]);
  });

  it('name every error class with its code and whether it may be retried', () => {
    const page = readPage('docs/errors.md');
    for (const [name, code, retryable] of errorClasses()) {
      expect(page, name).toMatch(new RegExp(`\\| \`${name}\` \\| \`${code}\` \\| ${retryable ? 'yes' : 'no'} \\|`));
    }
  });

  it('name every field of a failed call', () => {
    const page = readPage('docs/errors.md');
    const failure = new ProviderFailure({ message: 'wrong', code: 'wrong', retryable: false });
    const fields = Object.keys(failure).filter((field) => field !== 'name');

    expect(page).toContain('`ProviderFailure`');
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });

  it('name only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
    const named = writtenPages().flatMap((page) => [...readPage(page).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name));

    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe("the README's first screen", () => {
  const readme = readPage('README.md');

  it.each(['npm install && npm start', 'npm install && npm test'])('has `%s` on a line of its own in a block of code', (command) => {
    const lines = blocksOf('README.md', readme).flatMap(({ code }) => code.split('\n'));

    expect(lines).toContain(command);
  });

  it('has the places that a real run fills in', () => {
    for (const marker of ['<!-- demo output -->', '<!-- /demo output -->', '<!-- benchmarks:start -->', '<!-- benchmarks:end -->']) {
      expect(readme.split(marker)).toHaveLength(2);
    }
  });

  it('keeps its program to 30 lines', () => {
    const program = blocksOf('README.md', readme).find(({ language }) => language === 'ts');

    expect(program?.code.split('\n').length).toBeLessThanOrEqual(30);
  });
});

/** Name, code and retryable of every class a user can meet, except those whose instance says it. */
function errorClasses(): [string, string, boolean][] {
  const { RateLimitExceeded, QueueTimeout, QueueTimeoutError, DeadlineExceeded, AttemptTimeout, ModelNotRegistered, RequestCancelled } =
    errors;
  const { InvalidConfiguration, InvalidRequest, SchedulerQueueFullError, DuplicateRequest, EngineStopped, RateLimitRefused } = errors;
  const { UserRateLimitExceededError, UserIdHeaderMissingError, LLMError, ResourceAvailabilityError } = llmQueueErrors;
  const made = [
    new RateLimitExceeded({ requestId: 'r', modelId: 'm', limitType: 'rpm', cost: 2, limit: 1 }),
    new QueueTimeout('late'),
    new QueueTimeoutError('r', 'm', 1),
    new DeadlineExceeded('r', 'm', new Date(0)),
    new AttemptTimeout('r', 'm', 1, 1),
    new ModelNotRegistered('m', []),
    new RequestCancelled('r'),
    new InvalidConfiguration('wrong'),
    new InvalidRequest('wrong'),
    new SchedulerQueueFullError('m', 1),
    new DuplicateRequest('r'),
    new EngineStopped(),
    new RateLimitRefused(),
    new errors.NoDeploymentAvailable('m', []),
    ...Object.values(llmErrors).map((Class) => new Class('wrong')),
    new UserRateLimitExceededError(1),
    new UserIdHeaderMissingError(),
    new LLMError('wrong'),
    new ResourceAvailabilityError('m'),
    new StoreUnavailable('s', 'down'),
    new WatchRefused(401, 'wrong'),
  ];
  const names = new Set(made.map(({ name }) => name));
  const open = ['LLMQueueException', 'ProcessingError'];
  const classes = Object.keys({ ...errors, ...llmQueueErrors }).filter((name) => /^[A-Z]/.test(name));
  const unknown = classes.filter((name) => !names.has(name) && !open.includes(name));
  expect(unknown, 'a class that this test and docs/errors.md should know').toEqual([]);
  return made.map(({ name, code, retryable }) => [name, code, retryable]);
}
