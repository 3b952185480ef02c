#include "core/run.h"

#include <new>
#include <string>

#include "core/complaints.h"

namespace alexnet {

Run::Run(std::shared_ptr<const Program> program, RunOptions options)
    : program_(std::move(program)),
      options_(std::move(options)),
      raised_(program_->events(), 0),
      released_(program_->size(), 0) {
  program_->check_devices();
  if (options_.step.learning_rates.size() < program_->learning_rates())
    throw Error("USAGE", complaint("a run has " + std::to_string(options_.step.learning_rates.size()) +
                                       " learning rates",
                                   "at least " + std::to_string(program_->learning_rates())));
  const auto check = [this](const char* what, size_t device, size_t offset, size_t bytes) {
    if (device >= program_->size())
      throw Error("USAGE", complaint(std::string(what) + " names device " + std::to_string(device),
                                     "0 to " + std::to_string(program_->size() - 1)));
    check_bounds(std::string(what) + " on device " + std::to_string(device), offset, bytes,
                 program_->device(device).backend().arena_bytes());
  };
  for (const HostWrite& write : options_.writes) check("a write", write.device, write.offset, write.bytes);
  for (const HostRead& read : options_.reads) check("a read", read.device, read.offset, read.bytes);
  if (options_.profile)
    for (size_t device = 0; device < program_->size(); ++device)
      spans_.emplace_back(program_->list(device).size());
  for (size_t device = 0; device < program_->size(); ++device) {
    program_->device(device).begin_run();
    jobs_ += program_->transfers(device).empty() ? 1 : 2;
  }
  if (program_->replay()) jobs_ = static_cast<int>(program_->size()) + 1;
}

Run::~Run() {
  for (size_t device = 0; device < program_->size(); ++device) program_->device(device).end_run();
}

void Run::start(std::function<void()> done) {
  done_ = std::move(done);
  start_ = Clock::now();
  present_ = jobs_;
  // Two runs have to queue in the same order on every device that they share, or each would wait for the
  // other.
  static std::mutex order;
  std::lock_guard lock(order);
  if (program_->replay()) {
    for (size_t device = 0; device < program_->size(); ++device)
      program_->device(device).commands().post([this, device] { enqueue(device); });
    program_->device(0).transfers().post([this] { await_queued(); });
    return;
  }
  for (size_t device = 0; device < program_->size(); ++device) {
    if (!program_->transfers(device).empty())
      program_->device(device).transfers().post([this, device] { carry_out_transfers(device); });
    program_->device(device).commands().post([this, device] { carry_out_commands(device); });
  }
}

// Cards work through what is queued on them in order, so a run is queued when all its devices' turns have
// come. The threads are then free for the next run, while await_queued() waits for this one.
void Run::enqueue(size_t device) {
  await_all(ready_, static_cast<int>(program_->size()));
  if (device == 0) {
    guard(device, nullptr, 0, [&] {
      if (!failed_) queued_ = program_->replay()->enqueue(options_);
    });
    Lock lock(mutex_);
    enqueued_ = true;
    changed_.notify_all();
  } else {
    Lock lock(mutex_);
    changed_.wait(lock, [this] { return enqueued_; });
  }
  leave();
}

void Run::await_queued() {
  {
    Lock lock(mutex_);
    changed_.wait(lock, [this] { return enqueued_; });
  }
  if (queued_)
    guard(0, nullptr, 0, [&] {
      queued_->wait();
      if (options_.profile) spans_.assign(1, queued_->spans());
    });
  queued_.reset();
  leave();
}

HostBackend& Run::host(size_t device) const {
  return static_cast<HostBackend&>(program_->device(device).running_backend());
}

void Run::carry_out_commands(size_t device) {
  HostBackend& backend = host(device);
  guard(device, nullptr, 0, [&] {
    for (const HostWrite& write : options_.writes)
      if (write.device == device) backend.upload(write.offset, write.data, write.bytes);
  });
  // Nobody sends anything here before this device has done with the run before.
  await_all(ready_, static_cast<int>(program_->size()));
  for (size_t i = 0; i < program_->list(device).size() && !failed_; ++i) execute(device, i);
  await_all(finished_, jobs_);
  if (!failed_)
    guard(device, nullptr, 0, [&] {
      for (const HostRead& read : options_.reads)
        if (read.device == device) backend.download(read.offset, read.data, read.bytes);
    });
  leave();
}

void Run::execute(size_t device, size_t index) {
  const Command& command = program_->list(device)[index];
  if (std::holds_alternative<Transfer>(command.op)) {
    Lock lock(mutex_);
    ++released_[device];
    changed_.notify_all();
    return;
  }
  const double start = options_.profile ? milliseconds() : 0;
  if (const auto* wait = std::get_if<Wait>(&command.op)) {
    Lock lock(mutex_);
    changed_.wait(lock, [&] { return raised_[static_cast<size_t>(wait->event)] || failed_; });
  } else {
    guard(device, &command, index, [&] {
      const auto& op = std::get<ComputeOp>(command.op);
      HostBackend& backend = host(device);
      backend.check_contents(op);
      backend.execute(op, command.workspace_offset, options_.step);
    });
  }
  if (options_.profile) spans_[device][index] = {device, index, start, milliseconds()};
}

void Run::carry_out_transfers(size_t device) {
  const std::vector<size_t>& transfers = program_->transfers(device);
  for (size_t i = 0; i < transfers.size(); ++i) {
    {
      Lock lock(mutex_);
      changed_.wait(lock, [&] { return released_[device] > i || failed_; });
    }
    if (failed_) break;
    const Command& command = program_->list(device)[transfers[i]];
    const auto& transfer = std::get<Transfer>(command.op);
    const double start = options_.profile ? milliseconds() : 0;
    guard(device, &command, transfers[i],
          [&] { host(device).copy_to(transfer.x, host(static_cast<size_t>(transfer.device)), transfer.to); });
    if (options_.profile) spans_[device][transfers[i]] = {device, transfers[i], start, milliseconds()};
    Lock lock(mutex_);
    raised_[static_cast<size_t>(transfer.event)] = 1;
    changed_.notify_all();
  }
  {
    Lock lock(mutex_);
    ++finished_;
    changed_.notify_all();
  }
  leave();
}

// An exception of a backend ends the run; it must not end the thread, which other runs need.
template <class F>
void Run::guard(size_t device, const Command* command, size_t index, F&& work) {
  const auto where = [&] {
    if (command) return command_text(*command, device, index) + ": ";
    return program_->replay() ? std::string() : "device " + std::to_string(device) + ": ";
  };
  try {
    work();
  } catch (const Error& error) {
    fail(Error(error.code(), where() + error.what()));
  } catch (const std::bad_alloc&) {
    fail(Error("OUT_OF_MEMORY", where() + "the system has no more memory"));
  } catch (const std::exception& error) {
    fail(Error("DEVICE", where() + error.what()));
  }
}

void Run::fail(const Error& error) {
  Lock lock(mutex_);
  if (!error_) error_ = error;
  failed_ = true;
  changed_.notify_all();
}

void Run::await_all(int& arrived, int expected) {
  Lock lock(mutex_);
  ++arrived;
  changed_.notify_all();
  changed_.wait(lock, [&] { return arrived >= expected; });
}

// The last to leave ends the run. The others have touched it for the last time when they have been counted.
void Run::leave() {
  if (present_.fetch_sub(1) != 1) return;
  const auto done = std::move(done_);
  done();
}

double Run::milliseconds() const {
  return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
}

std::vector<Span> Run::profile() const {
  std::vector<Span> all;
  for (const auto& spans : spans_) all.insert(all.end(), spans.begin(), spans.end());
  return all;
}

}  // namespace alexnet
