'use strict';
// The file of compiled CUDA kernels, whose format native/cuda/images.h describes.
// usage: node scripts/cuda/images.js --write FILE IMAGE ...   as the last step of a build; an IMAGE is X.fatbin
//                                                             or, for older drivers, X.sm_80.ptx
//        node scripts/cuda/images.js FILE                     what a file holds
const fs = require('fs');
const path = require('path');

const MAGIC = 'TENONCU1';
const HEADER_BYTES = 12;
const ENTRY_BYTES = 24;
const ALIGNMENT = 16;
const FAT_BINARY = 0;
const OLDER_PTX = 1;
const KINDS = ['machine code and PTX', 'PTX for older drivers'];
/**
 * The PTX of CUDA 11.4, whose driver is the oldest that has all functions in native/cuda/driver.h. Code that
 * needs newer PTX fails to assemble when it is marked so, which a release build tries.
 */
const OLDER_PTX_VERSION = '7.4';
const FAT_BINARY_MAGIC = 0xba55ed50;

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Text of an older version, which ends with a 0, as drivers want it. Comments are left out. */
function olderPtx(text) {
  const code = text.replace(/^\s*\/\/.*\n/gm, '').replace(/\n{2,}/g, '\n');
  // A hint about loads that older versions don't have.
  const hintless = code.replace(/^\s*\.pragma "used_bytes_mask.*\n/gm, '');
  const marked = hintless.replace(/^\.version .*$/m, `.version ${OLDER_PTX_VERSION}`);
  if (marked === hintless) throw new Error('there is no .version in the PTX');
  return marked;
}

function readImage(file) {
  const architecture = /\.sm_(\d+)\.ptx$/.exec(file)?.[1];
  if (architecture === undefined) return { kind: FAT_BINARY, architecture: 0, data: fs.readFileSync(file) };
  const data = Buffer.from(`${olderPtx(fs.readFileSync(file, 'utf8'))}\0`);
  return { kind: OLDER_PTX, architecture: Number(architecture), data };
}

function write(file, images) {
  const head = Buffer.alloc(aligned(HEADER_BYTES + images.length * ENTRY_BYTES));
  head.write(MAGIC, 0, 'latin1');
  head.writeUInt32LE(images.length, 8);
  const parts = [head];
  let offset = head.length;
  images.forEach(({ kind, architecture, data }, i) => {
    const entry = HEADER_BYTES + i * ENTRY_BYTES;
    head.writeUInt32LE(kind, entry);
    head.writeUInt32LE(architecture, entry + 4);
    head.writeBigUInt64LE(BigInt(offset), entry + 8);
    head.writeBigUInt64LE(BigInt(data.length), entry + 16);
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
    const whole = kind === FAT_BINARY ? isWholeFatBinary(data) : data.indexOf(0) === size - 1;
    if (KINDS[kind] === undefined || !whole) throw damaged(`image ${i} is not whole`);
    return { kind, architecture: content.readUInt32LE(entry + 4), data };
  });
}

function isWholeFatBinary(data) {
  if (data.length < 16 || data.readUInt32LE(0) !== FAT_BINARY_MAGIC) return false;
  return data.readUInt16LE(6) + Number(data.readBigUInt64LE(8)) <= data.length;
}

const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

/** '5 sources: 0.42 MB machine code and PTX, 1.10 MB PTX for older drivers'. */
function describe(images) {
  const sums = KINDS.map((name, kind) => {
    const bytes = images.filter((image) => image.kind === kind).reduce((sum, i) => sum + i.data.length, 0);
    return bytes > 0 ? `${megabytes(bytes)} ${name}` : '';
  });
  const sources = images.filter((image) => image.kind === FAT_BINARY).length;
  return `${sources} source${sources === 1 ? '' : 's'}: ${sums.filter((text) => text !== '').join(', ')}`;
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
  const [file, ...names] = rest;
  const before = fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
  const images = names.map(readImage);
  write(file, images);
  const spent = names.reduce((sum, name) => sum + seconds(name, before), 0);
  console.log(`${path.basename(file)}: ${describe(images)}; ${spent.toFixed(1)} s of nvcc`);
}

module.exports = { FAT_BINARY, OLDER_PTX, olderPtx, read, write, describe };
if (require.main === module) main(process.argv.slice(2));
