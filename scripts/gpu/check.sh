#!/usr/bin/env bash
# Checks Tenon on a GPU: facts, the tests for any device, the native tests of kernels, the notebook, compute-sanitizer, and
# benchmarks beside PyTorch. From .gpu, where scripts/gpu/pack.js has packed all it needs, it unpacks that first
# (bash .gpu/check.sh); in a checkout it runs what is built there (npm run gpu:check).
#
#   OUT=folder      where logs and results.json go (build/gpu/out, or a new folder in /tmp)
#   REQUIRE_GPU=1   without a GPU everything fails; otherwise the emulated device stands in where it can
#   PARTS="..."     only these: facts tests native notebook memcheck racecheck benchmarks
#   SECONDS_IN_ALL  how long it may take (530)
#
# A part that fails or runs out of time does not keep the others from running. Exit status: 0 if none failed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
start=$SECONDS
in_all=${SECONDS_IN_ALL:-530}
parts=${PARTS:-facts tests native notebook memcheck racecheck benchmarks}
emulated=0

# --- where everything is -------------------------------------------------------------------------------------
unxz_to() { # unxz_to FILE.xz: to standard output, with Python where there is no xz
  xz -dc "$1" 2>/dev/null || python3 -c '
import lzma, shutil, sys
shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"
}

if [ -f "$here/node.xz" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  unxz_to "$here/tenon.tar.xz" | tar -C "$work" -xf - || { echo "the package can't be unpacked"; exit 1; }
  mkdir "$work/bin" && unxz_to "$here/node.xz" >"$work/bin/node" && chmod +x "$work/bin/node"
  export PATH="$work/bin:$PATH"
  tree=$work/tenon
  out=${OUT:-$(mktemp -d)}
else
  root=$(cd "$here/../.." && pwd)
  node "$here/stage.js" || exit 1
  tree=$root/build/gpu/tenon
  out=${OUT:-$root/build/gpu/out}
fi
mkdir -p "$out" && out=$(cd "$out" && pwd)
cd "$tree" || exit 1
jest=$(node -p 'require.resolve("jest/bin/jest")') || exit 1
rm -f "$out/parts.tsv"
echo "== unpacked [$((SECONDS - start)) s], node $(node --version)"

# --- what there is -------------------------------------------------------------------------------------------
[ "${REQUIRE_GPU:-}" = 1 ] && unset TENON_CUDA_DRIVER
field() { node -p "JSON.parse(process.argv[1]).$1" "$status" 2>/dev/null; }
find_device() {
  status=$(timeout 60 node benchmarks/tenon/cuda-status.js 2>&1 | tail -1)
  available=$(field available)
}
find_device
emulation=$tree/build/Release/libtenon_cuda_emulation.so
if [ "$available" != true ] && [ "${REQUIRE_GPU:-}" != 1 ] && [ -f "$emulation" ]; then
  echo "== no GPU ($(field reason)): the emulated device stands in"
  export TENON_CUDA_DRIVER=$emulation
  find_device
fi
[ "$(field emulated)" = true ] && emulated=1
if [ "$available" = true ]; then
  echo "== device: $(field 'devices[0].name'), driver for CUDA $(field driver)"
else
  echo "== no GPU: $(field reason || echo "$status")"
fi

# --- running the parts ---------------------------------------------------------------------------------------
record() { # record NAME STATE SECONDS WORDS
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" | tee -a "$out/parts.tsv" | sed 's/^/== /'
}

# part NAME LIMIT NEEDS COMMAND ...: NEEDS is nothing, device or gpu (where the emulated one is of no use).
part() {
  local name=$1 limit=$2 needs=$3 began=$SECONDS code left
  shift 3
  [[ " $parts " == *" $name "* ]] || return
  if [ "$needs" != nothing ]; then
    if [ "$available" != true ] || { [ "${REQUIRE_GPU:-}" = 1 ] && [ $emulated = 1 ]; }; then
      record "$name" "$([ "${REQUIRE_GPU:-}" = 1 ] && echo FAILED || echo skipped)" 0 'no GPU'
      return
    fi
    if [ "$needs" = gpu ] && [ $emulated = 1 ]; then
      record "$name" skipped 0 'no GPU: the device is emulated'
      return
    fi
  fi
  left=$((in_all - (SECONDS - start)))
  [ $limit -gt $left ] && limit=$left
  if [ $limit -lt 1 ]; then
    record "$name" FAILED 0 'no time was left'
    return
  fi
  echo "== $name, at most $limit s"
  timeout -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
  code=$?
  tail -n "${TAIL:-12}" "$out/$name.log"
  case $code in
    0) record "$name" passed $((SECONDS - began)) "$(counts "$name")" ;;
    77) record "$name" skipped $((SECONDS - began)) "$(tail -1 "$out/$name.log")" ;;
    124 | 137) record "$name" FAILED $((SECONDS - began)) "ran out of its $limit s" ;;
    *) record "$name" FAILED $((SECONDS - began)) "status $code; $(counts "$name")" ;;
  esac
}

