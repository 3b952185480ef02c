// The runtime's functions for streams and events.
#include "emulator/configuration.h"
#include "emulator/graph.h"
#include "emulator/machine.h"
#include "emulator/runtime_api.h"

using emulator::Failure;
using emulator::finish;
using emulator::machine;
using emulator::Work;

namespace {

struct StreamCall {
  CUstream_st* stream;
  Failure failure;
};

StreamCall find_stream(cudaStream_t handle) {
  const Failure state = machine().state_of_driver();
  if (state.error != cudaSuccess) return {nullptr, state};
  CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return {nullptr, {cudaErrorInvalidResourceHandle, "there is no such stream", -1}};
  return {stream, machine().card(stream->card).sticky};
}

Failure check_event(cudaEvent_t event) {
  const Failure state = machine().state_of_driver();
  if (state.error != cudaSuccess) return state;
  if (!machine().has_event(event)) return {cudaErrorInvalidResourceHandle, "there is no such event", -1};
  return machine().card(event->card).sticky;
}

bool is_done(const CUevent_st& event) { return !event.completion || event.completion->done; }

}  // namespace

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  if (flags > cudaStreamNonBlocking) return finish(cudaErrorInvalidValue);
  *stream = &machine().add_stream(emulator::current_card(), flags != cudaStreamNonBlocking);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (stream == nullptr || stream->is_default) return finish(cudaErrorInvalidResourceHandle);
  if (stream->capture) lose(*stream->capture, cudaErrorStreamCaptureInvalidated);
  machine().remove_stream(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (failure.error != cudaSuccess) return finish(failure);
  if (stream->capture) return lose(*stream->capture, cudaErrorStreamCaptureUnsupported);
  return emulator::wait_until(lock, stream->card, [last = stream->last] { return !last || last->done; });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (failure.error != cudaSuccess) return finish(failure);
  if (stream->capture) return lose(*stream->capture, cudaErrorStreamCaptureUnsupported);
  const auto last = stream->last;
  const int card = stream->card;
  if (last && !last->done) machine().carry_out_some(lock);
  if (last && !last->done) return finish(cudaErrorNotReady);
  return finish(machine().card(card).sticky);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (failure.error != cudaSuccess) return finish(failure);
  if (const Failure bad = check_event(event); bad.error == cudaErrorInvalidResourceHandle) return finish(bad);
  if (event->capture) return emulator::join_capture(*stream, *event);
  if (stream->capture)
    return event->completion ? lose(*stream->capture, cudaErrorStreamCaptureIsolation) : cudaSuccess;
  if (!event->completion) return cudaSuccess;
  Work work;
  work.after.push_back(event->completion);
  return submit(*stream, std::move(work));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (failure.error != cudaSuccess) return finish(failure);
  Work work;
  work.run = [function, data] {
    function(data);
    return Failure{};
  };
  return submit(*stream, std::move(work));
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  if (flags > (cudaEventBlockingSync | cudaEventDisableTiming)) return finish(cudaErrorInvalidValue);
  *event = &machine().add_event(emulator::current_card(), (flags & cudaEventDisableTiming) == 0);
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  auto lock = machine().lock();
  if (!machine().has_event(event)) return finish(cudaErrorInvalidResourceHandle);
  machine().remove_event(event);
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  auto lock = machine().lock();
  const auto [stream, failure] = find_stream(handle);
  if (failure.error != cudaSuccess) return finish(failure);
  if (const Failure bad = check_event(event); bad.error != cudaSuccess) return finish(bad);
  if (event->card != stream->card)
    return finish(cudaErrorInvalidResourceHandle, "the event and the stream are of different cards");
  if (stream->capture) {
    if (stream->capture->lost) return finish(cudaErrorStreamCaptureInvalidated);
    event->capture = stream->capture;
    event->capture_after = stream->capture_after;
    return cudaSuccess;
  }
  event->capture = nullptr;
  return submit(*stream, Work(), &event->completion);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  auto lock = machine().lock();
  if (const Failure bad = check_event(event); bad.error != cudaSuccess) return finish(bad);
  if (event->capture) return lose(*event->capture, cudaErrorCapturedEvent);
  return emulator::wait_until(lock, event->card,
                              [completion = event->completion] { return !completion || completion->done; });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  auto lock = machine().lock();
  if (const Failure bad = check_event(event); bad.error != cudaSuccess) return finish(bad);
  if (event->capture) return lose(*event->capture, cudaErrorCapturedEvent);
  const auto completion = event->completion;
  const int card = event->card;
  if (completion && !completion->done) machine().carry_out_some(lock);
  if (completion && !completion->done) return finish(cudaErrorNotReady);
  return finish(machine().card(card).sticky);
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  auto lock = machine().lock();
  for (const cudaEvent_t event : {begin, end})
    if (const Failure bad = check_event(event); bad.error != cudaSuccess) return finish(bad);
  if (!begin->timed || !end->timed || !begin->completion || !end->completion || begin->card != end->card)
    return finish(cudaErrorInvalidResourceHandle);
  if (!is_done(*begin) || !is_done(*end)) return finish(cudaErrorNotReady);
  *milliseconds = static_cast<float>(end->completion->milliseconds - begin->completion->milliseconds);
  return cudaSuccess;
}
