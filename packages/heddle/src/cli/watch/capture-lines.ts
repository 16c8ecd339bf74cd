import type { Io } from "../io.ts";

/** Receive what other code prints, in whole lines, until disposed. */
export function captureLines(io: Pick<Io, "capture">, give: (text: string) => void): Disposable {
  let rest = "";
  const captured = io.capture((text) => {
    const all = rest + text;
    const end = all.lastIndexOf("\n");
    rest = all.slice(end + 1);
    if (end !== -1) give(all.slice(0, end));
  });
  return {
    [Symbol.dispose]: () => {
      captured[Symbol.dispose]();
      if (rest !== "") give(rest);
      rest = "";
    },
  };
}
