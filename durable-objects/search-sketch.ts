import type { Engine } from "#domain/search/engine.ts";
import { emptySketch, enter, type Sketch } from "#domain/search/sketch.ts";

/** A leaf's sketch with the number of what it is of; `sketch` is null for who has that already. */
export type SketchAnswer = { version: number; sketch: Sketch | null };

/** Makes the sketch of a leaf when it is asked for and units have come since. One that only lost units may name too many. */
export function sketcher() {
  let made: { version: number; sketch: Sketch } | null = null;
  return (engine: Engine | null, known: number): SketchAnswer => {
    const version = engine?.nextSlot() ?? 0;
    if (version === known) return { version, sketch: null };
    if (made?.version !== version) made = { version, sketch: sketchOf(engine) };
    return made;
  };
}

function sketchOf(engine: Engine | null): Sketch {
  if (engine === null) return emptySketch(0, 0);
  const { lexical } = engine;
  const sketch = emptySketch(lexical.termsMax(), lexical.corpus().passages);
  for (const { key, count } of lexical.terms()) enter(sketch, key, count);
  return sketch;
}
