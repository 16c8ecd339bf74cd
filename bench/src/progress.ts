/** One line on stderr that is written over in a terminal, and a line each elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #last = "";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  tell(text: string): void {
    const line = `${((performance.now() - this.#startedAt) / 1000).toFixed(0).padStart(5)} s  ${text}`;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${line.slice(0, this.#stream.columns - 1)}`);
    } else if (text.replace(/\d+\/\d+$/, "") !== this.#last) {
      this.#last = text.replace(/\d+\/\d+$/, "");
      this.#stream.write(`${line}\n`);
    }
  }

  /** Leave the line empty for other output. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[K");
  }
}
