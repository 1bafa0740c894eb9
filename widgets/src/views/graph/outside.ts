/** What leaves the page: a picture as a file, texts into the clipboard. And the line that says why a graph is partial. */

import type { Desk } from "../../desk.ts";
import { h } from "../../dom.ts";
import { type Failure, sourceText } from "../../payload.ts";

/** Save what `make` makes of the title as a file of that name. */
export function savePicture(desk: Desk, ending: "png" | "svg", make: (title: string) => Promise<Blob>): void {
  const title = String(desk.link.get("title") ?? "");
  const name = title.replace(/[^\w-]+/g, "_").replace(/^_+|_+$/g, "") || "graph";
  const failed = (fault: unknown) =>
    desk.notify("warning", `the picture could not be made: ${fault instanceof Error ? fault.message : fault}`);
  make(title).then((blob) => {
    const url = URL.createObjectURL(blob);
    h("a", { href: url, download: `${name}.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    desk.say(`saved ${name}.${ending}`);
  }, failed);
}

export function copyText(desk: Desk, words: string, what: string): void {
  const refused = () => desk.notify("info", `copying is not allowed here; ${what}:\n${words}`);
  if (!navigator.clipboard) return refused();
  navigator.clipboard.writeText(words).then(() => desk.say(`${what} copied`), refused);
}

/** The banner of a graph whose trace failed. */
export function failureBanner({ text, source }: Failure, go: (file: string, line: number) => void): HTMLElement {
  const show = source
    ? h(
        "button",
        { type: "button", class: "dl-button dl-small", onclick: () => go(source.file, source.line) },
        `show ${sourceText(source)?.replace(/^.*[/\\]/, "")}`,
      )
    : null;
  return h(
    "div",
    { class: "dl-notice dl-error dl-partial", role: "alert" },
    h("span", { class: "dl-sign", "aria-hidden": "true" }, "✗"),
    h(
      "pre",
      {},
      `The trace stopped here; what came before is drawn.\n${text}${source ? `\n${source.text.trim()}` : ""}`,
    ),
    show,
  );
}
