/** Reads one property of something a stranger threw: getters and proxies may throw as well. */
export function valueAt(object: object, key: string): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return undefined;
  }
}

export function numberAt(object: object, key: string): number | undefined {
  const value = valueAt(object, key);
  return Number.isFinite(value) ? (value as number) : undefined;
}
