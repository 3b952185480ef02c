#!/usr/bin/env bash
# Everything on one card in one go, in less than 8 minutes: our benchmark, PyTorch's, and both side by side.
#
#     OUT=folder bench/gpu.sh
#
# Needs Node, dist/ (npm run build:ts), the addon for cards (npx alexnet-native build --cuda) and, for PyTorch's part, a
# python3 that has torch; neither npm nor a network. Into $OUT: ours.json, ours.txt, torch.json, torch.txt, compared.txt,
# compared.json and machine.txt. A part that fails does not keep the others from running; what was measured until then is
# there. The exit code adds up what failed: 1 ours, 2 PyTorch's, 4 the comparison.
#
# From the environment, for smaller runs: DEVICES (cuda:0), PRESET (paper), BATCH (128,512), PRECISION (bf16,tf32,fp32),
# RUNS (20), TORCH_DEVICE (cuda:0), TORCH_PARTS (ops,steps,compile,autotune), OURS_SECONDS (150), TORCH_SECONDS (280),
# PYTHON (python3).
set -uo pipefail
cd "$(dirname "$0")/.."

out=${OUT:?set OUT to a folder for what comes out}
mkdir -p "$out"
devices=${DEVICES:-cuda:0}
preset=${PRESET:-paper}
batch=${BATCH:-128,512}
precision=${PRECISION:-bf16,tf32,fp32}
ours_seconds=${OURS_SECONDS:-150}
torch_seconds=${TORCH_SECONDS:-280}
code=0

# What a part prints goes into a file and, at its end, here.
part() {
  local bit=$1 title=$2 file=$3
  shift 3
  echo "== $title"
  local began=$SECONDS status
  "$@" >"$out/$file" 2>&1
  status=$?
  cat "$out/$file"
  echo "== $title: $((SECONDS - began)) s, exit code $status"
  if [ "$status" != 0 ]; then code=$((code | bit)); fi
}

about_machine() {
  date -u
  git rev-parse HEAD 2>/dev/null
  nvidia-smi 2>&1
  nvcc --version 2>&1 | tail -2
  node dist/cli/start.cjs devices 2>&1
  return 0
}

part 0 'the machine' machine.txt about_machine
# KILL, too: a process whose card does not answer may not hear the first signal.
part 1 'alexnet-native' ours.txt timeout -k 10 "$ours_seconds" \
  node dist/cli/start.cjs bench --devices "$devices" --preset "$preset" --batch "$batch" --precision "$precision" \
  --runs "${RUNS:-20}" --out "$out/ours.json"
part 2 'PyTorch' torch.txt timeout -k 10 $((torch_seconds + 30)) \
  "${PYTHON:-python3}" bench/peers/torch_gpu.py --device "${TORCH_DEVICE:-cuda:0}" --preset "$preset" --batch "$batch" \
  --precision "$precision" --parts "${TORCH_PARTS:-ops,steps,compile,autotune}" --seconds "$torch_seconds" \
  --out "$out/torch.json"

compare() {
  node dist/bench/compare.js "$out/ours.json" "$out/torch.json" --json >"$out/compared.json" &&
    node dist/bench/compare.js "$out/ours.json" "$out/torch.json"
}
part 4 'side by side' compared.txt compare

exit "$code"
