/** What a piece of text is, not how it looks. */
export type Tone = "plain" | "strong" | "dim" | "good" | "bad" | "warn" | "info";

/** How this terminal shows things. */
export interface Style {
  readonly colour: boolean;
  /** Without, everything is drawn in ASCII. */
  readonly unicode: boolean;
  readonly glyphs: Glyphs;
}

export interface Glyphs {
  readonly done: string;
  readonly failed: string;
  readonly warn: string;
  readonly ask: string;
  readonly wait: string;
  readonly child: string;
  readonly retry: string;
  readonly paused: string;
  readonly skipped: string;
  readonly mail: string;
  readonly more: string;
  readonly bullet: string;
  readonly arrow: string;
  readonly spinner: readonly string[];
  readonly tree: { readonly fork: string; readonly last: string; readonly through: string };
  readonly bar: {
    readonly left: string;
    readonly right: string;
    readonly full: string;
    readonly parts: readonly string[];
    readonly empty: string;
  };
}

const unicode: Glyphs = {
  done: "✓",
  failed: "✗",
  warn: "!",
  ask: "?",
  wait: "◷",
  child: "→",
  retry: "↻",
  paused: "‖",
  skipped: "∅",
  mail: "✉",
  more: "…",
  bullet: "•",
  arrow: "›",
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
  tree: { fork: "├ ", last: "└ ", through: "│ " },
  bar: { left: "▕", right: "▏", full: "█", parts: ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"], empty: " " },
};

const ascii: Glyphs = {
  done: "+",
  failed: "x",
  warn: "!",
  ask: "?",
  wait: "~",
  child: ">",
  retry: "@",
  paused: "=",
  skipped: "o",
  mail: "m",
  more: ".",
  bullet: "*",
  arrow: ">",
  spinner: ["-", "\\", "|", "/"],
  tree: { fork: "|- ", last: "`- ", through: "|  " },
  bar: { left: "[", right: "]", full: "#", parts: ["", ""], empty: "." },
};

export function styleOf(options: { readonly colour: boolean; readonly unicode: boolean }): Style {
  return { ...options, glyphs: options.unicode ? unicode : ascii };
}

/** Colours by the conventions NO_COLOR and FORCE_COLOR; Unicode unless the locale says that there is none. */
export function styleFromEnv(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Style {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0";
  const refused = (env.NO_COLOR !== undefined && env.NO_COLOR !== "") || env.FORCE_COLOR === "0" || env.TERM === "dumb";
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return styleOf({
    colour: !refused && (forced || isTerminal),
    unicode: env.TERM !== "linux" && (locale === "" || /utf-?8/iu.test(locale) || !/^(?:C|POSIX)$|\.(?:iso|ascii|ansi)/iu.test(locale)),
  });
}

const codes: Record<Exclude<Tone, "plain">, readonly [on: number, off: number]> = {
  strong: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  info: [36, 39],
};

/** Text in its tone, for a terminal with or without colours. */
export function tinted(text: string, tone: Tone, style: Pick<Style, "colour">): string {
  if (tone === "plain" || !style.colour || text === "") return text;
  const [on, off] = codes[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}
