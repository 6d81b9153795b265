/**
 * A duration as Go prints it and OpenAI and Groq send it: `84ms`, `1.146s`, `6m0s`, `23h18m29.144s`. Whole
 * milliseconds, rounded down as the providers' published texts are.
 */
export function goDuration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms + 1e-6));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
