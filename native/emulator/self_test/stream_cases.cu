// Streams: ordered work happens in order; unordered work does not.
#include <thread>

#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

__global__ void set_kernel(float* x, float value) { x[threadIdx.x] = value; }
__global__ void double_kernel(const float* x, float* y) { y[threadIdx.x] = 2 * x[threadIdx.x]; }

cudaStream_t make_stream() {
  cudaStream_t stream = nullptr;
  require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return stream;
}

cudaEvent_t make_event() {
  cudaEvent_t event = nullptr;
  require(cudaEventCreate(&event), "cudaEventCreate");
  return event;
}

// Sets x on one stream and doubles it on another, with a wait between or without.
float produce_and_consume(bool waits) {
  const CardArray<float> x(std::vector<float>(32, 1)), y(32);
  const cudaStream_t first = make_stream(), second = make_stream();
  const cudaEvent_t set = make_event();
  require(launch(set_kernel, 1, 32, 0, first, x.get(), 5.0f), "launch");
  require(cudaEventRecord(set, first), "cudaEventRecord");
  if (waits) require(cudaStreamWaitEvent(second, set, 0), "cudaStreamWaitEvent");
  require(launch(double_kernel, 1, 32, 0, second, x.get(), y.get()), "launch");
  require(cudaStreamSynchronize(second), "cudaStreamSynchronize");
  require(cudaStreamSynchronize(first), "cudaStreamSynchronize");
  require(cudaEventDestroy(set), "cudaEventDestroy");
  require(cudaStreamDestroy(first), "cudaStreamDestroy");
  require(cudaStreamDestroy(second), "cudaStreamDestroy");
  return y.read()[0];
}

std::string waits_are_kept() {
  for (int seed = 0; seed < 20; ++seed) {
    begin("seed=" + std::to_string(seed));
    require(produce_and_consume(true) == 10, "a wait is not kept");
  }
  return "";
}

std::string missing_wait_shows() {
  begin();
  require(produce_and_consume(false) == 2, "the kernels came in the order of their launches");
  int wrong = 0;
  for (int seed = 1; seed <= 20; ++seed) {
    begin("seed=" + std::to_string(seed));
    wrong += produce_and_consume(false) != 10;
  }
  require(wrong > 0 && wrong < 20, "random orders are not random");
  return "";
}

