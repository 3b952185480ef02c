#include "cuda/device/replay.h"

#include <cstdlib>
#include <cstring>

#include "cuda/device/cuda_run.h"
#include "cuda/device/ops.h"

namespace alexnet::cuda {
namespace {

bool can_fault(const Command& command) {
  const auto* op = std::get_if<ComputeOp>(&command.op);
  return op && std::visit([](const auto& o) { return o.kChecksContents; }, *op);
}

// Whether to wait for each command before queueing the next: slow, but an error in a kernel is then reported
// for its command.
bool blocking() {
  const char* asked = std::getenv("ALEXNET_CUDA_BLOCKING");
  return asked && *asked && *asked != '0';
}

const CudaBackend& backend_of(const Program& program, size_t device) {
  return static_cast<const CudaBackend&>(program.device(device).backend());
}

}  // namespace

CudaReplay::CudaReplay(const Program& program)
    : program_(program), blocking_(blocking()), transfers_(program.events()) {
  for (size_t device = 0; device < program.size(); ++device) lanes_.push_back(make_lane(device));
  for (size_t device = 0; device < program.size(); ++device)
    for (const size_t index : program.transfers(device)) {
      const auto& transfer = std::get<Transfer>(program.list(device)[index].op);
      const auto receiver = static_cast<size_t>(transfer.device);
      auto& copy = transfers_[static_cast<size_t>(transfer.event)];
      copy = std::make_unique<TransferCopy>(transfer, *lanes_[device].backend, *lanes_[receiver].backend);
      lanes_[device].transfers_used = true;
      if (copy->streams().size() > 1) lanes_[receiver].transfers_used = true;
    }
  use_card(lanes_[0].backend->card().index);
  begun_ = make_event(), ended_ = make_event();
  find_order();
}

CudaReplay::~CudaReplay() = default;

CudaReplay::Lane CudaReplay::make_lane(size_t device) const {
  Lane lane;
  lane.backend = &backend_of(program_, device);
  use_card(lane.backend->card().index);
  for (const Command& command : program_.list(device)) lane.fault_words += can_fault(command) ? 1 : 0;
  size_t next = 0;
  for (const Command& command : program_.list(device))
    lane.fault_of.push_back(can_fault(command) ? next++ : lane.fault_words);
  lane.step = allocate_device((1 + program_.learning_rates()) * sizeof(uint32_t));
  lane.faults = allocate_device((1 + lane.fault_words) * sizeof(Fault));
  lane.prepared = make_event(), lane.joined = make_event(), lane.transfers_joined = make_event();
  return lane;
}

// Takes the devices in turns: each advances up to the first wait whose transfer has not been queued yet.
// Validation guarantees that all lists are finished.
void CudaReplay::find_order() {
  std::vector<bool> queued(program_.events(), false);
  std::vector<size_t> next(program_.size(), 0);
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t device = 0; device < program_.size(); ++device)
      for (; next[device] < program_.list(device).size(); ++next[device], moved = true) {
        const Command& command = program_.list(device)[next[device]];
        const auto* wait = std::get_if<Wait>(&command.op);
        if (wait && !queued[static_cast<size_t>(wait->event)]) break;
        if (const auto* transfer = std::get_if<Transfer>(&command.op))
          queued[static_cast<size_t>(transfer->event)] = true;
        order_.push_back({device, next[device]});
      }
  }
}

// All devices begin after the first one's begin event, and the first one's stream continues when all have
// finished.
void CudaReplay::queue_commands(Profile* profile) const {
  use_card(lanes_[0].backend->card().index);
  record(begun_, origin());
  for (size_t device = 1; device < lanes_.size(); ++device)
    wait_for(lanes_[device].backend->compute(), begun_);
  if (profile)
    for (size_t device = 0; device < lanes_.size(); ++device) {
      use_card(lanes_[device].backend->card().index);
      profile->begin(device, lanes_[device].backend->compute());
    }
  for (const Place at : order_) {
    const Command& command = program_.list(at.device)[at.index];
    try {
      queue_command(at, profile);
    } catch (const Error& error) {
      throw Error(error.code(), command_text(command, at.device, at.index) + ": " + error.what());
    }
  }
  for (size_t device = 0; device < lanes_.size(); ++device) {
    const Lane& lane = lanes_[device];
    use_card(lane.backend->card().index);
    if (lane.transfers_used) {
      record(lane.transfers_joined, lane.backend->transfers());
      wait_for(origin(), lane.transfers_joined);
    }
    if (device == 0) continue;
    record(lane.joined, lane.backend->compute());
    wait_for(origin(), lane.joined);
  }
}

