import { Button } from "@cloudflare/kumo/components/button";
import { FolderOpenIcon } from "@phosphor-icons/react";
import { useRef, useState } from "react";
import type { ImportLine } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { useEvents } from "#web/app/live.ts";
import { heed } from "#web/app/session.ts";
import { filesOf, linesOf, type Taken } from "#web/screens/publish/files.ts";
import { publish } from "#web/screens/publish/messages.ts";
import { Failure } from "#web/ui/states.tsx";

type Refusal = { from: string; why: string };
type Progress = {
  all: number;
  skipped: number;
  ids: ReadonlySet<string>;
  refusals: readonly Refusal[];
};

/** Takes files and folders, publishes what is in them, and tells of each as it is taken and verified. */
export function Import() {
  const t = useMessages(publish);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isOver, setOver] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const run = async (files: Promise<File[]>) => {
    setBusy(true);
    setError(null);
    try {
      for await (const each of imported(await linesOf(await files))) setProgress(each);
    } catch (failure) {
      heed(failure);
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!isBusy) void run(filesOf(event.dataTransfer.items));
      }}
      className={`grid gap-4 rounded-xl border border-dashed p-6 text-center ${isOver ? "border-kumo-brand bg-(--soft)" : "border-kumo-interact"}`}
    >
      <FolderOpenIcon size={32} className="mx-auto text-kumo-inactive" aria-hidden="true" />
      <div>
        <p className="font-medium">{t("drop")}</p>
        <p className="mt-1 text-kumo-subtle">{t("dropDetail")}</p>
      </div>
      <Pickers isBusy={isBusy} take={(files) => void run(Promise.resolve(files))} />
      {progress !== null && <ProgressView progress={progress} />}
      {error !== null && <Failure error={error} />}
    </div>
  );
}

/** The progress after each answered line. A line that was refused does not stop the others. */
async function* imported({ lines, skipped }: Taken): AsyncGenerator<Progress> {
  let progress: Progress = { all: lines.length, skipped, ids: new Set(), refusals: [] };
  yield progress;
  if (lines.length === 0) return;
  const answers = api.importNdjson(
    (async function* () {
      for (const { json } of lines) yield json;
    })(),
  );
  for await (const answer of answers) {
    progress = "error" in answer ? refused(progress, lines, answer) : took(progress, answer.id);
    yield progress;
  }
}

const took = (progress: Progress, id: string): Progress => ({
  ...progress,
  ids: new Set([...progress.ids, id]),
});

function refused(
  progress: Progress,
  lines: Taken["lines"],
  { line, error }: Extract<ImportLine, { error: unknown }>,
): Progress {
  const said = error.errors?.map((each) => `${each.pointer} ${each.detail}`).join("; ");
  const from = lines[line - 1]?.from ?? String(line);
  const why = said ?? error.detail ?? error.title ?? error.code;
  return { ...progress, refusals: [...progress.refusals, { from, why }] };
}

type PickersProps = { isBusy: boolean; take(files: File[]): void };

function Pickers({ isBusy, take }: PickersProps) {
  const t = useMessages(publish);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const pick = (event: React.ChangeEvent<HTMLInputElement>) => {
    take([...(event.target.files ?? [])]);
    event.target.value = "";
  };
  return (
    <div className="flex flex-wrap justify-center gap-2">
      <Button disabled={isBusy} onClick={() => files.current?.click()}>
        {t("choose")}
      </Button>
      <Button disabled={isBusy} onClick={() => folder.current?.click()}>
        {t("chooseFolder")}
      </Button>
      <input ref={files} id="import-files" type="file" multiple hidden onChange={pick} />
      <input ref={folder} type="file" hidden onChange={pick} {...{ webkitdirectory: "" }} />
    </div>
  );
}

function ProgressView({ progress: { all, skipped, ids, refusals } }: { progress: Progress }) {
  const t = useMessages(publish);
  const [verified, setVerified] = useState<ReadonlySet<string>>(new Set());
  useEvents(({ type, subject }) => {
    if (type === "unit.searchable" && subject !== undefined)
      setVerified((before) => new Set([...before, subject]));
  });
  const isFound = [...ids].filter((id) => verified.has(id)).length;
  if (all === 0) return <p role="status">{t("nothing")}</p>;
  return (
    <div role="status" className="import-progress grid gap-2 text-start">
      <progress
        max={all}
        value={ids.size + refusals.length}
        aria-label={t("import")}
        className="h-2 w-full accent-kumo-brand"
      />
      <p>{t("progress", { done: ids.size, all, failed: refusals.length })}</p>
      <p className="text-kumo-subtle">{t("verified", { count: isFound })}</p>
      {skipped > 0 && <p className="text-kumo-subtle">{t("skipped", { count: skipped })}</p>}
      {refusals.length > 0 && (
        <details>
          <summary>{t("refused")}</summary>
          <ul className="mt-2 grid max-h-60 gap-1 overflow-y-auto" tabIndex={0}>
            {refusals.map(({ from, why }) => (
              <li key={from}>
                <span className="font-mono text-xs">{from}</span>{" "}
                <span className="text-kumo-danger">{why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