std::string nothing_happens_before_it_is_asked_for() {
  begin();
  float* pinned = nullptr;
  require(cudaMallocHost(reinterpret_cast<void**>(&pinned), 4), "cudaMallocHost");
  *pinned = 1;
  const CardArray<float> x(std::vector<float>(32, 3));
  const cudaStream_t stream = make_stream();
  require(cudaMemcpyAsync(pinned, x.get(), 4, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
  require(*pinned == 1, "the copy came at once");
  require(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  require(*pinned == 3, "the copy did not come");
  require(cudaFreeHost(pinned), "cudaFreeHost");
  return "";
}

// A copy takes pageable memory when it is queued, pinned memory when it is carried out.
std::string when_host_memory_is_read() {
  begin();
  float pageable = 1;
  float* pinned = nullptr;
  require(cudaMallocHost(reinterpret_cast<void**>(&pinned), 4), "cudaMallocHost");
  *pinned = 1;
  const CardArray<float> x(2);
  const cudaStream_t stream = make_stream();
  require(cudaMemcpyAsync(x.get(), &pageable, 4, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
  require(cudaMemcpyAsync(x.get() + 1, pinned, 4, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
  pageable = *pinned = 2;
  require_equal(x.read(), {1, 2});
  require(cudaFreeHost(pinned), "cudaFreeHost");
  return "";
}

// The default stream takes turns with streams that block, and with no others.
std::string default_stream() {
  begin();
  for (const bool blocking : {true, false}) {
    const CardArray<float> x(std::vector<float>(32, 1)), y(32);
    cudaStream_t stream = nullptr;
    require(cudaStreamCreateWithFlags(&stream, blocking ? cudaStreamDefault : cudaStreamNonBlocking),
            "create");
    require(launch(set_kernel, 1, 32, 0, nullptr, x.get(), 5.0f), "launch");
    require(launch(double_kernel, 1, 32, 0, stream, x.get(), y.get()), "launch");
    require(y.read()[0] == (blocking ? 10 : 2),
            blocking ? "a blocking stream did not wait" : "a stream waited");
    require(cudaStreamDestroy(stream), "cudaStreamDestroy");
  }
  return "";
}

std::string queries_make_progress() {
  begin();
  const CardArray<float> x(32);
  const cudaStream_t stream = make_stream();
  for (int i = 0; i < 3; ++i) require(launch(set_kernel, 1, 32, 0, stream, x.get(), 1.0f), "launch");
  const cudaEvent_t event = make_event();
  require(cudaEventRecord(event, stream), "cudaEventRecord");
  int queries = 1;
  cudaError_t state = cudaSuccess;
  while ((state = cudaEventQuery(event)) == cudaErrorNotReady) ++queries;
  require(state, "cudaEventQuery");
  require(queries > 1, "the first query found all done");
  require(cudaStreamQuery(stream), "cudaStreamQuery");
  return "";
}

std::string times_of_events() {
  begin();
  const CardArray<float> x(32);
  const cudaStream_t stream = make_stream();
  const cudaEvent_t first = make_event(), last = make_event();
  float milliseconds = -1;
  require(cudaEventRecord(first, stream), "cudaEventRecord");
  require(launch(set_kernel, 1, 32, 0, stream, x.get(), 1.0f), "launch");
  require(cudaEventRecord(last, stream), "cudaEventRecord");
  expect_error(cudaEventElapsedTime(&milliseconds, first, last), cudaErrorNotReady);
  require(cudaEventSynchronize(last), "cudaEventSynchronize");
  require(cudaEventElapsedTime(&milliseconds, first, last), "cudaEventElapsedTime");
  require(milliseconds >= 0, "time went backwards");
  return "";
}

std::string host_functions() {
  begin();
  const CardArray<float> x(32);
  const cudaStream_t stream = make_stream();
  int calls = 0;
  require(launch(set_kernel, 1, 32, 0, stream, x.get(), 1.0f), "launch");
  require(cudaLaunchHostFunc(
              stream, [](void* data) { ++*static_cast<int*>(data); }, &calls),
          "cudaLaunchHostFunc");
  require(calls == 0, "the function was called at once");
  require(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  require(calls == 1, "the function was not called once");
  return "";
}

// One thread launches while another waits.
std::string threads_of_the_host() {
  begin();
  const CardArray<float> x(std::vector<float>(32, 0)), y(32);
  std::vector<std::thread> threads;
  std::string problems[4];
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      try {
        const CardArray<float> mine(32);
        const cudaStream_t stream = make_stream();
        for (int turn = 0; turn < 25; ++turn) {
          require(launch(set_kernel, 1, 32, 0, stream, mine.get(), static_cast<float>(turn)), "launch");
          require(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
        }
        require(mine.read()[31] == 24, "another result");
        require(cudaStreamDestroy(stream), "cudaStreamDestroy");
      } catch (const std::exception& error) {
        problems[i] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& problem : problems) require(problem.empty(), problem);
  return "";
}

std::string handles_of_other_cards() {
  begin();
  const cudaStream_t stream = make_stream();
  const CardArray<float> x(32);
  require(cudaSetDevice(1), "cudaSetDevice");
  expect_error(launch(set_kernel, 1, 32, 0, stream, x.get(), 1.0f), cudaErrorInvalidResourceHandle,
               "another card");
  expect_error(cudaEventRecord(make_event(), stream), cudaErrorInvalidResourceHandle, "different cards");
  require(cudaStreamDestroy(stream), "cudaStreamDestroy");
  expect_error(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  return "";
}

}  // namespace

std::vector<Case> stream_cases() {
  return {
      {"streams: waits are kept", waits_are_kept},
      {"streams: a missing wait shows", missing_wait_shows},
      {"streams: nothing happens before it is asked for", nothing_happens_before_it_is_asked_for},
      {"streams: when host memory is read", when_host_memory_is_read},
      {"streams: the default stream", default_stream},
      {"streams: queries make progress", queries_make_progress},
      {"streams: times of events", times_of_events},
      {"streams: functions of the host", host_functions},
      {"streams: threads of the host", threads_of_the_host},
      {"streams: handles of other cards", handles_of_other_cards},
  };
}

}  // namespace emulator::self_test
