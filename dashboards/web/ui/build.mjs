// Bundles the pages into dashboards/static: split modules, no inline script, nothing from elsewhere.
import { build } from "esbuild";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "..", "static");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [join(here, "src", "main.ts"), join(here, "src", "styles.css")],
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  chunkNames: "chunk-[hash]",
  legalComments: "none",
  logLevel: "warning",
});
await cp(join(here, "src", "public"), out, { recursive: true });

// licences of what is bundled
const notices = [];
for (const name of ["uplot"]) {
  const folder = join(here, "node_modules", name);
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) notices.push(`== ${name} ==\n\n${await readFile(join(folder, file), "utf8")}`);
}
await writeFile(join(out, "LICENSES.txt"), notices.join("\n\n"));
