// The CPU backend's ops: `run` executes an op, divided among the threads; `scratch` returns the memory it
// needs besides its operands. Every op has both: a new op does not compile before both are written. Shapes,
// overlaps and types are checked when a program is compiled (core/validate.h, CpuBackend::check).
#pragma once

#include "cpu/device/execution.h"

namespace alexnet::cpu {

void run(const ConvolutionForward& op, const Execution& on);
void run(const ConvolutionBackwardData& op, const Execution& on);
void run(const ConvolutionBackwardWeights& op, const Execution& on);
void run(const ConvolutionUpdate& op, const Execution& on);
void run(const LrnForward& op, const Execution& on);
void run(const LrnBackward& op, const Execution& on);
void run(const MapNormForward& op, const Execution& on);
void run(const MapNormBackward& op, const Execution& on);
void run(const BatchNormForward& op, const Execution& on);
void run(const BatchNormInference& op, const Execution& on);
void run(const BatchNormBackward& op, const Execution& on);
void run(const MaxPoolForward& op, const Execution& on);
void run(const MaxPoolBackward& op, const Execution& on);
void run(const LrnPoolForward& op, const Execution& on);
void run(const LrnPoolBackward& op, const Execution& on);
void run(const ActivationForward& op, const Execution& on);
void run(const ActivationBackward& op, const Execution& on);
void run(const DropoutMask& op, const Execution& on);
void run(const Scale& op, const Execution& on);
void run(const SoftmaxCrossEntropy& op, const Execution& on);
void run(const Sgd& op, const Execution& on);
void run(const Preprocess& op, const Execution& on);
void run(const Fill& op, const Execution& on);
void run(const Gaussian& op, const Execution& on);
void run(const Copy& op, const Execution& on);
void run(const Sum& op, const Execution& on);

ScratchSize scratch(const ConvolutionForward& op, const Processor& processor);
ScratchSize scratch(const ConvolutionBackwardData& op, const Processor& processor);
ScratchSize scratch(const ConvolutionBackwardWeights& op, const Processor& processor);
ScratchSize scratch(const ConvolutionUpdate& op, const Processor& processor);
ScratchSize scratch(const LrnForward& op, const Processor& processor);
ScratchSize scratch(const LrnBackward& op, const Processor& processor);
ScratchSize scratch(const MapNormForward& op, const Processor& processor);
ScratchSize scratch(const MapNormBackward& op, const Processor& processor);
ScratchSize scratch(const BatchNormForward& op, const Processor& processor);
ScratchSize scratch(const BatchNormInference& op, const Processor& processor);
ScratchSize scratch(const BatchNormBackward& op, const Processor& processor);
ScratchSize scratch(const MaxPoolForward& op, const Processor& processor);
ScratchSize scratch(const MaxPoolBackward& op, const Processor& processor);
ScratchSize scratch(const LrnPoolForward& op, const Processor& processor);
ScratchSize scratch(const LrnPoolBackward& op, const Processor& processor);
ScratchSize scratch(const ActivationForward& op, const Processor& processor);
ScratchSize scratch(const ActivationBackward& op, const Processor& processor);
ScratchSize scratch(const DropoutMask& op, const Processor& processor);
ScratchSize scratch(const Scale& op, const Processor& processor);
ScratchSize scratch(const SoftmaxCrossEntropy& op, const Processor& processor);
ScratchSize scratch(const Sgd& op, const Processor& processor);
ScratchSize scratch(const Preprocess& op, const Processor& processor);
ScratchSize scratch(const Fill& op, const Processor& processor);
ScratchSize scratch(const Gaussian& op, const Processor& processor);
ScratchSize scratch(const Copy& op, const Processor& processor);
ScratchSize scratch(const Sum& op, const Processor& processor);

// Bytes of w as ConvolutionForward::packed holds it; 0 for an op that packs no weights.
size_t packed_bytes(const ConvolutionForward& op, const Processor& processor);
// Fills op.packed from op.w.
void pack(const ConvolutionForward& op, CpuBackend& backend);

}  // namespace alexnet::cpu
