/** Whether a JSON value has more than `levels` of lists and objects inside each other. Looks no deeper than that. */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && nestsDeeperThan(item, levels - 1));
  for (const key in value) {
    const item: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof item === 'object' && nestsDeeperThan(item, levels - 1)) return true;
  }
  return false;
}
