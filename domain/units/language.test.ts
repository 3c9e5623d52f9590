import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectLanguage } from "#domain/units/language.ts";

const TEXTS: [language: string, text: string][] = [
  ["en", "The router matches a path and calls the handler that is registered for it."],
  ["zh", "地球围绕太阳公转，周期约为一年。"],
  ["zh", "用 Hono 校验请求体：先定义 zod schema，再调用 validator 中间件。"],
  ["ja", "これは日本語のテストです。漢字も使います。"],
  ["ko", "이것은 한국어 시험입니다."],
  ["ru", "Это проверка определения языка."],
  ["uk", "Це перевірка визначення мови, її мета проста."],
  ["ar", "هذا اختبار لتحديد اللغة"],
  ["fa", "این یک متن فارسی است که برای گزارش نوشته شده"],
  ["el", "Αυτό είναι ένα κείμενο"],
  ["th", "นี่คือการทดสอบภาษาไทย"],
  ["hi", "यह भाषा की पहचान का परीक्षण है"],
  ["es", "El gato está en la casa y no quiere salir de ella porque llueve."],
  ["fr", "Le chat est dans la maison et il ne veut pas sortir avec nous."],
  ["de", "Die Katze ist in dem Haus und sie will nicht mit uns nach draußen."],
  ["it", "Il gatto è nella casa e non vuole uscire con gli altri perché piove."],
  ["pt", "O gato não está na casa e ele quer sair com os outros até à noite."],
  ["nl", "De kat is niet in het huis en wil met ons naar buiten."],
  ["pl", "To jest zdanie, które nie jest długie, ale jego treść się liczy."],
  ["tr", "Bu bir deneme ve çok uzun değil ama daha sonra olacak."],
];

describe("detectLanguage", () => {
  it.each(TEXTS)("tells %s: %s", (language, text) => {
    expect(detectLanguage("", text)).toBe(language);
  });

  it("says und when nothing tells", () => {
    for (const text of ["", "1234 !!!", "npm i hono", "😀😀"])
      expect(detectLanguage("", text)).toBe("und");
  });

  it("does not take the words of code for a language", () => {
    expect(
      detectLanguage(
        "示例",
        "调用方法如下：\n```ts\nif (the && is && of) return for_the_with;\n".concat(
          "const a = 1;\n".repeat(50),
          "```",
        ),
      ),
    ).toBe("zh");
  });

  it("always gives a BCP 47 tag, the same for the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (title, body) => {
        const tag = detectLanguage(title, body);
        expect(tag).toMatch(/^[a-z]{2,3}$/);
        expect(detectLanguage(title, body)).toBe(tag);
      }),
    );
  });
});
