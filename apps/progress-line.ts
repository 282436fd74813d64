/** One line that is written over, on a terminal; else a line now and then. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #said = '';
  #saidAt = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(sentence: string): void {
    if (sentence === this.#said) return;
    this.#said = sentence;
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[K${sentence} …`);
    else if (Date.now() - this.#saidAt > 2_000) {
      this.#saidAt = Date.now();
      this.#stream.write(`${sentence} …\n`);
    }
  }

  end(): void {
    if (this.#stream.isTTY && this.#said !== '') this.#stream.write('\r\u001b[K');
  }
}
