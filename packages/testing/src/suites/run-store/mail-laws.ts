import assert from "node:assert/strict";
import type { Law } from "./law.ts";
import { append, bodies, claim, commit, create, createOwned, message, newRun, part, release, row, send, startMs } from "./sample.ts";

export function mailLaws(law: Law): void {
  law("mail is kept in order, and consumed up to a number", async (store) => {
    await createOwned(store, "run");
    for (const id of ["c", "a", "b"])
      assert.equal(await send(store, message("run", id, { atMs: startMs + 7, body: `body ${id}` })), "kept");

    assert.deepEqual(await store.readMail("run"), [
      { mailSeq: 1, id: "c", atMs: startMs + 7, body: "body c" },
      { mailSeq: 2, id: "a", atMs: startMs + 7, body: "body a" },
      { mailSeq: 3, id: "b", atMs: startMs + 7, body: "body b" },
    ]);
    await append(store, part("run", 1, { events: ["consumed"], mailSeen: 2 }));
    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.mailSeq),
      [3],
    );
    assert.deepEqual([(await row(store, "run")).mailSeq, (await row(store, "run")).mailSeen], [3, 2]);
  });

  law("mail that comes before the run is claimed is kept", async (store) => {
    await create(store, newRun("run", { wakeAtMs: startMs + 10 }));
    await send(store, message("run", "early"));

    await claim(store, startMs + 10);
    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.id),
      ["early"],
    );
  });

  law("an equal id is a duplicate, also after the mail was consumed and after the run ended", async (store) => {
    await createOwned(store, "run");
    await createOwned(store, "other");
    assert.equal(await send(store, message("run", "m")), "kept");
    assert.equal(await send(store, message("run", "m", { body: "else" })), "duplicate");
    assert.equal(await send(store, message("other", "m")), "kept", "ids count within a run");

    await append(store, part("run", 1, { mailSeen: 1 }));
    assert.equal(await send(store, message("run", "m")), "duplicate");
    await release(store, "run", 1, "completed");
    assert.equal(await send(store, message("run", "m")), "duplicate");
    assert.equal(await send(store, message("run", "new")), "ended");
    assert.deepEqual(await store.readMail("run"), []);
    assert.equal((await row(store, "run")).mailSeq, 1);
  });

  law("of many messages with one id at once, one is kept", async (store) => {
    await createOwned(store, "run");

    const answers = await Promise.all(Array.from({ length: 100 }, () => send(store, message("run", "m"))));
    assert.equal(answers.filter((answer) => answer === "kept").length, 1);
    assert.equal(answers.filter((answer) => answer === "duplicate").length, 99);
    assert.equal((await store.readMail("run")).length, 1);
  });

  law("an id twice in one batch is kept once", async (store) => {
    await createOwned(store, "run");

    const verdict = await commit(store, { messages: [message("run", "m"), message("run", "m"), message("run", "n")] });
    assert.deepEqual(verdict.messages, [{ status: "kept" }, { status: "duplicate" }, { status: "kept" }]);
  });

  law("mail to an unknown run is said to be so", async (store) => {
    assert.equal(await send(store, message("nobody", "m")), "unknown");
  });

  law("a release to waiting with unconsumed mail is refused, and nothing of its part is committed", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "m"));
    const before = await row(store, "run");

    const verdict = await append(
      store,
      part("run", 1, {
        events: ["x"],
        children: [newRun("child")],
        snapshot: { body: "s" },
        release: { status: "waiting", wakeAtMs: null },
      }),
    );
    assert.deepEqual(verdict, { status: "mail" });
    assert.deepEqual(await row(store, "run"), before);
    assert.equal((await bodies(store, "run")).length, 1);
    assert.equal(await store.get("child"), null);
    assert.equal(await store.readSnapshot("run"), null);
  });

  law("mail that a part sends to its own run counts against its release", async (store) => {
    await createOwned(store, "run");

    assert.deepEqual(
      await append(store, part("run", 1, { messages: [message("run", "m")], release: { status: "waiting", wakeAtMs: null } })),
      { status: "mail" },
    );
    assert.deepEqual(await store.readMail("run"), []);
  });

  law("an end with unconsumed mail is not refused; given up as queued, the run is due at once", async (store) => {
    for (const runId of ["completed", "queued"] as const) {
      await createOwned(store, runId);
      await send(store, message(runId, "m"));
      await release(store, runId, 1, runId, null);
    }

    assert.equal((await row(store, "completed")).status, "completed");
    assert.deepEqual(await claim(store, startMs), ["queued"]);
    assert.deepEqual(
      (await store.readMail("queued")).map((one) => one.id),
      ["m"],
    );
  });

  law("a release that consumes the mail is not refused", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "m"));
    await send(store, message("run", "n"));
    assert.deepEqual(await append(store, part("run", 1, { mailSeen: 1, release: { status: "waiting", wakeAtMs: null } })), {
      status: "mail",
    });

    await release(store, "run", 1, "waiting", null, { mailSeen: 2 });
    assert.deepEqual(await claim(store, startMs + 1_000), []);
  });

  law("stale counts before mail", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "m"));

    assert.deepEqual(await append(store, part("run", 5, { release: { status: "waiting", wakeAtMs: null } })), { status: "stale" });
  });

  law("a release to paused keeps its mail, which makes the run due when it is resumed", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "m"));
    await release(store, "run", 1, "paused");
    assert.deepEqual(await claim(store, startMs + 1_000), []);
    assert.equal(await send(store, message("run", "n")), "kept");
    assert.deepEqual(await claim(store, startMs + 1_000), []);

    assert.equal(await store.setStatus("run", ["paused"], "waiting", null, null), true);
    assert.deepEqual(await claim(store, startMs + 1_000), ["run"]);
    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.id),
      ["m", "n"],
    );
  });

  law("mail makes a waiting run due at once", async (store) => {
    for (const [runId, wakeAtMs] of [
      ["never", null],
      ["later", startMs + 900_000],
    ] as const) {
      await createOwned(store, runId);
      await release(store, runId, 1, "waiting", wakeAtMs);
      assert.deepEqual(await claim(store, startMs + 10), []);

      await send(store, message(runId, "m", { atMs: startMs + 5 }));
      assert.equal((await row(store, runId)).wakeAtMs, startMs + 5);
      assert.deepEqual(await claim(store, startMs + 10), [runId]);
    }
  });

  law("mail does not put off a run that is due before", async (store) => {
    await createOwned(store, "run");
    await release(store, "run", 1, "waiting", startMs + 3);
    await send(store, message("run", "m", { atMs: startMs + 50 }));

    assert.equal((await row(store, "run")).wakeAtMs, startMs + 3);
  });

  law("a queued run whose time has not come is due at once when mail comes", async (store) => {
    await create(store, newRun("run", { wakeAtMs: startMs + 900_000 }));
    await send(store, message("run", "cancel"));

    assert.deepEqual(await claim(store, startMs), ["run"]);
  });

  law("a sender whose clock is ahead does not delay the run", async (store) => {
    await createOwned(store, "run");
    await release(store, "run", 1, "waiting", null);
    await send(store, message("run", "m", { atMs: Date.now() + 3_600_000 }));

    assert.deepEqual(await claim(store, Date.now() + 1_000), ["run"]);
  });

  law("mail to a running run waits for its owner", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "m"));

    assert.deepEqual(await claim(store, startMs + 1_000, 9, undefined, "node-b"), []);
    assert.deepEqual(await store.ownedWithMail("node-a"), ["run"]);
    assert.deepEqual(await store.ownedWithMail("node-b"), []);
    await append(store, part("run", 1, { mailSeen: 1 }));
    assert.deepEqual(await store.ownedWithMail("node-a"), []);
  });

  law("messages of a part are kept with it and wake their runs", async (store) => {
    await createOwned(store, "child");
    await createOwned(store, "mother");
    await release(store, "mother", 1, "waiting", null);

    await append(
      store,
      part("child", 1, {
        events: ["ended"],
        messages: [message("mother", "child-ended")],
        release: { status: "completed", wakeAtMs: null },
      }),
    );
    assert.equal((await row(store, "child")).status, "completed");
    assert.deepEqual(await claim(store, startMs), ["mother"]);
    assert.deepEqual(
      (await store.readMail("mother")).map((one) => one.id),
      ["child-ended"],
    );
  });

  law("consuming more than there is does not swallow mail that comes later", async (store) => {
    await createOwned(store, "run");
    await send(store, message("run", "one"));
    await append(store, part("run", 1, { mailSeen: 10 }));
    await send(store, message("run", "two"));

    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.id),
      ["two"],
    );
    await append(store, part("run", 1, { mailSeen: 1 }));
    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.id),
      ["two"],
      "and consumption never goes back",
    );
  });

  law("no wake-up is lost between parking and mail, whichever comes first", async (store) => {
    for (let round = 0; round < 40; round++) {
      const runId = `run-${round}`;
      await createOwned(store, runId);
      const park = part(runId, 1, { events: ["parked"], release: { status: "waiting", wakeAtMs: null } });
      const mail = message(runId, "m");
      const [first, second] = round % 2 === 0 ? [{ parts: [park] }, { messages: [mail] }] : [{ messages: [mail] }, { parts: [park] }];
      const verdicts = await Promise.all([commit(store, first), commit(store, second)]);

      const parked = verdicts.flatMap((verdict) => verdict.parts)[0]!;
      assert.deepEqual(
        verdicts.flatMap((verdict) => verdict.messages),
        [{ status: "kept" }],
      );
      if (parked.status === "ok") assert.deepEqual(await claim(store, startMs), [runId]);
      else assert.deepEqual([parked.status, (await row(store, runId)).status], ["mail", "running"]);
    }
  });
}
