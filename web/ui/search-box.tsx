import { MagnifyingGlassIcon } from "@phosphor-icons/react";
import { type ReactNode, useRef, useState } from "react";
import { useShortcut } from "#web/app/shortcuts.ts";

const CHARS_MAX = 2_000;

type Props = {
  label: string;
  placeholder: string;
  button: string;
  /** Controlled where it is given; otherwise asked on Enter alone. */
  value?: string;
  onType?(value: string): void;
  ask(question: string): void;
  children?: ReactNode;
};

/** The search box; `/` goes to it. */
export function SearchBox({ label, placeholder, button, value, onType, ask, children }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  useShortcut({ keys: "/", label, act: () => input.current?.focus() });
  const question = value ?? typed;
  return (
    <form
      role="search"
      className="flex items-center gap-2 rounded-xl border border-kumo-line bg-kumo-base ps-4 pe-1.5 shadow-xs focus-within:border-kumo-focus"
      onSubmit={(event) => {
        event.preventDefault();
        if (question.trim() !== "") ask(question.trim());
      }}
    >
      <MagnifyingGlassIcon size={18} className="flex-none text-kumo-subtle" aria-hidden="true" />
      <label htmlFor="question" className="sr-only">
        {label}
      </label>
      <input
        ref={input}
        id="question"
        type="search"
        maxLength={CHARS_MAX}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={question}
        onChange={({ target }) => (onType ?? setTyped)(target.value)}
        className="min-w-0 grow appearance-none bg-transparent py-3 text-base outline-none!"
      />
      <kbd aria-hidden="true" className="max-sm:hidden">
        /
      </kbd>
      <button
        type="submit"
        className="rounded-lg px-3 py-2 font-medium text-kumo-link hover:bg-kumo-tint"
      >
        {button}
      </button>
      {children}
    </form>
  );
}
