import assert from "node:assert/strict";
import { test } from "node:test";
import { planHash, type Plan } from "@heddle/kernel";

const task = { does: { use: "work" }, when: [] };
const plan: Plan = {
  heddle: 1,
  name: "two",
  discipline: "eager",
  tasks: { b: task, a: task },
  channels: { x: { kind: "sum" }, y: { kind: "put" } },
};

test("a plan's hash is the same wherever the plan has been", () => {
  assert.equal(planHash(JSON.parse(JSON.stringify(plan)) as Plan), planHash(plan));
  assert.match(planHash(plan), /^[0-9a-f]{32}$/);
});

test("a plan's hash does not know the order of keys, but that of tasks", () => {
  const { tasks, ...rest } = plan;
  assert.equal(planHash({ tasks, ...rest, channels: { y: { kind: "put" }, x: { kind: "sum" } } }), planHash(plan));
  assert.notEqual(planHash({ ...plan, tasks: { a: task, b: task } }), planHash(plan));
});

test("a plan's hash knows every word of it", () => {
  const others: Plan[] = [
    { ...plan, name: "three" },
    { ...plan, discipline: "superstep" },
    { ...plan, failure: "stop" },
    { ...plan, tasks: { ...plan.tasks, a: { ...task, title: "A" } } },
    { ...plan, tasks: { ...plan.tasks, a: { ...task, does: { use: "work", with: { n: 1 } } } } },
  ];
  assert.equal(new Set([plan, ...others].map(planHash)).size, 6);
});
