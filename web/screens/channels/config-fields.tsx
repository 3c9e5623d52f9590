import { type ChannelType, kindOf } from "#domain/channels/kinds.ts";
import { useMessages } from "#web/app/language.ts";
import { channelListWords } from "#web/screens/channels/messages.ts";
import { channelTypes } from "#web/ui/channel-messages.ts";
import { errorAt, TextField } from "#web/ui/form.tsx";

/** What was typed of a configuration, by `<type> <name>`: what two types call the same is not the same. */
export type Typed = Readonly<Record<string, string>>;
const keyOf = (type: ChannelType, name: string): string => `${type} ${name}`;

/** What of a configuration was typed, as it is sent. */
export const configOf = (type: ChannelType, typed: Typed): Record<string, string> =>
  Object.fromEntries(
    Object.keys(kindOf(type).config.shape).flatMap((name) => {
      const text = typed[keyOf(type, name)]?.trim() ?? "";
      return text === "" ? [] : [[name, text]];
    }),
  );

/** The same without secrets. */
export const withoutSecrets = <V extends { typed: Typed }>(values: V): V => ({
  ...values,
  typed: Object.fromEntries(
    Object.entries(values.typed).filter(([key]) => {
      const [type = "", name = ""] = key.split(" ");
      return !kindOf(type as ChannelType).secrets.includes(name);
    }),
  ),
});

/** The other way round: what is no secret, to be changed. */
export const typedOf = (type: ChannelType, config: Typed): Typed =>
  Object.fromEntries(Object.entries(config).map(([name, text]) => [keyOf(type, name), text]));

type Props = {
  type: ChannelType;
  typed: Typed;
  errors: ReadonlyMap<string, string>;
  onType(typed: Typed): void;
  /** Whether it has secrets already, which stay where none is given. */
  isThere?: boolean;
};

/** A field for all that a type is configured with. Secrets can be written and never read. */
export function ConfigFields({ type, typed, errors, onType, isThere = false }: Props) {
  const t = useMessages(channelListWords);
  const say = useMessages(channelTypes);
  const { config, secrets, made } = kindOf(type);
  const hintOf = (name: string): string | undefined => {
    if (isThere && secrets.includes(name)) return t("secretKept");
    if (name === made) return t("secretMade");
    return config.shape[name]?.safeParse(undefined).success === true ? t("optional") : undefined;
  };
  return Object.keys(config.shape).map((name) => {
    const hint = hintOf(name);
    const value = typed[keyOf(type, name)] ?? "";
    return (
      <TextField
        key={keyOf(type, name)}
        id={`channel-${name}`}
        label={say(`field${name}` as keyof typeof channelTypes)}
        {...(hint !== undefined && { hint })}
        type={secrets.includes(name) ? "password" : "text"}
        value={value}
        onChange={({ target }) => onType({ ...typed, [keyOf(type, name)]: target.value })}
        autoComplete={secrets.includes(name) ? "new-password" : "off"}
        spellCheck={false}
        error={errorAt(errors, `/config/${name}`)}
      />
    );
  });
}
