/** `1 call`, `1,234 calls`; `several` where an s at the end is not how it is said. */
export function counted(value: number, one: string, several = `${one}s`): string {
  const rounded = Math.round(value);
  return `${rounded.toLocaleString('en-US')} ${rounded === 1 ? one : several}`;
}
