/** Counts the tokens of a text exactly. May take quadratic time on long runs of one kind of character: see `countTokens`. */
export type Tokenizer = (text: string) => number;
