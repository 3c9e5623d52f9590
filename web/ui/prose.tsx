import type { ReactNode } from "react";
import { type Block, blocksOf, type Inline } from "#web/ui/markdown.ts";

/** A unit's Markdown as elements: the text never becomes HTML. */
export function Markdown({ text, language }: { text: string; language?: string }) {
  return (
    <div className="prose-unit" lang={language} dir="auto">
      {blocksOf(text).map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }): ReactNode {
  if (block.kind === "code")
    return (
      <pre tabIndex={0} dir="ltr">
        <code>{block.text}</code>
      </pre>
    );
  if (block.kind === "list") {
    const items = block.items.map((item, at) => <li key={at}>{inlines(item)}</li>);
    return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
  }
  if (block.kind === "quote") return <blockquote>{inlines(block.inlines)}</blockquote>;
  if (block.kind !== "heading") return <p>{inlines(block.inlines)}</p>;
  // The screen's own headings are the first two levels.
  return block.level <= 2 ? <h3>{inlines(block.inlines)}</h3> : <h4>{inlines(block.inlines)}</h4>;
}

const inlines = (found: Inline[]): ReactNode[] =>
  found.map((inline, at) => {
    if (inline.kind === "text") return inline.text;
    if (inline.kind === "link")
      return (
        <a key={at} href={inline.url} rel="noopener noreferrer" target="_blank">
          {inline.text}
        </a>
      );
    if (inline.kind === "code") return <code key={at}>{inline.text}</code>;
    if (inline.kind === "strong") return <strong key={at}>{inline.text}</strong>;
    return <em key={at}>{inline.text}</em>;
  });
