import { useEffect, useState } from "react";

const FILTER =
  "inline-flex max-w-full items-center gap-1.5 rounded-lg border border-kumo-line bg-kumo-base px-2.5 py-1 text-kumo-subtle";
/** A pause in typing; what is asked before it would be thrown away. */
const TYPING_MS = 250;

type ChoiceProps = {
  id: string;
  label: string;
  /** What choosing nothing is called. */
  any: string;
  value: string | undefined;
  options: readonly (readonly [value: string, label: string])[];
  onChoose(value: string | undefined): void;
};

/** Narrows a list to one of a few. */
export function ChoiceFilter({ id, label, any, value = "", options, onChoose }: ChoiceProps) {
  return (
    <label htmlFor={id} className={FILTER}>
      {label}
      <select
        id={id}
        value={value}
        onChange={({ target }) => onChoose(target.value === "" ? undefined : target.value)}
        className="max-w-44 rounded bg-kumo-base text-kumo-default"
      >
        <option value="">{any}</option>
        {options.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

type TextProps = {
  id: string;
  label: string;
  value: string | undefined;
  maxLength: number;
  onAsk(value: string | undefined): void;
};

/** Narrows a list to what has a text, once its typing pauses. */
export function TextFilter({ id, label, value = "", maxLength, onAsk }: TextProps) {
  const [typed, setTyped] = useState(value);
  const asked = typed.trim();
  useEffect(() => {
    if (asked === value) return;
    const timer = setTimeout(() => onAsk(asked === "" ? undefined : asked), TYPING_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  // Another question came by the address.
  useEffect(() => {
    if (value !== asked) setTyped(value);
  }, [value]);
  return (
    <label htmlFor={id} className={FILTER}>
      {label}
      <input
        id={id}
        type="search"
        value={typed}
        maxLength={maxLength}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => setTyped(target.value)}
        className="w-40 min-w-0 bg-transparent text-kumo-default"
      />
    </label>
  );
}
