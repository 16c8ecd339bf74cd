// W10: a NOTIFY from one connection to another, and nothing else.
import pg from "pg";
import type { Parameters, Sample } from "../../src/sample.ts";
import { quantile } from "../../src/statistics.ts";

export async function measure({ url, rounds }: Parameters): Promise<Sample> {
  const [hears, says] = [new pg.Client(String(url)), new pg.Client(String(url))];
  await hears.connect();
  await says.connect();
  let heard = Promise.withResolvers<number>();
  hears.on("notification", () => heard.resolve(performance.now()));
  await hears.query("LISTEN bench");
  const times: number[] = [];
  const warm = 20;
  for (let index = 0; index < Number(rounds) + warm; index++) {
    heard = Promise.withResolvers<number>();
    const saidAt = performance.now();
    await says.query("NOTIFY bench");
    const heardAt = await heard.promise;
    if (index >= warm) times.push(heardAt - saidAt);
  }
  await Promise.all([hears.end(), says.end()]);
  return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
}
