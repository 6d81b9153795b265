/** One thing that has to hold through an outage, and what was found. */
export interface Check {
  readonly what: string;
  readonly found: string;
  /** What it has to be. */
  readonly bound: string;
  readonly holds: boolean;
}

export function atMost(what: string, found: number, bound: number, unit = ''): Check {
  return { what, found: figure(found, unit), bound: `≤ ${figure(bound, unit)}`, holds: found <= bound };
}

export function atLeast(what: string, found: number, bound: number, unit = ''): Check {
  return { what, found: figure(found, unit), bound: `≥ ${figure(bound, unit)}`, holds: found >= bound };
}

export function exactly(what: string, found: number | string, bound: number | string): Check {
  return { what, found: shown(found), bound: `= ${shown(bound)}`, holds: found === bound };
}

function figure(value: number, unit: string): string {
  const rounded = Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(2) : Math.round(value).toLocaleString('en-US');
  return unit === '' ? rounded : `${rounded} ${unit}`;
}

function shown(value: number | string): string {
  return typeof value === 'number' ? figure(value, '') : value;
}
