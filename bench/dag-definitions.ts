// node bench/dag-definitions.ts [nodes]: what it takes to validate a DAG of 100,000 nodes and compile it, beside JSON.parse of its text. Time is that
// of the processor, the best of twelve rounds; the bar is 10 times JSON.parse.
import { compilePlan } from "@heddle/kernel";
import { dag, type DagConfig, type DagNode } from "heddle";

const count = Number(process.argv[2] ?? 100_000);
const rounds = 12;

const shapes: Readonly<Record<string, (index: number) => readonly number[]>> = {
  "a chain": (index) => (index === 0 ? [] : [index - 1]),
  "100 side by side, level after level": (index) => (index < 100 ? [] : [index - 100]),
  "two dependencies each, one of them an analyzer": (index) => (index === 0 ? [] : index % 2 === 1 ? [index - 1] : [index - 2, index - 1]),
};

function textOf(shape: (index: number) => readonly number[]): string {
  const processors = Array.from({ length: count }, (_, index): DagNode => {
    const depends_on = shape(index).map((each) => `n${each}`);
    return depends_on.length === 1 && index % 2 === 1
      ? { id: `n${index}`, type: "local", processor: "token_counter", depends_on }
      : { id: `n${index}`, type: "local", processor: "reverse_text", depends_on };
  });
  return JSON.stringify({ strategy: "work_queue", processors } satisfies DagConfig);
}

/** Milliseconds of processor time. */
function spent<T>(call: () => T): { readonly ms: number; readonly value: T } {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const value = call();
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1_000, value };
}

for (const [name, shape] of Object.entries(shapes)) {
  const text = textOf(shape);
  let parseMs = Number.POSITIVE_INFINITY;
  let definitionMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const parsed = spent(() => JSON.parse(text) as DagConfig);
    const defined = spent(() => compilePlan(dag(parsed.value).plan));
    parseMs = Math.min(parseMs, parsed.ms);
    definitionMs = Math.min(definitionMs, defined.ms);
  }
  const ratio = (definitionMs / parseMs).toFixed(1);
  process.stdout.write(
    `${count} nodes, ${name}: JSON.parse ${parseMs.toFixed(0)} ms, validate and compile ${definitionMs.toFixed(0)} ms, ${ratio} times\n`,
  );
}
