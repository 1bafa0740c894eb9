import { expect, test } from "vitest";
import { canonical, localLink, readArchive } from "../src/link.ts";
import type { Question } from "../src/payload.ts";

const QUESTION: Question = { kind: "scope", id: "12.0", arrangement: "layered" };
const ANSWER = { kind: "scope", scope: { id: "12.0" }, nodes: {} };
const ARCHIVE = readArchive(`${canonical(QUESTION)}\n${JSON.stringify(ANSWER)}\n`);

/** What a link says after `question`, once everything that waits has run. */
async function heard(link: ReturnType<typeof localLink>, question: Question) {
  const said: unknown[] = [];
  const stop = link.hear((message, buffers) => said.push([message, buffers]));
  const left = link.send(question);
  const atOnce = said.length;
  await Promise.resolve();
  stop();
  return { left, atOnce, said };
}

test("a question is one text, in whatever order its keys were set", () => {
  expect(canonical({ kind: "around", radius: 2, id: "5" })).toBe('{"id":"5","kind":"around","radius":2}');
  expect(canonical({ id: "5", kind: "around", radius: 2 })).toBe(canonical({ radius: 2, kind: "around", id: "5" }));
  expect(canonical({ kind: "scope", at: undefined, id: "ü/~0" })).toBe('{"id":"ü/~0","kind":"scope"}');
  expect(canonical({ list: [{ b: 1, a: [2, 1] }] })).toBe('{"list":[{"a":[2,1],"b":1}]}');
});

test("a page answers what its archive holds, later and to everyone who hears", async () => {
  const link = localLink({ title: "f" }, ARCHIVE);
  const others: unknown[] = [];
  link.hear((message) => others.push(message));
  const { left, atOnce, said } = await heard(link, QUESTION);
  expect(left).toBe(true);
  expect(atOnce).toBe(0);
  expect(said).toEqual([[ANSWER, []]]);
  expect(others).toEqual([ANSWER]);
  expect(link.kernel).toBe(false);
});

test("each asking gets an answer of its own", async () => {
  const link = localLink({}, ARCHIVE);
  const [first, second] = [await heard(link, QUESTION), await heard(link, QUESTION)];
  expect(second.said).toEqual(first.said);
  expect((second.said[0] as unknown[])[0]).not.toBe((first.said[0] as unknown[])[0]);
});

test("what is not in the archive cannot be sent", async () => {
  for (const link of [localLink({}), localLink({}, ARCHIVE)]) {
    const { left, said } = await heard(link, { kind: "scope", id: "99.0", arrangement: "layered" });
    expect(left).toBe(false);
    expect(said).toEqual([]);
  }
});

test("who stopped hearing is left alone, and values still travel", async () => {
  const link = localLink({ cursor: 1 }, ARCHIVE);
  const said: unknown[] = [];
  link.hear((message) => said.push(message))();
  link.send(QUESTION);
  await Promise.resolve();
  expect(said).toEqual([]);
  let changes = 0;
  const stop = link.listen("cursor", () => {
    changes += 1;
  });
  link.set("cursor", 2);
  stop();
  link.set("cursor", 3);
  expect([changes, link.get("cursor")]).toEqual([1, 3]);
});

test("an empty archive and one with an odd end are read", () => {
  expect(readArchive("").size).toBe(0);
  expect(readArchive('{"kind":"index"}\n{}\n').get('{"kind":"index"}')).toBe("{}");
});
