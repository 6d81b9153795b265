/** Watches the text of a JSON object go by, to know when it is complete; keeps nothing of it. */
export class JsonObjectWatch {
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #hasBegun = false;

  get isComplete(): boolean {
    return this.#hasBegun && this.#depth === 0;
  }

  read(text: string): void {
    for (const character of text) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isInText) this.#readInText(character);
      else this.#readOutside(character);
    }
  }

  #readInText(character: string): void {
    if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isInText = false;
  }

  #readOutside(character: string): void {
    if (character === '"') this.#isInText = true;
    else if (character === '{' || character === '[') this.#depth += 1;
    else if (character === '}' || character === ']') this.#depth -= 1;
    this.#hasBegun ||= this.#depth > 0;
  }
}
