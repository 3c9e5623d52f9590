import type { Engine } from "#domain/search/engine/engine.ts";
import { emptySketch, enter, type Sketch } from "#domain/search/leaves/sketch.ts";

/** A leaf's sketch with the number of what it is of; `sketch` is null for who has that already. */
export type SketchAnswer = { version: number; sketch: Sketch | null };

/** Makes the sketch of a leaf when it is asked for and units have come since. One that only lost units may name too many. */
export function sketcher() {
  let made: { engine: Engine | null; slots: number; answer: SketchAnswer } | null = null;
  return (engine: Engine | null, known: number): SketchAnswer => {
    const slots = engine?.nextSlot() ?? 0;
    if (made === null || made.engine !== engine || made.slots !== slots) {
      // By chance, because a leaf that begins again counts its slots from nothing.
      const version = Math.random();
      made = { engine, slots, answer: { version, sketch: sketchOf(engine) } };
    }
    const { version } = made.answer;
    return version === known ? { version, sketch: null } : made.answer;
  };
}

function sketchOf(engine: Engine | null): Sketch {
  if (engine === null) return emptySketch(0, 0);
  const { lexical } = engine;
  const sketch = emptySketch(lexical.termsMax(), lexical.corpus().passages);
  for (const { key, count } of lexical.terms()) enter(sketch, key, count);
  return sketch;
}
