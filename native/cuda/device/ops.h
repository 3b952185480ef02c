// The CUDA backend's ops: `run` queues an op's kernels on a stream, `workspace` returns the bytes of scratch
// they need. Shapes, overlaps and types are checked when a program is compiled (core/validate.h, types.cc).
// Tensors are float32 or bfloat16, as types.cc says. They are dense, except for convolutions' x, y, dy and
// dx, for copies and for sums: their rows, columns and images may lie apart.
//
// Every kernel gives the same bits for the same operands in every run: sums of floats use no atomics, and
// partial sums are added in a fixed order.
#pragma once

#include "core/ops.h"
#include "cuda/device/launch.h"

namespace alexnet::cuda {

void run(const ConvolutionForward& op, const Launch& on);
void run(const ConvolutionBackwardData& op, const Launch& on);
void run(const ConvolutionBackwardWeights& op, const Launch& on);
void run(const LrnForward& op, const Launch& on);
void run(const LrnBackward& op, const Launch& on);
void run(const MapNormForward& op, const Launch& on);
void run(const MapNormBackward& op, const Launch& on);
void run(const BatchNormForward& op, const Launch& on);
void run(const BatchNormInference& op, const Launch& on);
void run(const BatchNormBackward& op, const Launch& on);
void run(const MaxPoolForward& op, const Launch& on);
void run(const MaxPoolBackward& op, const Launch& on);
void run(const LrnPoolForward& op, const Launch& on);
void run(const LrnPoolBackward& op, const Launch& on);
void run(const ActivationForward& op, const Launch& on);
void run(const ActivationBackward& op, const Launch& on);
void run(const DropoutMask& op, const Launch& on);
void run(const Scale& op, const Launch& on);
void run(const SoftmaxCrossEntropy& op, const Launch& on);
void run(const Sgd& op, const Launch& on);
void run(const ConvolutionUpdate& op, const Launch& on);
void run(const Preprocess& op, const Launch& on);
void run(const Fill& op, const Launch& on);
void run(const Gaussian& op, const Launch& on);
void run(const Copy& op, const Launch& on);
void run(const Sum& op, const Launch& on);

size_t workspace(const ConvolutionForward& op, const Card& card);
size_t workspace(const ConvolutionBackwardData& op, const Card& card);
size_t workspace(const ConvolutionBackwardWeights& op, const Card& card);
size_t workspace(const ConvolutionUpdate& op, const Card& card);
size_t workspace(const BatchNormForward& op, const Card& card);
size_t workspace(const BatchNormBackward& op, const Card& card);

// Ops whose kernels need no scratch.
template <class Op>
concept NeedsNoScratch =
    OneOf<Op, LrnForward, LrnBackward, MapNormForward, MapNormBackward, BatchNormInference, MaxPoolForward,
          MaxPoolBackward, LrnPoolForward, LrnPoolBackward, ActivationForward, ActivationBackward,
          DropoutMask, Scale, SoftmaxCrossEntropy, Sgd, Preprocess, Fill, Gaussian, Copy, Sum>;
size_t workspace(const NeedsNoScratch auto&, const Card&) { return 0; }

}  // namespace alexnet::cuda
