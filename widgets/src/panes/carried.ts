/** An index of what is carried already: what is searched until the whole one comes, or where there is none. */

import { type GraphIndex, type IndexColumn, nodeOf } from "../payload.ts";
import type { Atlas } from "./atlas.ts";
import { Finder } from "./finder.ts";

export function carriedFinder(atlas: Atlas): Finder {
  const strings = table();
  const [files, prefixes] = [table(), table()];
  strings.put("");
  const ids = Object.keys(atlas.scopes).filter((id) => id === atlas.root || atlas.doorOf(id) !== undefined);
  const numbers = new Map(ids.map((id, k) => [id, k]));
  const scopes = ids.map((id): GraphIndex["scopes"][number] => {
    const door = atlas.doorOf(id);
    const home = id === atlas.root || door === undefined ? undefined : atlas.homeOf(door);
    const scope = atlas.scopes[id];
    const label = [...new Set([scope?.label, door === undefined ? "" : atlas.item(door)?.label])].filter(Boolean);
    return [id, home === undefined ? -1 : (numbers.get(home) ?? -1), label.join(" ") || scope?.kind || id];
  });
  const rows: Record<IndexColumn, number[]> = {
    prefix: [],
    number: [],
    scope: [],
    primitive: [],
    name: [],
    type: [],
    params: [],
    file: [],
    line: [],
    function: [],
    count: [],
  };
  for (const id of ids) {
    for (const item of atlas.scopes[id]?.items ?? []) {
      const parts = /^(.*\/)?(?:(\d+)|i(\d+)(?:\+\d+)?)$/.exec(nodeOf(item.id));
      if (!parts) continue;
      const info = atlas.info(item.id);
      rows.prefix.push(prefixes.put(parts[1] ?? ""));
      rows.number.push(parts[2] === undefined ? -1 - Number(parts[3]) : Number(parts[2]));
      rows.scope.push(numbers.get(id) ?? 0);
      rows.primitive.push(strings.put(info?.primitive || item.label));
      rows.name.push(strings.put(info?.name || item.label));
      rows.type.push(strings.put(info?.results.map((o) => o.shape).join(" ") || item.detail));
      const params = Object.entries(info?.params ?? {}).map(([name, value]) => `${name}=${value}`);
      rows.params.push(strings.put([info?.text, info?.source?.text.trim(), ...params].filter(Boolean).join(" ")));
      rows.file.push(info?.source ? files.put(info.source.file) : -1);
      rows.line.push(info?.source?.line ?? 0);
      rows.function.push(strings.put(info?.source?.function ?? ""));
      rows.count.push(1);
    }
  }
  return new Finder({ strings: strings.all, files: files.all, prefixes: prefixes.all, scopes, rows }, false);
}

/** Distinct texts, each with its number. */
function table(): { all: string[]; put(words: string): number } {
  const all: string[] = [];
  const numbers = new Map<string, number>();
  return {
    all,
    put(words) {
      const known = numbers.get(words);
      if (known !== undefined) return known;
      numbers.set(words, all.length);
      return all.push(words) - 1;
    },
  };
}
