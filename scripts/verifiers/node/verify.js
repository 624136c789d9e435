// Verifies a log by an implementation of RFC 9162 in TypeScript (@transmute/rfc9162).
//
//   node verify.js DIR VKEY [KEPT...]
//
// DIR is a tree of tiles (C2SP tlog-tiles), VKEY the log's public key, KEPT a checkpoint or a receipt
// (C2SP tlog-proof) that was kept elsewhere. The first line tells what was found, the exit code is 0 or 1.
"use strict";

const { createHash, createPublicKey, verify: signed } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const { RFC9162 } = require("@transmute/rfc9162");

const WIDTH = 256;

class Rejected extends Error {}

function check(holds, why) {
  if (!holds) throw new Rejected(why);
}

const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

// A public key of signed-note: NAME+HASH+KEY.
function keyOf(vkey) {
  const [name, hash, ...rest] = vkey.split("+");
  const bytes = Buffer.from(rest.join("+"), "base64");
  check(bytes.length === 33 && bytes[0] === 1, "the key is no Ed25519 key");
  const id = createHash("sha256").update(`${name}\n`).update(bytes).digest().subarray(0, 4);
  check(id.toString("hex") === hash, "the key's hash is another");
  const jwk = { kty: "OKP", crv: "Ed25519", x: bytes.subarray(1).toString("base64url") };
  return { name, id, key: createPublicKey({ key: jwk, format: "jwk" }) };
}

function checkpoint(note, { name, id, key }) {
  const at = note.indexOf("\n\n");
  check(at > 0, "it is no signed note");
  const text = note.slice(0, at + 1);
  let by = 0;
  for (const line of note.slice(at + 2).split("\n").slice(0, -1)) {
    const [dash, signer, word] = line.split(" ");
    check(dash === "\u2014" && word, "a line of signatures is none");
    const bytes = Buffer.from(word, "base64");
    if (signer !== name || !same(bytes.subarray(0, 4), id)) continue;
    check(signed(null, Buffer.from(text), key, bytes.subarray(4)), "the signature is false");
    by += 1;
  }
  check(by > 0, "the key has not signed it");
  const [origin, size, root, end, ...more] = text.split("\n");
  check(origin === name && /^(0|[1-9][0-9]*)$/.test(size) && end === "" && !more.length, "its text is another");
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

function path(kind, index, width) {
  const digits = String(index).padStart(Math.ceil(Math.max(String(index).length, 1) / 3) * 3, "0");
  const groups = digits.match(/.../g);
  const parts = groups.map((group, at) => (at + 1 < groups.length ? `x${group}` : group));
  return join("tile", String(kind), ...parts) + (width < WIDTH ? `.p/${width}` : "");
}

function bundle(dir, index, width) {
  const content = readFileSync(join(dir, path("entries", index, width)));
  const entries = [];
  for (let at = 0; at < content.length; ) {
    check(at + 2 <= content.length, "a tile of entries is cut off");
    const end = at + 2 + content.readUInt16BE(at);
    check(end <= content.length, "a tile of entries is cut off");
    entries.push(content.subarray(at + 2, end));
    at = end;
  }
  check(entries.length === width, "a tile of entries holds another number of them");
  return entries;
}

// Every tile against the entries: the hashes of one level are the roots of full tiles below it.
async function tiles(dir, entries) {
  for (let level = 0, span = 1; span <= entries.length; level += 1, span *= WIDTH) {
    const count = Math.floor(entries.length / span);
    for (let first = 0; first < count; first += WIDTH) {
      const width = Math.min(WIDTH, count - first);
      const content = readFileSync(join(dir, path(level, first / WIDTH, width)));
      check(content.length === width * 32, `a tile of level ${level} is cut off`);
      for (let at = 0; at < width; at += 1) {
        const from = (first + at) * span;
        const root = await RFC9162.treeHead(entries.slice(from, from + span));
        const there = content.subarray(at * 32, at * 32 + 32);
        check(same(root, there), `hash ${first + at} of level ${level} is not that of its entries`);
      }
    }
  }
}

function receipt(text) {
  const at = text.indexOf("\n\n");
  const [, extra, index, ...hashes] = text.slice(0, at).split("\n");
  check(extra?.startsWith("extra ") && index?.startsWith("index "), "the receipt does not bring its entry");
  return {
    leaf: Buffer.from(extra.slice(6), "base64"),
    index: Number(index.slice(6)),
    hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
    note: text.slice(at + 2),
  };
}

async function agrees(file, key, entries) {
  let note = readFileSync(file, "utf8");
  let shown;
  if (note.startsWith("c2sp.org/tlog-proof@v1\n")) {
    shown = receipt(note);
    note = shown.note;
  }
  const { size, root } = checkpoint(note, key);
  if (shown) {
    const proof = { log_id: "", tree_size: size, leaf_index: shown.index, inclusion_path: shown.hashes };
    const leaf = await RFC9162.leaf(shown.leaf);
    check(await RFC9162.verifyInclusionProof(root, leaf, proof), "the receipt shows nothing");
    check(entries[shown.index] && same(entries[shown.index], shown.leaf), `entry ${shown.index} is not the one of the receipt`);
  }
  check(size <= entries.length, `it covers ${size} entries and the log has ${entries.length}`);
  const then = await RFC9162.treeHead(entries.slice(0, size));
  check(same(then, root), `the first ${size} entries lead to another root`);
}

async function main([dir, vkey, ...kept]) {
  const key = keyOf(vkey);
  const { size, root } = checkpoint(readFileSync(join(dir, "checkpoint"), "utf8"), key);
  const entries = [];
  for (let first = 0; first < size; first += WIDTH) {
    entries.push(...bundle(dir, first / WIDTH, Math.min(WIDTH, size - first)));
  }
  await tiles(dir, entries);
  check(same(await RFC9162.treeHead(entries), root), "the entries lead to another root than the checkpoint's");
  for (const file of kept) {
    try {
      await agrees(file, key, entries);
    } catch (error) {
      if (error instanceof Rejected) error.message = `${basename(file)}: ${error.message}`;
      throw error;
    }
  }
  return size;
}

main(process.argv.slice(2)).then(
  (size) => console.log(`accepted: ${size} entries`),
  (error) => {
    const missing = error.code === "ENOENT";
    if (!(error instanceof Rejected) && !missing) throw error;
    console.log(`rejected: ${error.message}`);
    process.exit(1);
  },
);
