// Graphs, and streams that are being captured into one.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "emulator/machine.h"

#pragma GCC visibility push(hidden)

struct CUgraphNode_st {
  std::function<emulator::Failure()> run;
  std::vector<size_t> after;  // nodes that come before it
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
  std::vector<CUstream_st*> streams;  // that take part
  bool lost = false;                  // an error has ended it
};

// The capture goes on only to report that it is lost.
cudaError_t lose(Capture& capture, cudaError_t error);
// The stream, which may not have taken part so far, comes after what the event was captured behind.
cudaError_t join_capture(CUstream_st& stream, const CUevent_st& event);

}  // namespace emulator

#pragma GCC visibility pop
