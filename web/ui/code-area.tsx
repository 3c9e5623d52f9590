import { useRef } from "react";

type Mark = { line: number; pointer: string; detail: string };
type Props = {
  id: string;
  label: string;
  value: string;
  onType(value: string): void;
  /** What is wrong, and on which line. */
  marks: readonly Mark[];
  /** How a line is named. */
  lineName(line: number): string;
};

const LINES_MIN = 8;

/** Where the caret goes to be on a line. */
function placeOf(text: string, line: number): [start: number, end: number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}

/** A text whose lines are numbered; what is wrong with one stands below, and leads to it. */
export function CodeArea({ id, label, value, onType, marks, lineName }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = Math.max(LINES_MIN, value.split("\n").length);
  const marked = new Set(marks.map(({ line }) => line));
  const go = (line: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(...placeOf(value, line));
  };
  return (
    <div className="grid gap-2">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="flex rounded-lg border border-kumo-line bg-kumo-control font-mono text-xs leading-5">
        <div
          aria-hidden="true"
          className="flex-none border-e border-kumo-line py-2 text-end text-kumo-subtle select-none"
        >
          {Array.from({ length: lines }, (_, at) => (
            <div
              key={at}
              className={`px-2.5 ${marked.has(at + 1) ? "bg-(--rose) font-semibold text-kumo-danger" : ""}`}
            >
              {at + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          id={id}
          value={value}
          rows={lines}
          wrap="off"
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
          aria-invalid={marks.length > 0}
          aria-describedby={marks.length > 0 ? `${id}-marks` : undefined}
          onChange={({ target }) => onType(target.value)}
          className="min-w-0 grow resize-none overflow-x-auto rounded-e-lg bg-transparent px-3 py-2"
        />
      </div>
      {marks.length > 0 && (
        <div id={`${id}-marks`} role="alert">
          <ul className="marks grid gap-1">
            {marks.map(({ line, pointer, detail }) => (
              <li key={`${pointer} ${detail}`} className="flex flex-wrap items-baseline gap-x-2">
                <button type="button" className="link" onClick={() => go(line)}>
                  {lineName(line)}
                </button>
                <span className="font-mono text-xs text-kumo-subtle">{pointer}</span>
                <span className="min-w-0 text-kumo-danger">{detail}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
