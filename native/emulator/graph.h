// CUDA graphs, and streams that are being captured into one.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "emulator/machine.h"

#pragma GCC visibility push(hidden)

struct CUgraphNode_st {
  std::function<emulator::Failure()> run;
  std::vector<size_t> after;  // nodes that it comes after
  int card;
  bool endless;
};

struct CUgraph_st {
  std::vector<CUgraphNode_st> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<const CUgraph_st> graph;
  emulator::CompletionPointer last;  // launches of one graph come one after another
};

namespace emulator {

struct Capture {
  CUgraph_st graph;
  CUstream_st* origin;
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  std::vector<CUstream_st*> streams;  // that take part in the capture
  bool lost = false;                  // an error has invalidated it
};

// The capture continues only to report that it is lost.
cudaError_t lose(Capture& capture, cudaError_t error);
// Orders the stream's next nodes after the event's; the stream joins the capture if it had not yet.
cudaError_t join_capture(CUstream_st& stream, const CUevent_st& event);

}  // namespace emulator

#pragma GCC visibility pop