# The last line that counts something.
counts() { sed 's/\x1b\[[0-9;]*m//g' "$out/$1.log" | grep -aE '[0-9]+ passed|ERROR SUMMARY' | tail -1 | sed 's/^=* *//'; }

facts() {
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,compute_cap --format=csv 2>&1
  echo "$status"
  uname -srm
  grep -m1 'model name' /proc/cpuinfo
  echo "processors: $(nproc)"
  nvcc --version 2>/dev/null | tail -2
  command -v compute-sanitizer ncu nsys cuobjdump
  python3 -c 'import torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda)' 2>&1 | tail -1
}
device_tests() {
  local suites
  # test/devices is about two of them.
  [ "$emulated" = 1 ] && export TENON_EMULATED_CUDA_DEVICES=2
  [ "$emulated" = 1 ] || [ "$devices" -ge 2 ] || local left='test/devices'
  mapfile -t suites < <(node -p "require('./scripts/cuda/emulated').SUITES.filter((s) => s !== '${left:-}').join('\n')")
  # What starts TypeScript needs packages that are not here; the notebook is a part of its own.
  TENON_TEST_DEVICE=cuda node "$jest" --ci "${suites[@]}" --testNamePattern '^(?!without a driver|.*notebook example)'
}
native_tests() {
  local failed=0 all=0
  export TENON_TEST_CUDA=1 TENON_CUDA_IMAGES=$tree/build/Release/tenon_cuda.fatbin TENON_CUDA_DRIVER=libcuda.so.1
  for program in build/tests/*; do
    [ -x "$program" ] || { echo 'no native tests were packed: npm run test:native'; return 77; }
    all=$((all + 1))
    echo "-- $(basename "$program")"
    timeout 60 "$program" || failed=$((failed + 1))
  done
  echo "programs: $((all - failed)) passed, $failed failed"
  [ $failed = 0 ]
}
sanitizer() {
  command -v compute-sanitizer >/dev/null || { echo 'compute-sanitizer is not installed'; return 77; }
  compute-sanitizer --tool "$1" --error-exitcode 9 node scripts/gpu/selection.js
}
benchmarks() {
  local rival=()
  python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null && rival=(--vs torch)
  local quick=()
  [ $emulated = 1 ] && quick=(--quick)
  node benchmarks/run.js cuda ${rival[@]+"${rival[@]}"} ${quick[@]+"${quick[@]}"}
}
export -f facts device_tests native_tests sanitizer benchmarks
devices=$(field 'devices.length')
export status tree jest emulated devices=${devices:-0}

TAIL=20 part facts 40 nothing bash -c facts
part tests $([ "$emulated" = 1 ] && echo 380 || echo 150) device bash -c device_tests
part native 90 gpu bash -c native_tests
part notebook 60 device node scripts/gpu/notebook.js
part memcheck 60 gpu bash -c 'sanitizer memcheck'
part racecheck 60 gpu bash -c 'sanitizer racecheck'
TAIL=40 part benchmarks 170 device bash -c benchmarks

# --- what came out -------------------------------------------------------------------------------------------
node scripts/gpu/report.js "$out" "$status" "$((SECONDS - start))"
code=$?
echo "== results in $out [$((SECONDS - start)) s]"
exit $code
