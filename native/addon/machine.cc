#include "addon/machine.h"

#include "addon/arguments.h"
#include "core/cpu_info.h"
#include "core/cpu_peak.h"
#include "cpu/device/backend.h"

namespace alexnet::addon {
namespace {

class Measurement : public Napi::AsyncWorker {
 public:
  Measurement(Napi::Env env, int threads) : Napi::AsyncWorker(env), deferred_(env), threads_(threads) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { peak_ = measure_peak(threads_, cpu::best_kernels().name); }
  void OnOK() override {
    Napi::Object result = Napi::Object::New(Env());
    result.Set("gflops", peak_.gflops);
    result.Set("copyGigabytes", peak_.copy_gigabytes);
    result.Set("isa", cpu::best_kernels().name);
    deferred_.Resolve(result);
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  int threads_;
  Peak peak_{};
};

}  // namespace

Napi::Value cpu_info(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("cores", usable_cores());
  object.Set("isa", cpu::best_kernels().name);
  if (const cpu::Bf16Kernels* bf16 = cpu::best_bf16_kernels()) object.Set("bf16", bf16->name);
  return object;
}

Napi::Value measure(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const Napi::Value threads = info[0].IsObject() ? info[0].As<Napi::Object>().Get("threads") : info[0];
    auto* measurement =
        new Measurement(info.Env(), static_cast<int>(integer(threads, "threads", 1, 1024, "USAGE")));
    const Napi::Promise promise = measurement->promise();
    measurement->Queue();  // it deletes itself
    return promise;
  });
}

}  // namespace alexnet::addon
