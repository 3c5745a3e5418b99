'use strict';
// The file of compiled CUDA kernels, whose format native/cuda/images.h describes.
// usage: node scripts/cuda/images.js --write FILE [--fatbinary PROGRAM] [--compress-modes] IMAGE ...
//                                         as the last step of a build; an IMAGE is X.fatbin, X.ptx or, for older
//                                         drivers, X.sm_75.ptx, the last two of which CUDA's program fatbinary makes
//                                         fat binaries of; it may know several ways to compress
//        node scripts/cuda/images.js FILE what a file holds
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const MAGIC = 'TENONCU2';
const HEADER_BYTES = 12;
const ENTRY_BYTES = 64;
const NAME_BYTES = 40;
const ALIGNMENT = 16;
const USUAL = 0;
const OLDER_PTX = 1;
/**
 * The PTX of CUDA 11.4, whose driver is the oldest that has all functions in native/cuda/driver.h. Code that
 * needs newer PTX fails to assemble when it is marked so, which package-cuda.js tries before it is published.
 */
const OLDER_PTX_VERSION = '7.4';
const FAT_BINARY_MAGIC = 0xba55ed50;
const PTX_ENTRY = 1;

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Text of an older version. Comments are left out. */
function olderPtx(text) {
  const code = text.replace(/^\s*\/\/.*\n/gm, '').replace(/\n{2,}/g, '\n');
  // A hint about loads that older versions don't have.
  const hintless = code.replace(/^\s*\.pragma "used_bytes_mask.*\n/gm, '');
  const marked = hintless.replace(/^\.version .*$/m, `.version ${OLDER_PTX_VERSION}`);
  if (marked === hintless) throw new Error('there is no .version in the PTX');
  return marked;
}

/**
 * PTX marked as of an older version, in a fat binary. Smallest, drivers of CUDA 12.4 and newer read it; compressed as
 * older ones do, it is three times as large.
 */
function fatBinaryOf(ptx, { fatbinary, compressModes }, smallest) {
  const text = olderPtx(fs.readFileSync(ptx, 'utf8'));
  const architecture = /^\.target sm_(\d+)/m.exec(text)[1];
  const source = `${ptx}.older`;
  const output = `${ptx}.fatbin`;
  fs.writeFileSync(source, text);
  const mode = compressModes ? [`--compress-mode=${smallest ? 'size' : 'speed'}`] : [];
  const image = `--image3=kind=ptx,sm=${architecture},file=${source}`;
  execFileSync(fatbinary, ['--64', ...mode, `--create=${output}`, image]);
  return fs.readFileSync(output);
}

function readImage(file, tools) {
  const [, source, older, kind] = /([^/\\]+?)(?:\.sm_(\d+))?\.(ptx|fatbin)$/.exec(file);
  if (source.length >= NAME_BYTES) throw new Error(`${source}: a name of ${NAME_BYTES} characters and more`);
  const data = kind === 'fatbin' ? fs.readFileSync(file) : fatBinaryOf(file, tools, older === undefined);
  return older === undefined
    ? { kind: USUAL, architecture: 0, source, data }
    : { kind: OLDER_PTX, architecture: Number(older), source, data };
}

function write(file, images) {
  const head = Buffer.alloc(aligned(HEADER_BYTES + images.length * ENTRY_BYTES));
  head.write(MAGIC, 0, 'latin1');
  head.writeUInt32LE(images.length, 8);
  const parts = [head];
  let offset = head.length;
  images.forEach(({ kind, architecture, source, data }, i) => {
    const entry = HEADER_BYTES + i * ENTRY_BYTES;
    head.writeUInt32LE(kind, entry);
    head.writeUInt32LE(architecture, entry + 4);
    head.writeBigUInt64LE(BigInt(offset), entry + 8);
    head.writeBigUInt64LE(BigInt(data.length), entry + 16);
    head.write(source, entry + 24, 'latin1');
    parts.push(data, Buffer.alloc(aligned(data.length) - data.length));
    offset += aligned(data.length);
  });
  fs.writeFileSync(file, Buffer.concat(parts));
  return offset;
}

/** The images in a file; throws if it is damaged. */
function read(file) {
  const content = fs.readFileSync(file);
  const damaged = (what) => new Error(`${file} is damaged: ${what}`);
  if (content.length < HEADER_BYTES || content.toString('latin1', 0, 8) !== MAGIC)
    throw damaged('it does not begin as a file of kernels');
  const count = content.readUInt32LE(8);
  if (count === 0 || HEADER_BYTES + count * ENTRY_BYTES > content.length)
    throw damaged(`it can't hold ${count} images`);
  return Array.from({ length: count }, (_, i) => {
    const entry = HEADER_BYTES + i * ENTRY_BYTES;
    const kind = content.readUInt32LE(entry);
    const offset = Number(content.readBigUInt64LE(entry + 8));
    const size = Number(content.readBigUInt64LE(entry + 16));
    const data = content.subarray(offset, offset + size);
    if (offset % ALIGNMENT !== 0 || data.length !== size) throw damaged(`image ${i} does not lie within it`);
    if (kind !== USUAL && kind !== OLDER_PTX) throw damaged(`image ${i} is of an unknown kind`);
    if (!isWholeFatBinary(data)) throw damaged(`image ${i} is not whole`);
    const [source] = content.toString('latin1', entry + 24, entry + ENTRY_BYTES).split('\0');
    return { kind, architecture: content.readUInt32LE(entry + 4), source, data };
  });
}

function isWholeFatBinary(data) {
  if (data.length < 16 || data.readUInt32LE(0) !== FAT_BINARY_MAGIC) return false;
  return data.readUInt16LE(6) + Number(data.readBigUInt64LE(8)) <= data.length;
}

/** What a fat binary has for which architectures: pairs of 'sm_80' or 'PTX for 9.0', and bytes. */
function formsOf({ kind, data }) {
  const forms = [];
  for (let at = data.readUInt16LE(6); at + 32 <= data.length;) {
    const bytes = data.readUInt32LE(at + 4) + Number(data.readBigUInt64LE(at + 8));
    if (bytes === 0) throw new Error('a fat binary is damaged: a part of it has no bytes');
    const architecture = data.readUInt32LE(at + 28);
    const ptx = data.readUInt16LE(at) === PTX_ENTRY;
    const name = ptx ? `PTX for ${(architecture / 10).toFixed(1)}` : `sm_${architecture}`;
    forms.push([kind === OLDER_PTX ? `${name} and older drivers` : name, bytes]);
    at += bytes;
  }
  return forms;
}

/** How many bytes each form has over all images. */
function sizes(images) {
  const sums = new Map();
  for (const [name, bytes] of images.flatMap(formsOf)) sums.set(name, (sums.get(name) ?? 0) + bytes);
  return sums;
}

const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

/** '38 sources: 1.93 MB sm_75, 2.16 MB PTX for 7.5'. */
function describe(images) {
  const sums = [...sizes(images)].map(([name, bytes]) => `${megabytes(bytes)} ${name}`);
  const sources = images.filter((image) => image.kind === USUAL).length;
  return `${sources} source${sources === 1 ? '' : 's'}: ${sums.join(', ')}`;
}

/** How long nvcc took for an image: X.started is made before, the image after. */
function seconds(file, since) {
  const started = `${file}.started`;
  if (!fs.existsSync(started) || fs.statSync(started).mtimeMs <= since) return 0;
  return (fs.statSync(file).mtimeMs - fs.statSync(started).mtimeMs) / 1000;
}

function main([first, ...rest]) {
  if (first !== '--write') {
    console.log(describe(read(first)));
    return;
  }
  const [file, ...options] = rest;
  const tools = { fatbinary: 'fatbinary', compressModes: false };
  for (; options[0]?.startsWith('--'); options.shift())
    if (options[0] === '--compress-modes') tools.compressModes = true;
    else {
      options.shift();
      [tools.fatbinary] = options;
    }
  const before = fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
  const images = options.map((name) => readImage(name, tools));
  const bytes = write(file, images);
  const spent = options.reduce((sum, name) => sum + seconds(name, before), 0);
  console.log(
    `${path.basename(file)}: ${megabytes(bytes)}, ${describe(images)}; ${spent.toFixed(1)} s of nvcc`,
  );
}

module.exports = { OLDER_PTX, olderPtx, read, write, sizes, describe };
if (require.main === module) main(process.argv.slice(2));
