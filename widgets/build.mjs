// Build src/entries/*.ts into the ES modules that the Python package ships, one a view, each with the shell around it and with
// the hash of all inputs on the first line.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../difflab/static");
const views = ["graph", "check", "adjoint", "elimination"];

/** Every file that decides what the bundle is, as posix paths relative to widgets/, sorted by code unit. */
function inputs() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(here.length + 1)
        .replaceAll("\\", "/"),
    );
  return ["build.mjs", "package-lock.json", "tsconfig.json", ...sources].sort();
}

function digest() {
  const hash = createHash("sha256");
  for (const path of inputs()) {
    hash
      .update(path, "utf8")
      .update("\0")
      .update(readFileSync(join(here, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** What every rule repeats, as one sign each; src/style/index.ts writes it out again. */
function shortened(css) {
  if (/[$^]/.test(css)) throw new Error("a style sheet has $ or ^, which stand for repeated texts here");
  return css.replaceAll("var(--dl-", "$").replaceAll(".dl-", "^");
}

const cssAsText = {
  name: "css-as-text",
  setup(bundler) {
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: shortened(code.trim()), loader: "text" };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: Object.fromEntries(views.map((view) => [view, join(here, `src/entries/${view}.ts`)])),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  plugins: [cssAsText],
  write: false,
});
const first = `/*! difflab widget · src-sha256: ${digest()} */\n`;
for (const { path, text } of outputFiles) {
  writeFileSync(path, first + text);
  console.log(`${path}: ${(Buffer.byteLength(first + text) / 1024).toFixed(1)} KB`);
}
