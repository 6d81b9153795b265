/** What a command's exit code says. */
export const EXIT = { allCompleted: 0, someFailed: 1, usage: 2, interrupted: 130 } as const;
