/** For `--help`. */
export const EXIT_CODES = `
Exit codes: 0 all went well, 1 something failed or is wrong, 2 wrong usage or unreadable input, 130 interrupted.`;

/** What a command's exit code says. */
export const EXIT = { allCompleted: 0, someFailed: 1, usage: 2, interrupted: 130 } as const;
