// Memory is collected when it has grown and when a burst is over, and not again and again while it is in use.

import { expect, test } from "bun:test";
import { createMemoryLook, GROWTH_BYTES } from "../../../src/cli/give-back-memory.ts";

const START = 50 * 1024 * 1024;

/** A process whose memory is set by hand; records how each collection was asked for. */
function process() {
  const scene = { resident: START, idle: true, afterCollection: START, collections: [] as boolean[] };
  const look = createMemoryLook({
    resident: () => scene.resident,
    isIdle: () => scene.idle,
    collect: (thorough) => {
      scene.collections.push(thorough);
      scene.resident = Math.min(scene.resident, scene.afterCollection);
    },
  });
  return { scene, look };
}

test("nothing is done while memory stays low, busy or not", () => {
  const { scene, look } = process();
  for (const idle of [true, false, true, false, true]) {
    scene.idle = idle;
    scene.resident = START + GROWTH_BYTES;
    look();
  }
  expect(scene.collections).toEqual([]);
});

test("a load that stays high costs one collection, and its end another one", () => {
  const { scene, look } = process();
  scene.idle = false;
  scene.resident = START + 5 * GROWTH_BYTES;
  scene.afterCollection = START + 4 * GROWTH_BYTES;
  for (let i = 0; i < 5; i++) look();
  expect(scene.collections).toEqual([false]);
  scene.idle = true;
  scene.afterCollection = START;
  for (let i = 0; i < 5; i++) look();
  expect(scene.collections).toEqual([false, true]);
});

test("a burst between two looks is cleared away", () => {
  const { scene, look } = process();
  scene.resident = START + 2 * GROWTH_BYTES;
  look();
  look();
  expect(scene.collections).toEqual([true]);
});

test("what cannot be freed is not collected for ever", () => {
  const { scene, look } = process();
  scene.resident = START + 3 * GROWTH_BYTES;
  scene.afterCollection = scene.resident;
  for (let i = 0; i < 5; i++) look();
  expect(scene.collections).toEqual([true]);
});
