// The runtime's functions that capture streams into graphs and launch graphs.
#include <algorithm>

#include "emulator/configuration.h"
#include "emulator/graph.h"
#include "emulator/runtime_api.h"

using emulator::Capture;
using emulator::configuration;
using emulator::Failure;
using emulator::finish;
using emulator::machine;
using emulator::Work;

namespace emulator {

cudaError_t lose(Capture& capture, cudaError_t error) {
  capture.lost = true;
  return finish(error);
}

cudaError_t join_capture(CUstream_st& stream, const CUevent_st& event) {
  Capture& capture = *event.capture;
  if (capture.origin == nullptr)
    return finish(cudaErrorCapturedEvent, "the event was captured into a graph that is finished");
  if (capture.lost) return finish(cudaErrorStreamCaptureInvalidated);
  if (stream.capture && stream.capture != event.capture) {
    stream.capture->lost = true;
    return lose(capture, cudaErrorStreamCaptureMerge);
  }
  if (stream.is_default) return lose(capture, cudaErrorStreamCaptureImplicit);
  if (!stream.capture) {
    stream.capture = event.capture;
    stream.capture_after.clear();
    capture.streams.push_back(&stream);
  }
  for (const size_t node : event.capture_after)
    if (std::find(stream.capture_after.begin(), stream.capture_after.end(), node) ==
        stream.capture_after.end())
      stream.capture_after.push_back(node);
  return cudaSuccess;
}

namespace {

// Whether every node is one of `ends` or comes before one.
bool all_lead_to(const CUgraph_st& graph, const std::vector<size_t>& ends) {
  std::vector<bool> reached(graph.nodes.size(), false);
  for (const size_t end : ends) reached[end] = true;
  for (size_t node = graph.nodes.size(); node-- > 0;)
    if (reached[node])
      for (const size_t before : graph.nodes[node].after) reached[before] = true;
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

// Runs the nodes in an order that only their dependencies limit: of the ready ones the last, or, with a seed,
// any at random.
Failure run_graph(const CUgraph_st& graph) {
  const size_t count = graph.nodes.size();
  std::vector<bool> done(count, false);
  uint32_t random = configuration().seed;
  for (size_t carried_out = 0; carried_out < count; ++carried_out) {
    std::vector<size_t> ready;
    for (size_t node = 0; node < count; ++node) {
      const auto& after = graph.nodes[node].after;
      if (!done[node] && std::all_of(after.begin(), after.end(), [&](size_t before) { return done[before]; }))
        ready.push_back(node);
    }
    random = random * 1664525u + 1013904223u;
    const size_t next = configuration().seed == 0 ? ready.back() : ready[(random >> 8) % ready.size()];
    done[next] = true;
    const CUgraphNode_st& node = graph.nodes[next];
    Failure failure = node.run ? node.run() : Failure{};
    if (failure.error != cudaSuccess) {
      if (failure.card < 0) failure.card = node.card;
      return failure;
    }
  }
  return {};
}

void end_for_streams(Capture& capture) {
  for (int card = 0; card < emulator::kMaxCards; ++card)
    for (CUstream_st* stream : machine().streams_of(card))
      if (stream->capture.get() == &capture && stream != capture.origin) {
        stream->capture = nullptr;
        stream->capture_after.clear();
      }
}

}  // namespace
}  // namespace emulator

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return finish(cudaErrorInvalidResourceHandle);
  if (stream->is_default) return finish(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return finish(cudaErrorIllegalState);
  stream->capture = std::make_shared<Capture>();
  stream->capture->origin = stream;
  stream->capture->mode = mode;
  stream->capture->thread = std::this_thread::get_id();
  stream->capture_after.clear();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  auto lock = machine().lock();
  *graph = nullptr;
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return finish(cudaErrorInvalidResourceHandle);
  if (!stream->capture) return finish(cudaErrorIllegalState);
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture->origin != stream) return lose(*capture, cudaErrorStreamCaptureUnmatched);
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return lose(*capture, cudaErrorStreamCaptureWrongThread);
  const bool joined = emulator::all_lead_to(capture->graph, stream->capture_after);
  emulator::end_for_streams(*capture);
  stream->capture = nullptr;
  stream->capture_after.clear();
  capture->origin = nullptr;
  if (capture->lost) return finish(cudaErrorStreamCaptureInvalidated);
  if (!joined) return finish(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st(std::move(capture->graph));
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  auto lock = machine().lock();
  const CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return finish(cudaErrorInvalidResourceHandle);
  *status = !stream->capture        ? cudaStreamCaptureStatusNone
            : stream->capture->lost ? cudaStreamCaptureStatusInvalidated
                                    : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  if (graph == nullptr) return finish(cudaErrorInvalidValue);
  *exec = new CUgraphExec_st{std::make_shared<const CUgraph_st>(*graph), nullptr};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  CUstream_st* const stream = machine().stream_of(handle);
  if (exec == nullptr || stream == nullptr) return finish(cudaErrorInvalidResourceHandle);
  if (machine().card(stream->card).sticky.error != cudaSuccess)
    return finish(machine().card(stream->card).sticky);
  Work work;
  work.run = [graph = exec->graph] { return emulator::run_graph(*graph); };
  work.endless = std::any_of(exec->graph->nodes.begin(), exec->graph->nodes.end(),
                             [](const CUgraphNode_st& node) { return node.endless; });
  if (exec->last) work.after.push_back(exec->last);
  return submit(*stream, std::move(work), &exec->last);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t) {
  return exec != nullptr ? cudaSuccess : finish(cudaErrorInvalidValue);
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (graph == nullptr) return finish(cudaErrorInvalidValue);
  const size_t room = nodes != nullptr ? *count : 0;
  for (size_t i = 0; i < std::min(room, graph->nodes.size()); ++i) nodes[i] = &graph->nodes[i];
  *count = nodes != nullptr ? std::min(room, graph->nodes.size()) : graph->nodes.size();
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (graph == nullptr) return finish(cudaErrorInvalidValue);
  delete graph;
  return cudaSuccess;
}

// Queued launches keep their own references.
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  if (exec == nullptr) return finish(cudaErrorInvalidValue);
  delete exec;
  return cudaSuccess;
}
