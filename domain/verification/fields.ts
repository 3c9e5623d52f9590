import type { UnitContent } from "#domain/units/model.ts";

/** One text of a unit that a person or a model may read, and where it stands. */
export type Field = { pointer: string; text: string };

/** Every free text of a unit, so that no rule can be walked around by putting it in a quote or a tag. */
export function fieldsOf(content: UnitContent): Field[] {
  const fields: Field[] = [
    { pointer: "/title", text: content.title },
    { pointer: "/body", text: content.body },
  ];
  content.tags.forEach((text, i) => fields.push({ pointer: `/tags/${i}`, text }));
  content.sources.forEach((source, i) => {
    for (const name of ["url", "doi", "title", "quote"] as const) {
      const text = source[name];
      if (text !== undefined) fields.push({ pointer: `/sources/${i}/${name}`, text });
    }
  });
  content.appliesTo.forEach((range, i) => {
    fields.push({ pointer: `/appliesTo/${i}/subject`, text: range.subject });
    if (range.versions !== undefined)
      fields.push({ pointer: `/appliesTo/${i}/versions`, text: range.versions });
  });
  return fields;
}
