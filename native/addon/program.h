// `Program` as JavaScript sees it.
#pragma once

#include <napi.h>

#include <memory>

#include "core/program.h"

namespace alexnet::addon {

class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit ProgramObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv) override;

 private:
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<const Program> program_;  // empty when closed
};

}  // namespace alexnet::addon
