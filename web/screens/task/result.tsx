import { DownloadSimpleIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { api, BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { taskWords } from "#web/screens/task/messages.ts";
import { CopyButton } from "#web/ui/copy.tsx";
import { Read } from "#web/ui/states.tsx";

/** Of a result of up to 100 MB so much is shown. */
const SHOWN_BYTES = 65_536;

type Shown = { text: string; isWhole: boolean };

/** What a task came to, as far as it is text and short enough to be read here. */
export function Result({ id }: { id: string }) {
  const t = useMessages(taskWords);
  const result = useQuery({
    queryKey: ["task", id, "result"],
    queryFn: async () => shownOf(await api.tasks.result(id)),
  });
  return (
    <Read query={result} action="task.show" lines={2}>
      {(shown) => (
        <div className="result grid gap-2">
          {shown === null ? (
            <p className="text-kumo-subtle">{t("noText")}</p>
          ) : (
            <pre
              tabIndex={0}
              role="region"
              aria-label={t("result")}
              dir="auto"
              className="max-h-96 overflow-auto rounded-lg bg-kumo-recessed p-3 font-mono text-xs"
            >
              {shown.text}
            </pre>
          )}
          <div className="flex flex-wrap items-center gap-3">
            {shown?.isWhole === true && <CopyButton text={shown.text} />}
            {shown?.isWhole === false && <span className="text-kumo-subtle">{t("cut")}</span>}
            <a
              href={`${BASE}v1/tasks/${id}/result`}
              download={id}
              className="link inline-flex items-center gap-1.5"
            >
              <DownloadSimpleIcon size={16} aria-hidden="true" />
              {t("download")}
            </a>
          </div>
        </div>
      )}
    </Read>
  );
}

/** The beginning of a result as text, JSON set out; null where it is no text. */
async function shownOf(stream: ReadableStream<Uint8Array>): Promise<Shown | null> {
  const reader = stream.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, bytes] = ["", 0];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: setOut(text + decoder.decode()), isWhole: true };
      text += decoder.decode(value, { stream: true });
      bytes += value.byteLength;
      if (bytes > SHOWN_BYTES) return { text: text.slice(0, SHOWN_BYTES), isWhole: false };
    }
  } catch (error) {
    if (error instanceof TypeError && /encod|decod|utf/i.test(error.message)) return null;
    throw error;
  } finally {
    void reader.cancel().catch(() => {});
  }
}

function setOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // no JSON: as it is
  }
}
