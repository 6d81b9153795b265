/** The part of a state machine that a picture needs; XState's machines have it. */
export interface Chart {
  readonly id: string;
  /** The definition as it was written. */
  readonly config: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

interface Drawing {
  readonly lines: string[];
  readonly arrows: Arrow[];
}

/** One Markdown section for each chart: a heading, what it is, its picture, and what each event means. */
export function chartsAsMarkdown(charts: readonly Chart[]): string {
  return charts.map(chartAsMarkdown).join('\n');
}

function chartAsMarkdown(chart: Chart): string {
  const root = fields(chart.config);
  const description = text(root['description']);
  const events = [...eventsOf(root, 'any state'), ...statesOf(root).flatMap(([name, state]) => eventsOf(fields(state), name))];
  const parts = [`## ${chart.id}\n`];
  if (description !== '') parts.push(`${description}\n`);
  parts.push(`\`\`\`mermaid\n${mermaidChart(chart)}\`\`\`\n`);
  if (events.length > 0) parts.push(['| in | event | |', '|---|---|---|', ...events].join('\n').concat('\n'));
  return parts.join('\n');
}

/** A row for each event that says what it means. */
function eventsOf(state: Fields, where: string): string[] {
  return Object.entries(fields(state['on'])).flatMap(([event, value]) =>
    (Array.isArray(value) ? value : [value])
      .map((transition) => text(fields(transition)['description']))
      .filter((meaning) => meaning !== '')
      .map((meaning) => `| ${where} | \`${event}\` | ${meaning} |`),
  );
}

/** The definitions by id. Functions in them, such as a context's, have no JSON and are left out. */
export function chartsAsJson(charts: readonly Chart[]): string {
  return `${JSON.stringify(Object.fromEntries(charts.map(({ id, config }) => [id, config])), null, 2)}\n`;
}

/**
 * A chart as a Mermaid state diagram: states with their descriptions as notes, transitions with their events, guards
 * and actions. What the root does on an event in whatever state is drawn from each state that it leaves.
 */
export function mermaidChart(chart: Chart): string {
  const root = fields(chart.config);
  const drawing: Drawing = { lines: [], arrows: [] };
  drawStates(root, '', drawing, '  ');
  for (const [name, state] of statesOf(root)) {
    if (fields(state)['type'] !== 'final') drawTransitions(leavingOnly(root, name), name, '', drawing);
  }
  const arrows = merged(drawing.arrows).map(({ from, to, label }) => `  ${from} --> ${to}${label === '' ? '' : ` : ${label}`}`);
  return `stateDiagram-v2\n${[...drawing.lines, ...arrows].join('\n')}\n`;
}

function drawStates(parent: Fields, path: string, drawing: Drawing, indent: string): void {
  const initial = text(parent['initial']);
  if (initial !== '') drawing.lines.push(`${indent}[*] --> ${nodeId(path, initial)}`);
  for (const [name, value] of statesOf(parent)) {
    const state = fields(value);
    const id = nodeId(path, name);
    if (id !== name) drawing.lines.push(`${indent}state "${name}" as ${id}`);
    if (statesOf(state).length > 0) {
      drawing.lines.push(`${indent}state ${id} {`);
      drawStates(state, id, drawing, `${indent}  `);
      drawing.lines.push(`${indent}}`);
    }
    const note = text(state['description']);
    if (note !== '') drawing.lines.push(`${indent}note right of ${id}`, `${indent}  ${note}`, `${indent}end note`);
    if (state['type'] === 'final') drawing.arrows.push({ from: id, to: '[*]', label: '' });
    drawTransitions(state, id, path, drawing);
  }
}

/** @param from the state that the arrows leave; `path`: where names of sibling states are looked up */
function drawTransitions(state: Fields, from: string, path: string, drawing: Drawing): void {
  for (const [event, value] of Object.entries(fields(state['on']))) draw(event, value);
  for (const [delay, value] of Object.entries(fields(state['after']))) draw(`after ${delay}`, value);
  if (state['always'] !== undefined) draw('always', state['always']);
  function draw(event: string, value: unknown): void {
    for (const transition of Array.isArray(value) ? value : [value]) {
      const parts = fields(transition);
      const target = typeof transition === 'string' ? transition : text(parts['target']);
      const to = target === '' ? from : target.startsWith('.') ? target.slice(1) : nodeId(path, target);
      drawing.arrows.push({ from, to, label: labelOf(event, parts) });
    }
  }
}

/** The root's transitions that lead from `state` to another one; those that only change the context would hide the picture. */
function leavingOnly(root: Fields, state: string): Fields {
  const leaves = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(leaves);
    const target = text(value) || text(fields(value)['target']);
    return target !== '' && target !== `.${state}`;
  };
  return { on: Object.fromEntries(Object.entries(fields(root['on'])).filter(([, value]) => leaves(value))) };
}

function labelOf(event: string, transition: Fields): string {
  const guard = nameOf(transition['guard']);
  const actions = (Array.isArray(transition['actions']) ? transition['actions'] : [transition['actions']])
    .map(nameOf)
    .filter((name) => name !== '');
  return `${event}${guard === '' ? '' : ` [${guard}]`}${actions.length === 0 ? '' : ` / ${actions.join(', ')}`}`;
}

/** Arrows between the same two states become one with several lines. */
function merged(arrows: readonly Arrow[]): Arrow[] {
  const byEnds = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const key = `${arrow.from} ${arrow.to}`;
    const known = byEnds.get(key);
    byEnds.set(key, known ? { ...known, label: `${known.label}\\n${arrow.label}` } : arrow);
  }
  return [...byEnds.values()];
}

function statesOf(state: Fields): [string, unknown][] {
  return Object.entries(fields(state['states']));
}

function nodeId(path: string, name: string): string {
  return path === '' ? name : `${path}_${name}`;
}

function nameOf(value: unknown): string {
  return text(value) || text(fields(value)['type']);
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
