/**
 * The commonest small words of the Latin-script languages that are told apart, with the letters only some of them
 * use. Function words make up a third of any running text, so a handful decides; names and code hardly hold any.
 */
const WORDS: Record<string, string> = {
  en: "the of and to is that for it with as are this by be from or an which you can not when if have has will was were at but use using into how what your each it's do does than its their they we should must may only also other there where set all any",
  es: "el la los las de del que y en un una por con para es se lo como más pero sus le ya fue este ha sí porque esta entre cuando muy sin sobre también me hasta hay donde desde todo nos son uno ni contra ese eso cómo qué al su puede está estos",
  fr: "le la les de des du et en un une est que qui dans pour pas sur au avec ce il sont par plus ne se aux cette mais ou nous vous être fait leur elle comme tout sans peut ces ses été comment allez bonjour je tu votre c'est qu'il d'un d'une l'on",
  de: "der die das und ist in zu den mit von für auf nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei können wenn guten ich wir",
  it: "il lo la gli le di che e è un una per in non con del della dei delle si sono da al come più anche nel alla ma dal questo nella ha o se su essere stato dove cosa ciao perché quando così ogni può",
  pt: "o a os as de do da dos das que e em um uma para com não é por mais se no na como mas foi ao ele seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos são você à",
  nl: "de het een en van is in op dat te zijn met voor niet aan er die om als ook maar dan bij nog naar uit door over ze hij wordt werd of deze dit kan je worden wat heeft hebben ik geen meer wel zich hun",
  sv: "och att det som en på är av för med den till inte om ett har de jag vi kan från så när men eller hade var sig ska också vara mycket efter här där",
  da: "og at det som en på er af for med den til ikke om et har de jeg vi kan fra så når men eller havde var sig skal også være meget efter her der hvad blev",
  no: "og at det som en på er av for med den til ikke om et har de jeg vi kan fra så når men eller hadde var seg skal også være mye etter her der hva ble",
  fi: "ja on ei se että oli hän mutta kun niin myös ovat tai kuin joka sen mitä ole voi sekä jos vain nyt tämä olla jotka mukaan kanssa",
  pl: "i w na z się nie do to jest że o jak a po co ale tak za od jego przez czy już był być tylko dla są może ten tego oraz które który jako",
  cs: "a v se na je že s z to do i o pro k jsou ale jako za by od po který která jeho nebo až jen při tak také být může není",
  sk: "a v sa na je že s z to do aj o pre k sú ale ako za by od po ktorý ktorá jeho alebo až len pri tak tiež byť môže nie",
  hu: "a az és hogy nem is egy ez volt meg de csak van mint már vagy még ha ki lehet azt el kell ezt minden majd után",
  ro: "și de la în a nu care cu o pe mai din să este un pentru ce că sunt au fost prin sau dar după fi ca lui această",
  tr: "ve bir bu da de için ile çok daha olarak gibi olan ne kadar sonra ama var değil ya en her mi veya olduğu ancak göre",
  vi: "và của là có được cho trong các một không với những người này đã để khi từ ra đến như về cũng tại theo trên",
  id: "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke karena adalah oleh ada saya atau sebagai bisa telah mereka lebih seperti dapat",
  ca: "el la els les de del que i en un una per amb és no es com més però va seu són ha aquest aquesta també dels al ser molt quan",
  hr: "i u je se na da su za od s ne koji to a kao ili ali što bi iz o po do kako biti nije samo ima koja koje",
};

const LETTERS: Record<string, string> = {
  ñ: "es",
  "¿": "es",
  "¡": "es",
  ß: "de",
  ä: "de sv fi",
  ö: "de sv fi hu tr",
  ü: "de tr hu",
  ã: "pt vi",
  õ: "pt vi",
  ç: "fr pt tr ca",
  œ: "fr",
  ù: "fr it",
  å: "sv da no",
  æ: "da no",
  ø: "da no",
  ł: "pl",
  ą: "pl",
  ę: "pl",
  ś: "pl",
  ź: "pl",
  ż: "pl",
  ć: "pl hr",
  ě: "cs",
  ř: "cs",
  ů: "cs",
  ľ: "sk",
  ĺ: "sk",
  ő: "hu",
  ű: "hu",
  ă: "ro vi",
  ș: "ro",
  ț: "ro",
  ğ: "tr",
  ş: "tr",
  ı: "tr",
  đ: "vi hr",
  ơ: "vi",
  ư: "vi",
  ạ: "vi",
  ả: "vi",
  ế: "vi",
  ệ: "vi",
  ộ: "vi",
  ờ: "vi",
  ủ: "vi",
  ò: "it ca",
  ì: "it",
};

/** Word → the languages it belongs to, separated by blanks. */
export const FUNCTION_WORDS: ReadonlyMap<string, string> = inverted(WORDS);
export const MARKED_LETTERS: ReadonlyMap<string, string> = new Map(Object.entries(LETTERS));

function inverted(words: Record<string, string>): Map<string, string> {
  const languages = new Map<string, string>();
  for (const [language, list] of Object.entries(words)) {
    for (const word of new Set(list.split(" "))) {
      const known = languages.get(word);
      languages.set(word, known === undefined ? language : `${known} ${language}`);
    }
  }
  return languages;
}
