// Capturing streams into graphs.
#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

__global__ void add_kernel(float* x, float value) { x[threadIdx.x] += value; }
__global__ void sum_kernel(const float* x, const float* y, float* sum) {
  sum[threadIdx.x] = x[threadIdx.x] + y[threadIdx.x];
}

struct Streams {
  cudaStream_t first = nullptr, second = nullptr;
  cudaEvent_t forked = nullptr, joined = nullptr;
  Streams() {
    for (cudaStream_t* stream : {&first, &second})
      require(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    for (cudaEvent_t* event : {&forked, &joined})
      require(cudaEventCreateWithFlags(event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
};

void begin_capture(cudaStream_t stream) {
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}

void fork(const Streams& streams) {
  require(cudaEventRecord(streams.forked, streams.first), "cudaEventRecord");
  require(cudaStreamWaitEvent(streams.second, streams.forked, 0), "cudaStreamWaitEvent");
}

void join(const Streams& streams) {
  require(cudaEventRecord(streams.joined, streams.second), "cudaEventRecord");
  require(cudaStreamWaitEvent(streams.first, streams.joined, 0), "cudaStreamWaitEvent");
}

std::string fork_and_join() {
  for (int seed = 0; seed < 8; ++seed) {
    begin("seed=" + std::to_string(seed));
    const CardArray<float> x(std::vector<float>(32, 0)), y(std::vector<float>(32, 0)), sum(32);
    const Streams streams;
    begin_capture(streams.first);
    require(launch(add_kernel, 1, 32, 0, streams.first, x.get(), 1.0f), "launch");
    fork(streams);
    require(launch(add_kernel, 1, 32, 0, streams.first, x.get(), 2.0f), "launch");
    require(launch(add_kernel, 1, 32, 0, streams.second, y.get(), 10.0f), "launch");
    join(streams);
    require(launch(sum_kernel, 1, 32, 0, streams.first, x.get(), y.get(), sum.get()), "launch");
    cudaGraph_t graph = nullptr;
    require(cudaStreamEndCapture(streams.first, &graph), "cudaStreamEndCapture");
    size_t nodes = 0;
    require(cudaGraphGetNodes(graph, nullptr, &nodes), "cudaGraphGetNodes");
    require(nodes == 4, "another number of nodes");
    cudaGraphExec_t exec = nullptr;
    require(cudaGraphInstantiate(&exec, graph, 0), "cudaGraphInstantiate");
    require(cudaGraphDestroy(graph), "cudaGraphDestroy");
    require(x.read()[0] == 0, "capturing ran a kernel");
    for (int turn = 0; turn < 3; ++turn)
      require(cudaGraphLaunch(exec, turn % 2 ? streams.first : streams.second), "cudaGraphLaunch");
    require(cudaGraphExecDestroy(exec), "cudaGraphExecDestroy");
    require(sum.read()[7] == 39, "another sum");
  }
  return "";
}

std::string missing_join() {
  begin();
  const CardArray<float> x(std::vector<float>(32, 0));
  const Streams streams;
  begin_capture(streams.first);
  fork(streams);
  require(launch(add_kernel, 1, 32, 0, streams.second, x.get(), 1.0f), "launch");
  cudaGraph_t graph = nullptr;
  expect_error(cudaStreamEndCapture(streams.first, &graph), cudaErrorStreamCaptureUnjoined);
  require(graph == nullptr, "a graph in spite of it");
  // Both streams work as before the capture.
  require(launch(add_kernel, 1, 32, 0, streams.second, x.get(), 1.0f), "launch");
  require(x.read()[0] == 1, "another result");
  return "";
}

std::string dependency_from_outside() {
  begin();
  const CardArray<float> x(std::vector<float>(32, 0));
  const Streams streams;
  require(launch(add_kernel, 1, 32, 0, streams.second, x.get(), 1.0f), "launch");
  require(cudaEventRecord(streams.joined, streams.second), "cudaEventRecord");
  begin_capture(streams.first);
  expect_error(cudaStreamWaitEvent(streams.first, streams.joined, 0), cudaErrorStreamCaptureIsolation);
  cudaGraph_t graph = nullptr;
  expect_error(cudaStreamEndCapture(streams.first, &graph), cudaErrorStreamCaptureInvalidated);
  return "";
}

std::string waiting_while_capturing() {
  begin();
  const Streams streams;
  cudaGraph_t graph = nullptr;
  void* memory = nullptr;
  begin_capture(streams.first);
  expect_error(cudaStreamSynchronize(streams.first), cudaErrorStreamCaptureUnsupported);
  expect_error(cudaStreamEndCapture(streams.first, &graph), cudaErrorStreamCaptureInvalidated);
  begin_capture(streams.first);
  expect_error(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
  expect_error(cudaStreamEndCapture(streams.first, &graph), cudaErrorStreamCaptureInvalidated);
  begin_capture(streams.first);
  require(cudaEventRecord(streams.forked, streams.first), "cudaEventRecord");
  expect_error(cudaEventSynchronize(streams.forked), cudaErrorCapturedEvent);
  expect_error(cudaStreamEndCapture(streams.first, &graph), cudaErrorStreamCaptureInvalidated);
  begin_capture(streams.first);
  require(cudaStreamEndCapture(streams.first, &graph), "cudaStreamEndCapture");
  require(cudaGraphDestroy(graph), "cudaGraphDestroy");
  return "";
}

std::string graph_over_two_cards() {
  begin();
  const CardArray<float> x(std::vector<float>(32, 4));
  cudaStream_t first = nullptr, second = nullptr;
  cudaEvent_t forked = nullptr, joined = nullptr;
  require(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  require(cudaEventCreate(&forked), "cudaEventCreate");
  require(cudaSetDevice(1), "cudaSetDevice");
  const CardArray<float> y(32);
  require(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  require(cudaEventCreate(&joined), "cudaEventCreate");
  begin_capture(first);
  require(cudaMemcpyPeerAsync(y.get(), 1, x.get(), 0, 128, first), "cudaMemcpyPeerAsync");
  require(cudaEventRecord(forked, first), "cudaEventRecord");
  require(cudaStreamWaitEvent(second, forked, 0), "cudaStreamWaitEvent");
  require(launch(add_kernel, 1, 32, 0, second, y.get(), 1.0f), "launch");
  require(cudaEventRecord(joined, second), "cudaEventRecord");
  require(cudaStreamWaitEvent(first, joined, 0), "cudaStreamWaitEvent");
  cudaGraph_t graph = nullptr;
  require(cudaStreamEndCapture(first, &graph), "cudaStreamEndCapture");
  cudaGraphExec_t exec = nullptr;
  require(cudaGraphInstantiate(&exec, graph, 0), "cudaGraphInstantiate");
  require(cudaGraphLaunch(exec, first), "cudaGraphLaunch");
  require(cudaStreamSynchronize(first), "cudaStreamSynchronize");
  require(y.read()[0] == 5, "another result");
  return "";
}

}  // namespace

std::vector<Case> graph_cases() {
  return {
      {"graphs: fork and join", fork_and_join},
      {"graphs: a missing join", missing_join},
      {"graphs: a dependency from outside", dependency_from_outside},
      {"graphs: waiting while capturing", waiting_while_capturing},
      {"graphs: over two cards", graph_over_two_cards},
  };
}

}  // namespace emulator::self_test
