/** What somebody writes on the first day; compiled against the tarballs with every check on, and run. */
export const consumer = `import { type Engine, open, workflow } from "heddle";

const greet = workflow("greet", async (ctx, name: string) => {
  const text = await ctx.step("write", () => \`Hello, \${name}\`);
  await ctx.sleep("pause", "1ms");
  return { text, at: ctx.now };
});

const engine: Engine = await open("sqlite:first-day.db", { workflows: [greet] });
const run = await engine.start(greet, "Ada");
const { text }: { readonly text: string } = await run.result();
await engine.close();
console.log(text);
`;

/** The strictest reader of our declarations: every library file is checked, and there are no Node types to lean on. */
export const consumerConfig = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom"],
    types: [],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ["first-day.ts"],
};
