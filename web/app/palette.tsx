import { CommandPalette } from "@cloudflare/kumo/components/command-palette";
import { Dialog } from "@cloudflare/kumo/primitives/dialog";
import { type ReactNode, useState } from "react";
import { useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";

export type Command = { id: string; title: string; icon: ReactNode; act(): void };
export type CommandGroup = { label: string; items: Command[] };

type Props = {
  isOpen: boolean;
  setOpen(isOpen: boolean): void;
  /** What there is to do about what was typed. */
  groupsFor(query: string): CommandGroup[];
};

/** Goes anywhere and does anything by typing; loaded when it is first opened. */
export default function Palette({ isOpen, setOpen, groupsFor }: Props) {
  const t = useMessages(shell);
  const [query, setQuery] = useState("");
  const groups = groupsFor(query.trim());
  const run = (command: Command) => {
    setOpen(false);
    setQuery("");
    command.act();
  };
  return (
    <CommandPalette.Root<CommandGroup, Command>
      open={isOpen}
      onOpenChange={(open) => {
        setOpen(open);
        if (!open) setQuery("");
      }}
      items={groups}
      value={query}
      onValueChange={setQuery}
      itemToStringValue={({ label }) => label}
      onSelect={run}
      getSelectableItems={(all) => all.flatMap(({ items }) => items)}
    >
      <Dialog.Title className="sr-only">{t("palette")}</Dialog.Title>
      <CommandPalette.Input placeholder={t("paletteHint")} aria-label={t("paletteHint")} />
      <CommandPalette.List>
        <CommandPalette.Results>
          {(group: CommandGroup) => (
            <CommandPalette.Group key={group.label} items={group.items}>
              <CommandPalette.GroupLabel>{group.label}</CommandPalette.GroupLabel>
              <CommandPalette.Items>
                {(command: Command) => (
                  <CommandPalette.Item
                    key={command.id}
                    value={command}
                    onClick={() => run(command)}
                  >
                    {command.icon}
                    <span className="truncate">{command.title}</span>
                  </CommandPalette.Item>
                )}
              </CommandPalette.Items>
            </CommandPalette.Group>
          )}
        </CommandPalette.Results>
        <CommandPalette.Empty>{t("paletteNone")}</CommandPalette.Empty>
      </CommandPalette.List>
    </CommandPalette.Root>
  );
}
