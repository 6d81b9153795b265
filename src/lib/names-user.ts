/** Whether a text, a URL or meant as one, names a user or a password before its host. */
export function namesUser(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (url !== undefined && url.username + url.password !== '') || /^[^/?#]*\/\/[^/?#\s]*@/.test(text);
}
