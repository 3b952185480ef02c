// Queues work on streams, and waits for it.
#include <algorithm>

#include "emulator/graph.h"
#include "emulator/machine.h"

namespace emulator {
namespace {

bool captures_blocking_stream(int card) {
  for (const CUstream_st* stream : machine().streams_of(card))
    if (stream->capture && stream->blocking && !stream->is_default) return true;
  return false;
}

cudaError_t add_node(CUstream_st& stream, Work work) {
  Capture& capture = *stream.capture;
  if (capture.lost) return finish(cudaErrorStreamCaptureInvalidated);
  capture.graph.nodes.push_back({std::move(work.run), stream.capture_after, stream.card, work.endless});
  stream.capture_after = {capture.graph.nodes.size() - 1};
  return cudaSuccess;
}

}  // namespace

cudaError_t submit(CUstream_st& stream, Work work, CompletionPointer* completion) {
  if (stream.capture) return add_node(stream, std::move(work));
  if (stream.is_default && captures_blocking_stream(stream.card))
    return finish(cudaErrorStreamCaptureImplicit);
  const CompletionPointer queued = machine().queue(stream, std::move(work));
  if (completion != nullptr) *completion = queued;
  return cudaSuccess;
}

cudaError_t wait_until(Machine::Lock& lock, int card, const std::function<bool()>& done) {
  if (!machine().carry_out_until(lock, done))
    return finish(cudaErrorLaunchTimeout,
                  "on a card this call would never return: what it waits for never ends");
  return finish(machine().card(card).sticky);
}

Failure forbidden_by_capture() {
  for (int card = 0; card < kMaxCards; ++card)
    for (const CUstream_st* stream : machine().streams_of(card)) {
      Capture* const capture = stream->capture.get();
      if (capture == nullptr || capture->mode == cudaStreamCaptureModeRelaxed) continue;
      if (capture->mode == cudaStreamCaptureModeThreadLocal && capture->thread != std::this_thread::get_id())
        continue;
      capture->lost = true;
      return {cudaErrorStreamCaptureUnsupported, "", -1};
    }
  return {};
}

}  // namespace emulator
