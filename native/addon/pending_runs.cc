#include "addon/pending_runs.h"

#include <utility>

#include "addon/arguments.h"

namespace alexnet::addon {
namespace {

Napi::Value result_of(Napi::Env env, const std::vector<Span>& spans, bool profile) {
  Napi::Object result = Napi::Object::New(env);
  if (!profile) return result;
  Napi::Array list = Napi::Array::New(env, spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    const Napi::HandleScope scope(env);
    Napi::Object span = Napi::Object::New(env);
    span.Set("device", static_cast<double>(spans[i].device));
    span.Set("command", static_cast<double>(spans[i].command));
    span.Set("start", spans[i].start);
    span.Set("end", spans[i].end);
    list.Set(static_cast<uint32_t>(i), span);
  }
  result.Set("profile", list);
  return result;
}

void settle_one(Napi::Env env, PendingRun& pending) {
  const Napi::HandleScope scope(env);
  const std::optional<Error> error = pending.run->error();
  const std::vector<Span> spans = pending.run->profile();
  pending.run.reset();  // the devices are free from here on
  if (error)
    pending.deferred.Reject(to_javascript(env, *error).Value());
  else
    pending.deferred.Resolve(result_of(env, spans, pending.profile));
}

}  // namespace

PendingRun::PendingRun(Napi::Env env, std::unique_ptr<Run> run, const Napi::Array& buffers, Pins pins,
                       bool profile)
    : deferred(env),
      buffers(Napi::Persistent(buffers)),
      pins(std::move(pins)),
      run(std::move(run)),
      profile(profile) {}

PendingRuns::PendingRuns(Napi::Env env) : notifier_(Notifier::New(env, "alexnet-native", 0, 1, this)) {
  notifier_.Unref(env);  // only runs under way keep the process alive
  // Hooks run last in, first out: before the notifier's own and before any object of this environment is
  // finalized.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<PendingRuns*>(self)->shut_down(); }, this);
}

PendingRuns::~PendingRuns() = default;

Napi::Promise PendingRuns::start(Napi::Env env, std::unique_ptr<PendingRun> pending) {
  PendingRun* run = pending.get();
  const Napi::Promise promise = run->deferred.Promise();
  if (running_.empty()) notifier_.Ref(env);
  running_.push_back(std::move(pending));
  run->run->start([this, run] {
    // All under the lock: once it is open shut_down() may return, and this object with its notifier go.
    std::lock_guard lock(mutex_);
    done_.push_back(run);
    if (done_.size() == 1) notifier_.NonBlockingCall();
    changed_.notify_all();
  });
  return promise;
}

void PendingRuns::on_done(Napi::Env env, Napi::Function, PendingRuns* self, void*) {
  if (napi_env(env) != nullptr) self->settle(env);  // without one the environment is gone, and `self` with it
}

void PendingRuns::settle(Napi::Env env) {
  std::vector<PendingRun*> done;
  {
    std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (PendingRun* pending : done) {
    try {
      settle_one(env, *pending);
    } catch (const Napi::Error&) {
      // A worker that is being terminated runs no more JavaScript: nobody is left to be told.
    }
    std::erase_if(running_, [&](const auto& own) { return own.get() == pending; });
  }
  if (running_.empty()) notifier_.Unref(env);
}

void PendingRuns::shut_down() {
  for (const auto& pending : running_)
    pending->run->cancel(Error("CLOSED", "the thread that started the run has ended"));
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_.size() == running_.size(); });
    done_.clear();
  }
  running_.clear();
}

}  // namespace alexnet::addon