void CudaReplay::queue_command(Place at, Profile* profile) const {
  const Command& command = program_.list(at.device)[at.index];
  const CudaBackend& backend = *lanes_[at.device].backend;
  use_card(backend.card().index);
  if (const auto* transfer = std::get_if<Transfer>(&command.op)) {
    const TransferCopy& copy = *transfers_[static_cast<size_t>(transfer->event)];
    if (profile) {
      // The measured time is the copy's, without the wait for its data.
      record(lanes_[at.device].joined, backend.compute());
      wait_for(backend.transfers(), lanes_[at.device].joined);
      profile->mark(at.device, at.index, backend.transfers(), true);
    }
    copy.queue();
    use_card(backend.card().index);
    if (profile) {
      copy.await_arrival(backend.transfers());
      profile->mark(at.device, at.index, backend.transfers(), false);
    }
    return;
  }
  if (profile) profile->mark(at.device, at.index, backend.compute(), true);
  if (const auto* wait = std::get_if<Wait>(&command.op))
    transfers_[static_cast<size_t>(wait->event)]->await_arrival(backend.compute());
  else
    run_on_card(std::get<ComputeOp>(command.op), command, at);
  if (blocking_) check(cudaStreamSynchronize(backend.compute()), "running it");
  if (profile) profile->mark(at.device, at.index, backend.compute(), false);
}

void CudaReplay::run_on_card(const ComputeOp& op, const Command& command, Place at) const {
  const Lane& lane = lanes_[at.device];
  const auto* words = reinterpret_cast<const uint32_t*>(lane.step.get());
  const Launch on{lane.backend->card(),
                  lane.backend->arena(),
                  command.workspace_offset,
                  lane.backend->compute(),
                  {words, reinterpret_cast<const float*>(words + 1)},
                  reinterpret_cast<Fault*>(lane.faults.get()) + lane.fault_of[at.index]};
  std::visit([&](const auto& o) { run(o, on); }, op);
}

void CudaReplay::capture() {
  use_card(lanes_[0].backend->card().index);
  check(cudaStreamBeginCapture(origin(), cudaStreamCaptureModeThreadLocal), "capturing a step");
  cudaGraph_t graph = nullptr;
  try {
    queue_commands(nullptr);
  } catch (...) {
    cudaStreamEndCapture(origin(), &graph);
    if (graph) cudaGraphDestroy(graph);
    throw;
  }
  check(cudaStreamEndCapture(origin(), &graph), "capturing a step");
  cudaGraphExec_t exec = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&exec, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "making a graph of a step");
  graph_.reset(exec);
}

// A run's inputs: its step number and learning rates, cleared faults, and the host's writes.
void CudaReplay::prepare(size_t device, Slot& slot, const RunOptions& options) const {
  const Lane& lane = lanes_[device];
  const cudaStream_t stream = lane.backend->compute();
  use_card(lane.backend->card().index);
  const size_t rates = program_.learning_rates();
  const size_t bytes = (1 + rates) * sizeof(uint32_t);
  std::byte* step = slot.step.get(bytes);
  std::memcpy(step, &options.step.number, sizeof(uint32_t));
  if (rates > 0)
    std::memcpy(step + sizeof(uint32_t), options.step.learning_rates.data(), rates * sizeof(float));
  check(cudaMemcpyAsync(lane.step.get(), step, bytes, cudaMemcpyHostToDevice, stream), "copying to a card");
  check(cudaMemsetAsync(lane.faults.get(), 0, (1 + lane.fault_words) * sizeof(Fault), stream),
        "clearing memory");
  queue_writes(slot, *lane.backend, device, options);
}

// Many programs run only once; for those a graph is not worth its cost.
std::unique_ptr<QueuedRun> CudaReplay::enqueue(const RunOptions& options) {
  if (ran_ && !graph_ && !options.profile && !blocking_) capture();
  auto profile = options.profile ? std::make_unique<Profile>() : nullptr;
  Profile* const watched = profile.get();
  auto run = std::make_unique<CudaRun>(*this, take_slots(), options, std::move(profile));
  for (size_t device = 0; device < lanes_.size(); ++device) {
    prepare(device, run->slot(device), options);
    if (device > 0) record(lanes_[device].prepared, lanes_[device].backend->compute());
  }
  use_card(lanes_[0].backend->card().index);
  for (size_t device = 1; device < lanes_.size(); ++device) wait_for(origin(), lanes_[device].prepared);
  if (graph_ && !watched)
    check(cudaGraphLaunch(graph_.get(), origin()), "launching a step");
  else
    queue_commands(watched);
  record(ended_, origin());
  for (size_t device = 0; device < lanes_.size(); ++device) {
    if (device > 0) wait_for(lanes_[device].backend->compute(), ended_);
    finish(device, run->slot(device), options);
  }
  ran_ = true;
  return run;
}

void CudaReplay::finish(size_t device, Slot& slot, const RunOptions& options) const {
  const Lane& lane = lanes_[device];
  use_card(lane.backend->card().index);
  const size_t faults = lane.fault_words * sizeof(Fault);
  slot.results.get(faults + result_bytes(device, options));
  if (faults > 0)
    check(cudaMemcpyAsync(slot.results.get(), lane.faults.get(), faults, cudaMemcpyDeviceToHost,
                          lane.backend->compute()),
          "copying from a card");
  queue_reads(slot, *lane.backend, device, options, faults);
  record(slot.done, lane.backend->compute());
}

CudaReplay::Slots CudaReplay::take_slots() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Slots slots = std::move(free_.back());
      free_.pop_back();
      return slots;
    }
  }
  Slots slots;
  for (const Lane& lane : lanes_) slots.push_back(std::make_unique<Slot>(*lane.backend));
  return slots;
}

void CudaReplay::give_back(Slots slots) {
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(slots));
}

}  // namespace alexnet::cuda
