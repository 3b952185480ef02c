#include "addon/cards.h"

#include <optional>

#include "addon/arguments.h"
#include "core/error.h"

#if defined(ALEXNET_CUDA)
#include "cuda/device/backend.h"
#include "cuda/device/card.h"
#include "cuda/device/card_peak.h"
#include "cuda/device/peer_check.h"
#endif
#if defined(ALEXNET_EMULATED)
#include "emulator/self_test/cases.h"
#endif

namespace alexnet::addon {

#if defined(ALEXNET_CUDA)

namespace {

constexpr double kMostCards = 1024;

Napi::Object describe(Napi::Env env, const cuda::CardReport& card) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", card.name);
  object.Set("memory", static_cast<double>(card.memory));
  object.Set("free", static_cast<double>(card.free));
  object.Set("computeCapability", card.compute_capability);
  object.Set("multiprocessors", card.multiprocessors);
  Napi::Array peers = Napi::Array::New(env);
  for (const bool peer : card.peers) peers.Set(peers.Length(), Napi::Boolean::New(env, peer));
  object.Set("peers", peers);
  return object;
}

class CardMeasurement : public Napi::AsyncWorker {
 public:
  CardMeasurement(Napi::Env env, int index) : Napi::AsyncWorker(env), deferred_(env), index_(index) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      peak_ = cuda::measure_card(index_);
    } catch (const Error& error) {
      error_ = error;  // with its code, which the worker's own way of failing would lose
    }
  }
  void OnOK() override {
    if (error_) return deferred_.Reject(to_javascript(Env(), *error_).Value());
    Napi::Object result = Napi::Object::New(Env());
    result.Set("copyGigabytes", peak_.copy_gigabytes);
    result.Set("fp32Tflops", peak_.fp32_tflops);
    result.Set("tf32Tflops", peak_.tf32_tflops);
    result.Set("bf16Tflops", peak_.bf16_tflops);
    deferred_.Resolve(result);
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  int index_;
  cuda::CardPeak peak_{};
  std::optional<Error> error_;
};

}  // namespace

std::unique_ptr<Backend> make_card_backend(int index, bool peer_access) {
  return make_cuda_backend(index, peer_access);
}

Napi::Value cuda_info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const cuda::CardsReport report = cuda::report_cards();
  Napi::Object object = Napi::Object::New(env);
  object.Set("built", true);
#if defined(ALEXNET_EMULATED)
  object.Set("emulated", true);
#else
  object.Set("emulated", false);
#endif
  object.Set("problem", report.problem);
  object.Set("driver", report.driver);
  object.Set("runtime", report.runtime);
  Napi::Array cards = Napi::Array::New(env);
  for (const cuda::CardReport& card : report.cards) cards.Set(cards.Length(), describe(env, card));
  object.Set("cards", cards);
  return object;
}

Napi::Value check_peers(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const auto card = [&](size_t i, const char* name) {
      return static_cast<int>(integer(info[i], name, 0, kMostCards, "USAGE"));
    };
    const cuda::PeerReport report =
        cuda::check_peers(card(0, "one"), card(1, "other"), integer(info[2], "patienceMs", 1, 1e6, "USAGE"));
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("granted", report.granted);
    object.Set("works", report.works);
    object.Set("problem", report.problem);
    object.Set("milliseconds", report.milliseconds);
    return object;
  });
}

Napi::Value measure_card(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    auto* measurement =
        new CardMeasurement(info.Env(), static_cast<int>(integer(info[0], "index", 0, kMostCards, "USAGE")));
    const Napi::Promise promise = measurement->promise();
    measurement->Queue();  // it deletes itself
    return promise;
  });
}

bool pin_for_cards(void* memory, size_t bytes) {
  const bool pinned = cudaHostRegister(memory, bytes, cudaHostRegisterPortable) == cudaSuccess;
  cudaGetLastError();  // ordinary memory does, too: not to be found again by the next call
  return pinned;
}

void unpin_for_cards(void* memory) {
  cudaHostUnregister(memory);
  cudaGetLastError();
}

#else

namespace {

constexpr const char* kNotBuilt =
    "this build is for the CPU only; npx alexnet-native build --cuda makes one for cards";

}  // namespace

std::unique_ptr<Backend> make_card_backend(int index, bool) {
  throw Error("DEVICE", "cuda:" + std::to_string(index) + " is not to be had: " + kNotBuilt);
}

Napi::Value cuda_info(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("built", false);
  object.Set("emulated", false);
  object.Set("problem", kNotBuilt);
  object.Set("driver", 0);
  object.Set("runtime", 0);
  object.Set("cards", Napi::Array::New(info.Env()));
  return object;
}

Napi::Value check_peers(const Napi::CallbackInfo& info) {
  return translate(info.Env(), []() -> Napi::Value { throw Error("DEVICE", kNotBuilt); });
}

Napi::Value measure_card(const Napi::CallbackInfo& info) {
  return translate(info.Env(), []() -> Napi::Value { throw Error("DEVICE", kNotBuilt); });
}

bool pin_for_cards(void*, size_t) { return false; }

void unpin_for_cards(void*) {}

#endif

#if defined(ALEXNET_EMULATED)

Napi::Value emulator_cases(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const auto& test : emulator::self_test::all_cases())
    names.Set(names.Length(), Napi::String::New(info.Env(), test.name));
  return names;
}

Napi::Value run_emulator_case(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    if (!info[0].IsString()) refuse("USAGE", "name", info[0], "a string");
    return Napi::String::New(info.Env(),
                             emulator::self_test::run_case(info[0].As<Napi::String>().Utf8Value()));
  });
}

#endif

}  // namespace alexnet::addon
