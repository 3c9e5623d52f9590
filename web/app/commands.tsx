import {
  BookOpenIcon,
  CircleHalfIcon,
  ListChecksIcon,
  MagnifyingGlassIcon,
  RobotIcon,
  SignOutIcon,
  TranslateIcon,
} from "@phosphor-icons/react";
import { useNavigate } from "@tanstack/react-router";
import { BASE } from "#web/app/client.ts";
import { LANGUAGE_NAMES, LANGUAGES, speak, useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";
import { NAVIGATION } from "#web/app/navigation.ts";
import type { Command, CommandGroup } from "#web/app/palette.tsx";
import { usePermissions } from "#web/app/permissions.ts";
import { signOut } from "#web/app/session.ts";
import { chooseTheme, THEMES } from "#web/app/theme.ts";

const SIZE = 16;
/** What one comes to do most. */
const WORK = [
  { to: "/agents/new", label: "registerAgent", icon: RobotIcon, needs: "agent.register" },
  { to: "/tasks/new", label: "giveTask", icon: ListChecksIcon, needs: "task.create" },
] as const;

/** What the palette offers about what was typed: screens, actions, and a search for it. */
export function useCommands(): (query: string) => CommandGroup[] {
  const t = useMessages(shell);
  const navigate = useNavigate();
  const { may } = usePermissions();
  const screens: Command[] = NAVIGATION.flatMap((group) => group.screens)
    .filter(({ needs }) => may(needs))
    .map(({ to, label, icon: Icon }) => ({
      id: label,
      title: t(label),
      icon: <Icon size={SIZE} />,
      act: () => void navigate({ to }),
    }));
  const actions: Command[] = [
    ...WORK.filter(({ needs }) => may(needs)).map(({ to, label, icon: Icon }) => ({
      id: label,
      title: t(label),
      icon: <Icon size={SIZE} />,
      act: () => void navigate({ to }),
    })),
    ...THEMES.map((theme) => ({
      id: `theme-${theme}`,
      title: t(`theme${theme}`),
      icon: <CircleHalfIcon size={SIZE} />,
      act: () => chooseTheme(theme),
    })),
    ...LANGUAGES.map((language) => ({
      id: `language-${language}`,
      title: `${t("language")}: ${LANGUAGE_NAMES[language]}`,
      icon: <TranslateIcon size={SIZE} />,
      act: () => speak(language),
    })),
    {
      id: "docs",
      title: t("docs"),
      icon: <BookOpenIcon size={SIZE} />,
      act: () => location.assign(`${BASE}docs`),
    },
    {
      id: "sign-out",
      title: t("signOut"),
      icon: <SignOutIcon size={SIZE} />,
      act: () => void signOut(),
    },
  ];
  return (query) => {
    const fits = ({ title }: Command) => title.toLowerCase().includes(query.toLowerCase());
    const ask: Command = {
      id: "ask",
      title: t("ask", { query }),
      icon: <MagnifyingGlassIcon size={SIZE} />,
      act: () => void navigate({ to: "/search", search: { q: query } }),
    };
    return [
      { label: t("paletteScreens"), items: screens.filter(fits) },
      { label: t("paletteDo"), items: actions.filter(fits) },
      { label: t("search"), items: query !== "" && may("unit.search") ? [ask] : [] },
    ].filter(({ items }) => items.length > 0);
  };
}
