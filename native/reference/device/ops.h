// The reference backend's ops: `run` executes an op, `workspace` returns the bytes of scratch it needs.
// core/ops/ defines what an op means; the files of each family repeat it as loops, with the paper's formula
// above them.
#pragma once

#include "reference/device/double_tensor.h"

namespace alexnet::reference {

void run(const ConvolutionForward& op, const HostBackend& arena, const Step& step);
void run(const ConvolutionBackwardData& op, const HostBackend& arena, const Step& step);
void run(const ConvolutionBackwardWeights& op, const HostBackend& arena, const Step& step);
void run(const LrnForward& op, const HostBackend& arena, const Step& step);
void run(const LrnBackward& op, const HostBackend& arena, const Step& step);
void run(const MapNormForward& op, const HostBackend& arena, const Step& step);
void run(const MapNormBackward& op, const HostBackend& arena, const Step& step);
void run(const BatchNormForward& op, const HostBackend& arena, const Step& step);
void run(const BatchNormInference& op, const HostBackend& arena, const Step& step);
void run(const BatchNormBackward& op, const HostBackend& arena, const Step& step);
void run(const MaxPoolForward& op, const HostBackend& arena, const Step& step);
void run(const MaxPoolBackward& op, const HostBackend& arena, const Step& step);
void run(const LrnPoolForward& op, const HostBackend& arena, const Step& step);
void run(const LrnPoolBackward& op, const HostBackend& arena, const Step& step);
void run(const ActivationForward& op, const HostBackend& arena, const Step& step);
void run(const ActivationBackward& op, const HostBackend& arena, const Step& step);
void run(const DropoutMask& op, const HostBackend& arena, const Step& step);
void run(const Scale& op, const HostBackend& arena, const Step& step);
void run(const SoftmaxCrossEntropy& op, const HostBackend& arena, const Step& step);
void run(const Sgd& op, const HostBackend& arena, const Step& step);
void run(const Preprocess& op, const HostBackend& arena, const Step& step);
void run(const Fill& op, const HostBackend& arena, const Step& step);
void run(const Gaussian& op, const HostBackend& arena, const Step& step);
void run(const Copy& op, const HostBackend& arena, const Step& step);
void run(const Sum& op, const HostBackend& arena, const Step& step);
void run(const ConvolutionUpdate& op, const HostBackend& arena, const Step& step, size_t workspace_offset);

size_t workspace(const ConvolutionUpdate& op);

// Ops that need no scratch.
template <class Op>
concept NeedsNoScratch =
    OneOf<Op, ConvolutionForward, ConvolutionBackwardData, ConvolutionBackwardWeights, LrnForward,
          LrnBackward, MapNormForward, MapNormBackward, BatchNormForward, BatchNormInference,
          BatchNormBackward, MaxPoolForward, MaxPoolBackward, LrnPoolForward, LrnPoolBackward,
          ActivationForward, ActivationBackward, DropoutMask, Scale, SoftmaxCrossEntropy, Sgd, Preprocess,
          Fill, Gaussian, Copy, Sum>;

size_t workspace(const NeedsNoScratch auto&) { return 0; }
void run(const NeedsNoScratch auto& op, const HostBackend& arena, const Step& step, size_t) {
  run(op, arena, step);
}

}  // namespace alexnet::reference
