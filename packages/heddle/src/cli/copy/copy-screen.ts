import type { CopyProgress } from "../../engine/copy/copy-store.ts";
import type { Io } from "../io.ts";
import { Painter } from "../progress/painter.ts";
import { progressBar } from "../progress/progress-bar.ts";
import { fitLine, type Line } from "../text/line.ts";

/** No more than so many pictures a second; eyes and remote terminals see no more. */
const frameMs = 1000 / 12;
const barColumns = 30;

const titles: Readonly<Record<CopyProgress["phase"], string>> = {
  check: "Looking at what is there",
  values: "Copying values",
  runs: "Copying runs",
  verify: "Comparing both",
  "hand-over": "Handing over",
};

/** How far a copy is: one line that changes on a terminal, one JSON object or one line per phase elsewhere. */
export class CopyScreen implements Disposable {
  readonly #io: Io;
  readonly #json: boolean;
  readonly #painter: Painter | null;
  #phase: CopyProgress["phase"] | null = null;
  #paintedAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#painter = io.screen === null || json ? null : new Painter(io.screen, io.style);
  }

  show(progress: CopyProgress): void {
    const begins = progress.phase !== this.#phase;
    this.#phase = progress.phase;
    if (this.#json) this.#io.out(JSON.stringify({ type: "progress", ...progress }));
    else if (this.#painter === null) {
      if (begins) this.#io.out(titles[progress.phase]);
    } else {
      const nowMs = this.#io.clock.monotonicMs();
      if (!begins && nowMs - this.#paintedAtMs < frameMs && progress.done !== progress.total) return;
      this.#paintedAtMs = nowMs;
      this.#painter.paint({ lines: [this.#line(progress)] });
    }
  }

  #line({ phase, done, total }: CopyProgress): Line {
    const { style, screen } = this.#io;
    const count = total === null ? `${done}` : `${done} of ${total}`;
    const line: Line = [
      [titles[phase], "strong"],
      [total === null ? "  " : `  ${progressBar(done, total, barColumns, style.glyphs)}  `],
      [count, "dim"],
    ];
    return fitLine(line, Math.max(1, (screen?.columns ?? 80) - 1), style);
  }

  /** The line is taken away; what comes of it all is told below. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#painter?.clear();
  }
}
